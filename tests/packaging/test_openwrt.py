# SPDX-License-Identifier: GPL-3.0-or-later
"""The package for OpenWrt: what its init script makes of UCI files, what it refuses, what it asks of
procd, and that the daemon takes what comes out."""
import json
import stat
import subprocess
from pathlib import Path

import pytest
from router import PACKAGE, TREE, make, variables
from testbed import wait_until
from testbed.mpbridge import binary

CASES = sorted((Path(__file__).parent / "openwrt" / "cases").iterdir())
BY_NAME = pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
SHELL = [path for path in (PACKAGE / "files").iterdir() if path.suffix in (".sh", ".init")]
KEY = "Lc3tTx0BY6ZJ/fCwOx3JvF0I/anhwJBO5p2+FA5Vce4="
START = """
config mpbridge 'main'
	option enabled '1'
"""
PEER = START + """
config peer 'far'
	option address '10.10.1.2'
	option method 'none'
"""


def text_lines(path):
    """None, if there is no such file."""
    return path.read_text().splitlines() if path.exists() else []


def uci(kind, name="x", **options):
    """A section."""
    return f"config {kind} '{name}'\n" + "".join(
        f"\toption {key} '{value}'\n" for key, value in options.items())


def batch(role):
    """The sections that the README's `uci batch` makes, as a UCI file."""
    readme = (PACKAGE.parent / "README.md").read_text()
    sections = {"main": ("mpbridge", [])}
    for line in readme.split(f"# uci batch <<'{role}'\n")[1].split(f"    {role}\n")[0].splitlines():
        command, words = line.split(maxsplit=1)
        name, value = words.split("=")
        _, section, *option = name.split(".")
        if option:
            kind = "list" if command == "add_list" else "option"
            sections[section][1].append(f"\t{kind} {option[0]} '{value}'\n")
        else:
            sections[section] = (value, [])
    return "".join(f"config {kind} '{name}'\n" + "".join(lines) for name, (kind, lines) in sections.items())


def refused(router, text):
    """The lines about a configuration that is refused; nothing else may have come of it."""
    router.write("etc/config/mpbridge", text)
    status, asked, lines = router.init("start")
    assert "instance" not in asked
    assert router.configs() == {}
    assert status == 0 and "reload when committed: mpbridge" in asked
    return [line.removeprefix("mpbridge: ") for line in lines]


@pytest.mark.parametrize("script", SHELL, ids=lambda path: path.name)
def test_busybox_can_parse(script):
    subprocess.run(["busybox", "ash", "-n", script], check=True)


@BY_NAME
def test_translation(router, case):
    """The JSON files, what procd is asked, and what is logged are those that lie beside the UCI files."""
    router.take_case(case)
    status, asked, lines = router.init("start")
    assert status == 0
    assert router.configs() == {path.stem: json.loads(path.read_text()) for path in case.glob("*.json")}
    assert asked == (case / "procd").read_text()
    assert lines == [f"mpbridge: {line}" for line in text_lines(case / "log")]


@BY_NAME
def test_the_daemon_takes_it(router, case):
    """It is ready, and ends in order."""
    router.take_case(case)
    router.init("start")
    for role in router.configs():
        log = router.root / f"{role}.log"
        with log.open("w") as stderr:
            daemon = router.node.popen([binary(), role, "-c", router.config_path(role)], stderr=stderr)
            wait_until(lambda: "ready:" in log.read_text() or daemon.poll() is not None, 10, "an answer")
            daemon.terminate()
            assert daemon.wait(timeout=10) == 0, log.read_text()


METHODS = ("none, auth-only, 2022-blake3-aes-256-gcm, 2022-blake3-aes-128-gcm, "
           "2022-blake3-chacha20-poly1305, chacha20-ietf-poly1305, aes-256-gcm, aes-128-gcm")
INTERFACES = "an interface of network: loopback lan lan6 wan1 wan2 lte"
ADDRESS = "an IP address"
NETWORK = "a network as 10.0.0.0/8 or fd00::/8"
PORTS = "a port as 443, or several as 8000-8999"
MARK = "one bit of 32, as 0x40000000"

# Section type, option, value, what is allowed: one line about each.
VALUES = [
    ("peer", "enabled", "2", "0 or 1"),
    ("peer", "address", "10.10.1.256", "an IP address or a host name"),
    ("peer", "address", "-h", "an IP address or a host name"),
    ("peer", "port", "0", "a whole number from 1 to 65535"),
    ("peer", "port", "65536", "a whole number from 1 to 65535"),
    ("peer", "port", "8388x", "a whole number from 1 to 65535"),
    ("peer", "port", "99999999999999999999", "a whole number from 1 to 65535"),
    ("peer", "method", "rc4-md5", METHODS),
    ("peer", "local_address", "*", ADDRESS),
    ("peer", "on_peer_down", "reject", "refuse, direct"),
    ("server", "listen_address", "wan1", ADDRESS),
    ("server", "zone", "wan", "a zone of firewall: lan links empty"),
    ("server", "allow", "10.10.0.0/33", NETWORK),
    ("server", "allow", "10.10/16", NETWORK),
    ("server", "deny", "fd00::/129", NETWORK),
    ("server", "nameserver", "9.9.9.9:0", "an IP address, with a port behind it or not"),
    ("server", "transparent_networks", "lan", NETWORK),
    ("server", "transparent_mark", "0x30000000", MARK),
    ("path", "interface", "br0.11", INTERFACES),
    ("path", "role", "master", "primary, secondary, backup"),
    ("path", "gateway", "10.10.1", ADDRESS),
    ("path", "congestion", "BBR", "the name of a congestion control"),
    ("intercept", "zone", "guest", "a zone of firewall: lan links empty"),
    ("intercept", "network", "guest", INTERFACES),
    ("intercept", "exclude", "lan", NETWORK),
    ("intercept", "ports", "9000-8000", PORTS),
    ("intercept", "ports", "http", PORTS),
    ("intercept", "mode", "nat", "auto, tproxy, redirect"),
    ("intercept", "local_output", "maybe", "0 or 1"),
    ("intercept", "mark", "0x3", MARK),
    ("intercept", "mark", "0x100000000", MARK),
    ("intercept", "mark", "3", MARK),
]


@pytest.mark.parametrize("kind, option, value, allowed", VALUES, ids=lambda text: text[:12])
def test_value_is_refused(router, kind, option, value, allowed):
    needed = {"peer": {"address": "10.10.1.2", "method": "none"}, "server": {"method": "none"},
              "path": {"interface": "wan1"}, "intercept": {"network": "lan"}}[kind]
    text = PEER if kind in ("path", "intercept") else START
    lines = refused(router, text + uci(kind, **{**needed, option: value}))
    assert lines[0] == f'mpbridge.x.{option}: found "{value}"; allowed: {allowed}'


REFUSALS = {
    "nothing to do": (START, "mpbridge: found neither server nor peer; allowed: one of them at least"),
    "no address": (START + uci("peer", method="none"),
                   "mpbridge.x.address: found nothing; allowed: an IP address or a host name"),
    "no method": (START + uci("server"), f"mpbridge.x.method: found nothing; allowed: {METHODS}"),
    "unknown option": (PEER + uci("path", interface="wan1", rolle="backup"),
                       "mpbridge.x.rolle: found an unknown option; "
                       "allowed: interface, role, address, gateway, congestion, dscp"),
    "unknown section": (PEER + uci("paths", "links", interface="wan1"),
                        'mpbridge.links: found a section of type "paths"; '
                        "allowed: mpbridge, server, peer, path, intercept"),
    "two servers": (START + uci("server", "a", method="none") + uci("server", "b", method="none"),
                    'mpbridge.b: found another section of type "server"; allowed: one'),
    "no name": (PEER + "config path\n\toption interface 'wan1'\n\toption role 'x'\n",
                'mpbridge.@path[0].role: found "x"; allowed: primary, secondary, backup'),
    "no interface": (PEER + uci("path"), f"mpbridge.x.interface: found nothing; allowed: {INTERFACES}"),
    "only backups": (PEER + uci("path", interface="wan1", role="backup"),
                     'the roles of all paths: found "backup"; allowed: one at least that is another'),
    "an empty zone": (PEER + uci("intercept", zone="empty"),
                      "mpbridge.x: found no interface; allowed: a zone that has networks, or a network"),
    "peers differ": (PEER + uci("peer", "next", address="10.20.1.2", method="auth-only"),
                     "mpbridge.next.method: found a value; "
                     "allowed: none: that of mpbridge.far is for all peers"),
}


@pytest.mark.parametrize("text, line", REFUSALS.values(), ids=REFUSALS)
def test_refused(router, text, line):
    assert refused(router, text) == [line]


def test_every_mistake_is_told(router):
    lines = refused(router, START + uci("peer", address="1.2.3", port="no", method="none"))
    assert [line.split(":")[0] for line in lines] == ["mpbridge.x.address", "mpbridge.x.port"]


MULTIPATH = "on, off, master, backup, handover"
OFF = "one at least with on or master, or sections of type path in mpbridge"


@pytest.mark.parametrize("value, line", [
    ("yes", f'network.wan1.multipath: found "yes"; allowed: {MULTIPATH}'),
    ("off", f"network.wan1.multipath: found off, and no link that is on; allowed: {OFF}"),
    ("backup", 'the roles of all paths: found "backup"; allowed: one at least that is another'),
])
def test_multipath_is_refused(router, value, line):
    router.write("etc/config/network", uci("interface", "wan1", multipath=value))
    assert refused(router, PEER) == [line]


def test_path_that_multipath_switches_off(router):
    router.write("etc/config/network", uci("interface", "wan1", multipath="off"))
    assert refused(router, PEER + uci("path", interface="wan1")) == [
        'mpbridge.x.interface: found "wan1"; allowed: an interface whose multipath in network is not off']


def test_multipath_is_the_role_of_a_path(router):
    router.write("etc/config/network", uci("interface", "wan1", multipath="backup")
                 + uci("interface", "wan2", multipath="on"))
    router.write("etc/config/mpbridge", PEER + uci("path", "a", interface="wan1") + uci("path", "b", interface="wan2"))
    router.init("start")
    assert [path["role"] for path in router.configs()["client"]["paths"]] == ["backup", "primary"]


def test_secrets_are_not_told(router):
    text = START + uci("peer", address="10.10.1.2", method="none", password=KEY, kee=KEY, port=0)
    assert KEY not in " ".join(refused(router, text))


def test_only_root_reads_what_has_a_key(router):
    router.write("etc/config/mpbridge", PEER)
    router.init("start")
    for path in (router.config_path("client"), router.root / "etc/config/mpbridge"):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_installed_it_does_nothing(router):
    """And says nothing about it."""
    status, asked, lines = router.init("start")
    assert (status, lines, router.configs()) == (0, [], {})
    assert "instance" not in asked


def test_switched_off_it_stops_whatever_else_is_wrong(router):
    router.write("etc/config/mpbridge", PEER)
    router.init("start")
    router.write("etc/config/mpbridge", PEER.replace("'1'", "'0'") + uci("path", role="x"))
    status, asked, _ = router.init("reload")
    assert status == 0 and "instance" not in asked
    assert router.configs() == {}


def test_reload_with_a_mistake_leaves_all_as_it_was(router):
    router.write("etc/config/mpbridge", PEER)
    router.init("start")
    before = router.config_path("client").read_text()
    router.write("etc/config/mpbridge", PEER + uci("path", interface="wan1", role="x"))
    status, asked, _ = router.init("reload")
    assert status != 0 and asked == ""
    assert router.config_path("client").read_text() == before


def test_reload_asks_procd_only_for_a_change(router):
    """So that the firewall is not reloaded with each event of an interface."""
    router.write("etc/config/mpbridge", PEER)
    assert "instance client" in router.init("start")[1]
    assert router.init("reload")[1] == ""
    router.write("etc/config/mpbridge", PEER + uci("server", method="none", zone="lan"))
    assert "instance server" in router.init("reload")[1]
    router.write("etc/config/mpbridge", PEER + uci("server", method="none", zone="links"))
    assert '"src": "links"' in router.init("reload")[1]
    router.init("stop")
    assert "instance server" in router.init("reload")[1]


def test_interface_that_goes_down_keeps_its_path(router):
    """netifd then knows no device of it any more."""
    router.write("etc/config/mpbridge", PEER + uci("path", "a", interface="wan1") + uci("path", "b", interface="wan2"))
    router.init("start")
    before = router.configs()
    router.write("etc/devices", "wan2 br0.12\n")
    status, _, lines = router.init("reload")
    assert (status, lines, router.configs()) == (0, [], before)


def test_device_that_is_gone_takes_its_path_along(router):
    router.write("etc/config/mpbridge", PEER + uci("path", "a", interface="wan1") + uci("path", "b", interface="wan2"))
    router.init("start")
    router.node.ip("link", "del", "br0.11")
    _, _, lines = router.init("reload")
    assert lines == ["mpbridge: interface wan1 has no device now, and is left out until it has one"]
    assert router.configs()["client"]["paths"] == [{"interface": "br0.12", "role": "primary"}]


@pytest.mark.parametrize("section, line", [
    (uci("path", interface="lte"), "no path has a device now; the client waits for one"),
    (uci("intercept", network="lte"),
     "nothing that is to be intercepted has a device now; the client waits for one"),
])
def test_waits_for_interfaces(router, section, line):
    """It is not started with less than was asked for, and comes back by the triggers."""
    router.write("etc/config/mpbridge", PEER + section)
    status, asked, lines = router.init("start")
    assert status == 0 and "instance" not in asked and "interface.*" in asked
    assert lines[-1] == f"mpbridge: {line}"
    router.write("etc/devices", "lte br-lan\n")
    assert "instance client" in router.init("reload")[1]


@pytest.mark.parametrize("section, device, what", [
    (uci("path", interface="wan1"), "br0.11", "no path"),
    (uci("intercept", network="lan"), "br-lan", "nothing that is to be intercepted"),
])
def test_what_runs_is_left_alone_when_all_devices_go(router, section, device, what):
    """A stop would take the interception away, and let connections go around the bridge."""
    router.write("etc/config/mpbridge", PEER + section)
    router.init("start")
    before = router.configs()
    router.node.ip("link", "del", device)
    status, asked, lines = router.init("reload")
    assert (status, asked, router.configs()) == (0, "", before)
    assert lines[-1] == f"mpbridge: {what} has a device now; the client is left as it is"
    assert "instance client" in router.init("start")[1]  # as after an update of the package


def test_what_runs_is_left_alone_when_memory_is_full(router):
    router.write("etc/config/mpbridge", PEER)
    router.init("start")
    before = router.config_path("client").read_text()
    (router.root / "var/run/mpbridge-client.json.new").mkdir()
    router.write("etc/config/mpbridge", PEER + uci("path", interface="wan1"))
    status, asked, lines = router.init("reload")
    assert status != 0 and asked == ""
    assert lines[-1] == "mpbridge: cannot write /var/run/mpbridge-client.json"
    assert router.config_path("client").read_text() == before


@pytest.mark.parametrize("role", ["client", "server"])
def test_readme(router, role):
    """Its commands and the network beside it make what the recipe's routers need."""
    examples = PACKAGE.parent / "examples" / role
    router.write("etc/config/network", (examples / "network").read_text())
    router.write("etc/config/firewall", "config zone\n\toption name 'lan'\n\tlist network 'lan'\n"
                 + (examples / "firewall").read_text())
    router.write("etc/config/mpbridge", batch(role))
    status, asked, lines = router.init("start")
    case = Path(__file__).parent / "openwrt" / "cases" / f"seed_{role}"
    assert (status, lines, asked) == (0, [], (case / "procd").read_text())
    assert router.configs() == {role: json.loads((case / f"{role}.json").read_text())}


def test_readme_tells_of_every_option():
    readme = (PACKAGE.parent / "README.md").read_text()
    table = (PACKAGE / "files" / "options.sh").read_text().split("MPBRIDGE_OPTIONS='")[1].split("'")[0]
    for line in table.split("\n"):
        if line:
            _, option, kind, _ = line.split()
            assert f"`{option}`" + (" *" if kind.endswith("*") else "") in readme


def test_makefile(tmp_path):
    values = variables(tmp_path)
    version = next(line for line in (TREE / "meson.build").read_text().splitlines() if " version: '" in line)
    assert f"'{values['PKG_VERSION']}'" in version
    assert values["conffiles"] == "/etc/config/mpbridge"
    assert all(Path(path).exists() for path in values["PKG_FILE_DEPENDS"].split())
    assert {"+firewall4", "+kmod-inet-mptcp-diag", "+kmod-nft-tproxy", "+kmod-nft-socket"} <= set(
        values["DEPENDS"].split())


def test_what_is_prepared_can_be_configured(tmp_path):
    """All that meson needs is copied to where OpenWrt builds."""
    make("prepare", tmp_path)
    values = variables(tmp_path)
    subprocess.run(["meson", "setup", *values["MESON_ARGS"].split(), tmp_path / "meson", values["PKG_BUILD_DIR"]],
                   check=True, capture_output=True)


def test_installed_files(router):
    """Each where OpenWrt looks for it, with the mode that it needs."""
    expected = {"etc/config/mpbridge": 0o600, "etc/init.d/mpbridge": 0o755, "usr/sbin/mpbridge": 0o755,
                "usr/lib/mpbridge/options.sh": 0o644, "usr/lib/mpbridge/translate.sh": 0o644,
                "usr/share/rpcd/ucode/mpbridge": 0o644,
                "usr/share/nftables.d/chain-pre/input/mpbridge.nft": 0o644}
    assert {path: stat.S_IMODE((router.root / path).stat().st_mode) for path in expected} == expected


def test_firewall_include(router):
    """nft takes it where fw4 puts it."""
    rules = router.root / "usr/share/nftables.d/chain-pre/input/mpbridge.nft"
    router.write("rules.nft", f'table inet fw4 {{\n\tchain input {{\n\t\tinclude "{rules}"\n\t}}\n}}\n')
    router.node.run(["nft", "-f", router.root / "rules.nft"])
    assert "socket transparent 1" in router.node.run(["nft", "list", "ruleset"]).stdout
