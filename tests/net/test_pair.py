# SPDX-License-Identifier: GPL-3.0-or-later
"""Keys and files that mpbridge makes: keygen and pair; and who may read the files."""
import base64
import json
import stat

import pytest
from hosts import Ends, echoes
from observe import expect_paths, lines_with, links4, open_flows
from testbed import Link, bridge
from testbed.mpbridge import add_redirect, binary

LINKS = ["10.10.1.1%wan1=10.10.1.2", "10.10.2.1%wan2=10.10.2.2"]
KEY_BYTES = {"auth-only": 32, "2022-blake3-aes-128-gcm": 16, "2022-blake3-aes-256-gcm": 32,
             "2022-blake3-chacha20-poly1305": 32, "aes-128-gcm": 16, "aes-256-gcm": 32,
             "chacha20-ietf-poly1305": 32}


def run(node, *argv):
    return node.run([binary(), *argv], check=False, timeout=10)


@pytest.mark.parametrize("method", KEY_BYTES)
def test_keygen(net, method):
    """One line, and another one each time."""
    texts = set()
    for _ in range(2):
        result = run(net.client, "keygen", method)
        assert result.returncode == 0 and result.stderr == ""
        (text,) = result.stdout.splitlines()
        assert len(base64.b64decode(text, validate=True)) == KEY_BYTES[method]
        texts.add(text)
    assert len(texts) == 2


@pytest.mark.parametrize("argv, said", [
    (["none"], "method none has no key"),
    (["rc4-md5"], "a stream cipher, broken"),
    (["aes-512-gcm"], "no such method"),
    ([], "usage: mpbridge keygen METHOD"),
    (["auth-only", "more"], "usage: mpbridge keygen METHOD"),
])
def test_keygen_mistakes(net, argv, said):
    result = run(net.client, "keygen", *argv)
    assert result.returncode == 2 and result.stdout == ""
    assert said in result.stderr


def test_on_the_server(net, tmp_path):
    """Its file stays there, for its owner alone; the client's is printed. Never over another one."""
    path = tmp_path / "rented.json"
    made = run(net.server, "pair", "-s", path, "203.0.113.5")
    assert (made.returncode, made.stderr) == (0, "")
    client, server = json.loads(made.stdout), json.loads(path.read_text())
    assert client["password"] == server["password"] and client["server"] == ["203.0.113.5"]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    again = run(net.server, "pair", "--server-file", path, "203.0.113.5")
    assert (again.returncode, again.stdout) == (1, "") and "is there already" in again.stderr
    assert json.loads(path.read_text()) == server
    both = run(net.server, "pair", "-s", tmp_path / "other", "-o", tmp_path, "203.0.113.5")
    assert both.returncode == 2 and "not together" in both.stderr


def test_on_the_server_and_nobody_reads(net, tmp_path):
    with open("/dev/full", "w", encoding="ascii") as full:
        process = net.server.popen([binary(), "pair", "-s", tmp_path / "x.json", "203.0.113.5"],
                                   stdout=full)
        assert process.wait(10) == 1
    assert not (tmp_path / "x.json").exists()


def test_keygen_that_cannot_write(net):
    with open("/dev/full", "w", encoding="ascii") as full:
        process = net.client.popen([binary(), "keygen", "auth-only"], stdout=full)
        assert process.wait(10) == 1


@pytest.mark.parametrize("word", ["keygen", "pair"])
def test_help(net, word):
    for flag in ("-h", "--help"):
        result = run(net.client, word, flag)
        assert result.returncode == 0 and result.stderr == ""
        assert result.stdout.startswith(f"usage: mpbridge {word} ")


def test_pair_printed(net):
    """Both at once, each under a comment with its name, so that it can be saved as it is."""
    result = run(net.client, "pair", *LINKS)
    assert result.returncode == 0 and result.stderr == ""
    client, server = result.stdout.split("\n\n")
    assert client.startswith("// client.json\n{") and server.startswith("// server.json\n{")
    client, server = (json.loads(text.partition("\n")[2]) for text in (client, server))
    assert client["method"] == server["method"] == "2022-blake3-aes-256-gcm"
    assert client["password"] == server["password"]
    assert len(base64.b64decode(client["password"], validate=True)) == 32


def test_pair_in_a_folder(net):
    """Its own folder and files, for the owner alone; nothing is ever overwritten."""
    folder = net.client.directory / "pair"
    result = run(net.client, "pair", "-m", "none", "-p", "443", "-o", folder, *LINKS)
    assert result.returncode == 0 and result.stderr == ""
    assert f"{folder}/server.json for the server router" in result.stdout
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    files = [folder / "client.json", folder / "server.json"]
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}
    texts = [file.read_text() for file in files]
    assert [json.loads(text)["server_port"] for text in texts] == [443, 443]

    files[0].unlink()
    result = run(net.client, "pair", "-m", "none", "-o", folder, *LINKS)
    assert result.returncode == 1
    assert result.stderr == f"mpbridge: pair: {files[1]}: is there already, and is left as it is\n"
    assert not files[0].exists() and files[1].read_text() == texts[1]


@pytest.mark.parametrize("argv, said", [
    ([], "no link"),
    (["10.10.1.2"] * 9, "too many links"),
    (["10.10.1.2:80"], "a port does not belong here"),
    (["10.10.1.0/24"], "a network"),
    (["a b=10.10.1.2"], "neither an address nor an interface"),
    (["wan1=10.10.1.2", "10.10.2.2"], "some links have an interface"),
    (["wan1=10.10.1.2", "wan1=10.10.2.2"], "wan1 is already in paths[0]"),
    (["224.0.0.1"], "a multicast address"),
    (["-p", "0", "10.10.1.2"], "not a port"),
    (["-m", "rc4", "10.10.1.2"], "a stream cipher, broken"),
    (["--colour", "10.10.1.2"], "unrecognized option"),
])
def test_pair_mistakes(net, argv, said):
    folder = net.client.directory / "wrong"
    result = run(net.client, "pair", "-o", folder, *argv)
    assert result.returncode == 2 and result.stdout == ""
    assert said in result.stderr
    assert not folder.exists()


def test_pair_starts_a_bridge(stage):
    """What is written is all that is needed."""
    net = bridge(stage.lab, [Link(), Link()])
    add_redirect(net.client, ("iptables",))
    folder = net.client.directory / "pair"
    assert run(net.client, "pair", "-m", "none", "-o", folder, *LINKS).returncode == 0
    server = stage.add(net.server, "server", (folder / "server.json").read_text()).start()
    client = stage.add(net.client, "client", (folder / "client.json").read_text()).start()
    server.wait_ready()
    client.wait_ready()
    with Ends(net, 4) as ends:
        assert all(echoes(near, far) for near, far in open_flows(ends))
    expect_paths(net, links4(1, 2))


@pytest.mark.parametrize("mode, count", [(0o644, 1), (0o640, 1), (0o600, 0)])
def test_file_that_others_may_read(stage, mode, count):
    """Said at the start, with what to do; the daemon starts all the same."""
    net = bridge(stage.lab, [Link()])
    server = stage.server(net, password="hunter2")
    path = net.server.directory / "server.json"
    path.chmod(mode)
    server.start().wait_ready()
    lines = lines_with(server, "others may read it")
    assert len(lines) == count
    assert all(f"chmod 600 {path}" in line for line in lines)
