# SPDX-License-Identifier: GPL-3.0-or-later
"""The pages for LuCI: what they show (luci/test_*.js, in node), and that they fit the package mpbridge,
its options, its plugin for rpcd, and the rights that they ask for."""
import json
import re
import subprocess
from pathlib import Path

import pytest
from router import PACKAGE, TREE, make, methods, variables

APP = PACKAGE.parent / "luci-app-mpbridge"
PAGES = sorted(APP.rglob("*.js"))
RESOURCES = APP / "htdocs" / "luci-static" / "resources"
HERE = Path(__file__).parent / "luci"
GROUP = "luci-app-mpbridge"
# What LuCI itself has for 'require'.
OF_LUCI = {"baseclass", "dom", "form", "fs", "poll", "rpc", "uci", "ui", "view"}
LIST_WIDGETS = {"DynamicList", "MultiValue"}


def node(*argv, **options):
    """What a script of luci/ prints, as JSON."""
    result = subprocess.run(["node", *argv], cwd=HERE, check=True, text=True, capture_output=True, **options)
    return json.loads(result.stdout)


def read_json(path):
    return json.loads((APP / "root" / "usr" / "share" / path).read_text())


def rights():
    return read_json(f"rpcd/acl.d/{GROUP}.json")


def option_rows():
    """[[section, option, kind, key]]: the table of the translation."""
    table = (PACKAGE / "files" / "options.sh").read_text().split("MPBRIDGE_OPTIONS='")[1].split("'")[0]
    return [line.split() for line in table.splitlines() if line]


def fields():
    """{(section, option): (widget, values)} of the settings; buttons are no options."""
    return {(kind, name): (widget, values) for kind, name, widget, values in node("dump.js", "fields")
            if not name.startswith("_")}


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.name)
def test_page_parses(page, tmp_path):
    """As LuCI loads it: as the body of a function; and what it requires is there."""
    source = page.read_text()
    copy = tmp_path / "page.js"
    copy.write_text("(function(window, document, L, E, _) {\n" + source + "\n})\n")
    subprocess.run(["node", "--check", copy], check=True)
    assert source.startswith("// SPDX-License-Identifier: GPL-3.0-or-later\n") and "\n'use strict';\n" in source
    for name in re.findall(r"^'require (\S+)(?: as \w+)?';$", source, re.MULTILINE):
        assert name in OF_LUCI or (RESOURCES / (name.replace(".", "/") + ".js")).exists(), name


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.name)
def test_page_makes_no_markup_of_texts(page):
    assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|E\('<|rawhtml", page.read_text())


@pytest.mark.parametrize("script", sorted(HERE.glob("test_*.js")), ids=lambda path: path.stem)
def test_in_node(script):
    result = subprocess.run(["node", script], text=True, capture_output=True, check=False)
    assert result.returncode == 0, result.stdout + result.stderr
    assert re.search(r"\bpass [1-9]", result.stdout)


def test_settings_are_the_options_of_the_translation():
    assert sorted(fields()) == sorted((kind, name) for kind, name, _, _ in option_rows())


def test_settings_have_the_kind_of_their_option():
    """Lists, words and boxes; and each word that is allowed can be chosen."""
    shown = fields()
    for kind, name, value, _ in option_rows():
        widget, values = shown[kind, name]
        assert (widget in LIST_WIDGETS) == value.endswith("*"), (kind, name)
        assert (widget == "Flag") == (value == "bool"), (kind, name)
        if value.startswith("word:") or value == "method":
            allowed = methods() if value == "method" else value.removeprefix("word:").split("|")
            assert [word for word in values if word] == allowed, (kind, name)


def test_template_has_every_text():
    subprocess.run([TREE / "tools" / "texts", "--check"], check=True)


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.name)
def test_texts_can_be_found(page):
    """What is given to _() is a text in single quotes, but for the reasons of the daemon."""
    source = page.read_text().replace("_(String(path.reason))", "")
    found = re.findall(r"(?<![\w.])_\(", source)
    assert len(found) == len(re.findall(r"(?<![\w.])_\(\s*'(?:[^'\\]|\\.)*'\s*\)", source))


def function_texts(path, name):
    """The texts that a function of the daemon returns."""
    body = re.search(rf"\n(?:static )?const char \*{name}\(.*?\n}}\n", (TREE / "src" / path).read_text(), re.DOTALL)[0]
    return {text.replace('\\"', '"') for value in re.findall(r"return ([^;]*);", body)
            for text in re.findall(r'"((?:[^"\\]|\\.)+)"', value)}


@pytest.mark.parametrize("path, name, count", [
    ("paths/health.c", "health_reason_text", 15), ("paths/diagnosis.c", "diagnosis_excuse", 5),
    ("paths/inventory.c", "reason_of", 2)])
def test_reasons_of_the_daemon_can_be_translated(path, name, count):
    texts = function_texts(path, name)
    template = (APP / "po" / "templates" / "mpbridge.pot").read_text()
    assert len(texts) == count
    for text in texts:
        assert f"msgid {json.dumps(text)}\n" in template


def test_menu():
    """Each entry is a page that there is, for who has the right to it."""
    menu = read_json(f"luci/menu.d/{GROUP}.json")
    root, *entries = menu
    assert menu[root]["depends"] == {"acl": [GROUP], "uci": {"mpbridge": True}}
    assert {entry.rpartition("/")[0] for entry in entries} == {root}
    pages = {menu[entry]["action"]["path"] for entry in entries}
    assert pages == {f"mpbridge/{page.stem}" for page in (RESOURCES / "view" / "mpbridge").iterdir()}
    assert all(menu[entry]["title"] for entry in menu)


def granted(scope):
    """{(object, function)} with write access, which has read access in it."""
    return {(name, function) for level in ("read", "write")
            for name, functions in rights()[GROUP][level].get(scope, {}).items() for function in functions}


def test_rights_are_what_the_pages_ask_for():
    asked = node("dump.js", "calls").values()
    ubus = {tuple(call) for page in asked for call in page["ubus"]}
    commands = {(command, "exec") for page in asked for command in page["exec"]}
    files = {(name, "read") for page in asked for name in page["uci"]} | {
        (name, "write") for page in asked for name in page["writes"]}
    assert list(rights()) == [GROUP]
    assert granted("ubus") == ubus | {("file", "exec")}
    assert granted("file") == commands
    assert granted("uci") == files


def test_who_may_only_look_sees_the_state_and_no_key():
    assert rights()[GROUP]["read"] == {"ubus": {"mpbridge": ["status"]}}


def test_plugin_has_what_the_pages_call():
    called = {method for name, method in granted("ubus") if name == "mpbridge"}
    assert set(re.findall(r"^\t\t(\w+): \{$", (PACKAGE / "files" / "mpbridge.uc").read_text(), re.MULTILINE)) == called


PAIRS = [
    ("serverOf", {"method": "none"}, {"allow": "10.10.0.0/16", "zone": "links"}, "server",
     {"server_port": 8388, "method": "none", "allow": ["10.10.0.0/16"]}),
    ("serverOf", {"method": "aes-256-gcm", "password": "it's <b>", "port": "9000"}, {"allow": "", "zone": ""}, "server",
     {"server_port": 9000, "method": "aes-256-gcm", "password": "it's <b>"}),
    ("serverOf", {"method": "none", "transparent_source": "on"}, {}, "server",
     {"server_port": 8388, "method": "none", "transparent_source": True}),
    ("clientOf", {"method": "none", "transparent_source": "off"}, {"address": "10.10.1.2 10.10.2.2", "zone": "lan"}, "client",
     {"server": ["10.10.1.2", "10.10.2.2"], "server_port": 8388, "method": "none",
      "intercept": {"interfaces": ["br-lan"]}}),
]


def pairing(build, end, asked):
    """{"file": ..., "commands": ...}: the texts of the page, with the key."""
    return node("dump.js", "pairing", input=json.dumps({"build": build, "end": end, "asked": asked}))


@pytest.mark.parametrize("build, end, asked, role, expected", PAIRS, ids=["server", "password", "transparent", "client"])
def test_pairing_is_translated(router, build, end, asked, role, expected):
    """What the page says is a file that the other router takes."""
    router.write("etc/config/mpbridge", pairing(build, end, asked)["file"])
    status, _, lines = router.init("start")
    assert (status, lines) == (0, [])
    assert router.configs() == {role: expected}


def test_pairing_commands_are_words_to_a_shell(tmp_path):
    """Whatever is in a password: it is one word, and runs nothing."""
    text = pairing("serverOf", {"method": "aes-256-gcm", "password": "it's $(touch x) `touch x`; touch x"}, {"zone": "a b"})
    script = "uci() { printf '<%s>' \"$@\"; echo; }\nservice() { :; }\n" + text["commands"]
    result = subprocess.run(["busybox", "ash", "-c", script], cwd=tmp_path, check=True, text=True, capture_output=True)
    assert result.stdout.splitlines()[2:] == [
        "<-q><delete><mpbridge.clients>", "<set><mpbridge.clients=server>",
        "<set><mpbridge.clients.method=aes-256-gcm>",
        "<set><mpbridge.clients.password=it's $(touch x) `touch x`; touch x>",
        "<add_list><mpbridge.clients.zone=a>", "<add_list><mpbridge.clients.zone=b>", "<commit><mpbridge>"]
    assert not (tmp_path / "x").exists()


def test_makefile(tmp_path):
    values = variables(tmp_path, APP)
    assert values["PKG_NAME"] == GROUP
    assert values["PKG_VERSION"] == variables(tmp_path)["PKG_VERSION"]
    assert values["DEPENDS"].split() == ["+luci-base", "+mpbridge"]


def test_installed_files(tmp_path):
    make("install", tmp_path, f"DESTDIR={tmp_path / 'root'}", package=APP)
    for path in ("www/luci-static/resources/view/mpbridge/status.js",
                 "www/luci-static/resources/view/status/include/31_mpbridge.js",
                 "www/luci-static/resources/mpbridge/words.js",
                 f"usr/share/luci/menu.d/{GROUP}.json", f"usr/share/rpcd/acl.d/{GROUP}.json"):
        assert (tmp_path / "root" / path).is_file()
