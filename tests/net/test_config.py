# SPDX-License-Identifier: GPL-3.0-or-later
"""Wrong configurations: every mistake is named at once, and nothing has been changed."""
import json

import pytest
from observe import difference
from testbed.mpbridge import binary, config_text

ADDRESSES = ["10.10.1.2", "10.10.2.2"]


def run_file(node, role, text, name="wrong.json"):
    """(the file's path, exit status, lines on stderr) of mpbridge with that file, which must
    leave everything as it was."""
    path = node.directory / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    before = node.dump()
    result = node.run([binary(), role, "-c", path], check=False, timeout=10)
    assert difference(before, node.dump()) == []
    assert node.run(["ss", "-tlnH"]).stdout == ""
    assert result.stdout == ""
    return str(path), result.returncode, result.stderr.splitlines()


def run_keys(node, role, keys):
    server = ADDRESSES if role == "client" else "0.0.0.0"
    return run_file(node, role, config_text(server, keys))


NUMBER = "a whole number from {} to {}"
PORT = NUMBER.format(1, 65535)
HOST = "an IP address or a host name"
PATHS = 'a list, each element an object as { "interface": "wan1" }'
KEYGEN = '"mpbridge keygen {}" makes one'
NETWORK = 'a network as "10.0.0.0/8" or "fd00::/8"'

# role, keys, the place that is named, what has to be in that line
MISTAKES = [
    ("client", {"server": None}, "server", ["missing", HOST]),
    ("client", {"server": []}, "server", ["empty list", HOST]),
    ("client", {"server": 5}, "server", ["found 5", HOST]),
    ("client", {"server": ""}, "server", ["an empty address", HOST]),
    ("client", {"server": ["10.10.1.2", 7]}, "server[1]", ["found 7", HOST]),
    ("client", {"server": "10.10.1.2:8388"}, "server", ["a port does not belong here",
                                                       "server_port"]),
    ("client", {"server": "10.10.1.0/24"}, "server", ["a network, where one address is meant"]),
    ("client", {"server": "10.10.1.300"}, "server", ["neither an IP address nor a host name"]),
    ("client", {"server": "224.0.0.1"}, "server", ["a multicast address",
                                                  "addresses of the far router"]),
    ("client", {"server": "0.0.0.0"}, "server", ["an unspecified address"]),
    ("client", {"server": ["10.10.1.2", "127.0.0.1"]}, "server[1]", ["a loopback address"]),
    ("client", {"server": "fe80::1"}, "server", ["a link-local address"]),
    ("client", {"server": ["10.10.1.2", "10.10.1.2"]}, "server[1]", ["in the list twice"]),
    ("client", {"server": [f"10.0.0.{n}" for n in range(9)]}, "server", ["at most 8"]),
    ("client", {"server": [["10.10.1.2"], "10.20.1.2"]}, "server[1]", ["not a list"]),
    ("client", {"server": [["10.10.1.2"], []]}, "server[1]", ["an empty list"]),
    ("client", {"server": [["10.10.1.2"], [["10.20.1.2"]]]}, "server[1][0]", ["found a list", HOST]),
    ("client", {"server": [["10.10.1.2"], ["10.20.1.2", "10.10.1.2"]]}, "server[1][1]",
     ["10.10.1.2 is an address of another router, too"]),
    ("server", {"server": [["0.0.0.0"]]}, "server[0]", ["found a list", HOST]),
    ("client", {"server_port": None}, "server_port", ["missing", PORT]),
    ("client", {"server_port": 0}, "server_port", ["found 0", PORT]),
    ("client", {"server_port": 65536}, "server_port", ["found 65536", PORT]),
    ("client", {"server_port": -1}, "server_port", ["found -1", PORT]),
    ("client", {"server_port": 10 ** 30}, "server_port", ["a number far too high", PORT]),
    ("client", {"server_port": 83.5}, "server_port", ["found 83.5", PORT]),
    ("client", {"server_port": "abc"}, "server_port", ['found "abc"', PORT]),
    ("client", {"server_port": True}, "server_port", ["found true", PORT]),
    ("client", {"local_port": [1080]}, "local_port", ["a list", PORT]),
    ("client", {"local_address": "here"}, "local_address", ["a host name", "an IP address"]),
    ("client", {"timeout": 0}, "timeout", ["found 0", NUMBER.format(1, 2592000)]),
    ("client", {"fast_open": "yes"}, "fast_open", ['found "yes"', "true or false"]),
    ("client", {"method": None}, "method", ["missing", "none"]),
    ("client", {"method": "aes-192-gcm"}, "method", ["not supported", "none", "aes-256-gcm"]),
    ("client", {"method": "rc4-md5"}, "method", ["broken", "use 2022-blake3-aes-256-gcm"]),
    ("client", {"method": "magic"}, "method", ['found "magic"', "no such method", "none"]),
    ("client", {"method": 5}, "method", ["found 5", "none"]),
    ("client", {"method": "aes-256-gcm"}, "password", ["empty", KEYGEN.format("aes-256-gcm")]),
    ("server", {"method": "auth-only", "password": None}, "password",
     ["missing", "wants a key, 32 bytes in base64", KEYGEN.format("auth-only")]),
    ("client", {"method": "2022-blake3-aes-128-gcm", "password": "hunter2"}, "password",
     ["found a password", "wants a key", KEYGEN.format("2022-blake3-aes-128-gcm")]),
    ("server", {"method": "aes-128-gcm", "password": "x", "key": "Lc3tTx0BY6ZJ/fCwOx3JvA=="}, "key",
     ["not the same key"]),
    ("client", {"sever": "10.10.1.2"}, "sever", ['unknown key; did you mean "server"?']),
    ("client", {"zzzzzzzz": 1}, "zzzzzzzz", ["unknown key", "mpbridge.conf(5)"]),
    ("client", {"allow": ["10.10.0.0/16"]}, "allow", ["for a server only"]),
    ("client", {"paths": "wan1"}, "paths", ['found "wan1"', PATHS]),
    ("client", {"paths": []}, "paths", ["empty list", PATHS]),
    ("client", {"paths": ["wan1"]}, "paths[0]", ['found "wan1"', '{ "interface": "wan1" }']),
    ("client", {"paths": [{}]}, "paths[0].interface", ["missing", "1 to 15 characters"]),
    ("client", {"paths": [{"interface": "w" * 16}]}, "paths[0].interface", ["1 to 15 characters"]),
    ("client", {"paths": [{"interface": "wan1", "colour": "red"}]}, "paths[0].colour",
     ["unknown key", "interface, address, gateway, role, congestion"]),
    ("client", {"paths": [{"interface": "wan1", "gateway": "router"}]}, "paths[0].gateway",
     ["a host name", "an IP address"]),
    ("client", {"paths": [{"interface": "wan1"}, {"interface": "wan1"}]}, "paths[1].interface",
     ["wan1 is already in paths[0]"]),
    ("client", {"paths": [{"interface": "wan1", "address": "10.10.1.1", "gateway": "fd00::1"}]},
     "paths[0].gateway", ["not of the family", "IPv4"]),
    ("client", {"paths": [{"interface": "wan1", "role": "spare"}]}, "paths[0].role",
     ['found "spare"', '"primary", "backup", "secondary"']),
    ("client", {"paths": [{"interface": "wan1", "role": "backup"}]}, "paths",
     ["every path", "at least one"]),
    ("client", {"congestion": "tcp bbr"}, "congestion", ['found "tcp bbr"', "1 to 15"]),
    ("server", {"paths": [{"interface": "wan1", "congestion": "BBR"}]}, "paths[0].congestion",
     ['found "BBR"', "1 to 15"]),
    ("client", {"forward": "fast"}, "forward", ['found "fast"', '"auto", "copy"']),
    ("client", {"on_peer_down": "wait"}, "on_peer_down", ['found "wait"', '"refuse", "direct"']),
    ("server", {"on_peer_down": "refuse"}, "on_peer_down", ["for a client only"]),
    ("client", {"workers": 65}, "workers", ["found 65", NUMBER.format(0, 64)]),
    ("client", {"user": "two words"}, "user", ['found "two words"', "the name of a user"]),
    ("client", {"verbose": 1}, "verbose", ["found 1", "true or false"]),
    ("client", {"mode": "udp_only"}, "mode", ["UDP is not carried", "tcp_only"]),
    ("client", {"plugin": "obfs-local"}, "plugin", ["refused"]),
    ("client", {"acl": "/etc/acl"}, "acl", ["refused", "redirect rules"]),
    ("server", {"port_password": {"8388": "x"}}, "port_password", ["refused", "one server"]),
    ("server", {"server": "224.0.0.1"}, "server", ["a multicast address", "0.0.0.0 and ::"]),
    ("server", {"allow": ["10.10.0.0/33"]}, "allow[0]", ['found "10.10.0.0/33"', NETWORK]),
    ("server", {"deny": [5]}, "deny[0]", ["found 5", NETWORK]),
    ("server", {"timeout": 2592001}, "timeout", ["found 2592001", NUMBER.format(1, 2592000)]),
]


@pytest.mark.parametrize("role, keys, place, said", MISTAKES,
                         ids=[f"{row[0]} {json.dumps(row[1])[:50]}" for row in MISTAKES])
def test_mistake(net, role, keys, place, said):
    path, status, lines = run_keys(net.client, role, keys)
    assert status == 2
    (line,) = lines
    assert line.startswith(f"mpbridge: {path}: {place}: ")
    for words in said:
        assert words in line


# text, line number, what is said
SYNTAX = [
    ('{\n"server": "10.10.1.2"\n"server_port": 8388\n}', 3),
    ('{\n"server": "10.10.1.2,\n"server_port": 8388\n}', None),
    ('{\n"server": ["10.10.1.2"\n', None),
    ('{\n\n\n"server_port": 83x }', 4),
    ('{ "server_port": 8388 }\n\ngarbage', 3),
    ("{\n'server': '10.10.1.2'\n", None),
    (b'{\n"server": "10.\0"\n}', 2),
    (b'{\n\n"server": "\xff\xfe"\n}', 3),
]


@pytest.mark.parametrize("text, number", SYNTAX)
def test_syntax_error_names_its_line(net, text, number):
    path, status, lines = run_file(net.client, "client", text)
    assert status == 2
    (line,) = lines
    assert line.startswith(f"mpbridge: {path}: line {number if number else ''}")


@pytest.mark.parametrize("text", ["", " \n\t\n", "[]", '"text"', "5", "null"])
def test_what_is_no_configuration(net, text):
    path, status, lines = run_file(net.client, "client", text)
    assert status == 2
    (line,) = lines
    assert line.startswith(f"mpbridge: {path}: ")
    assert "it must be one object, { ... }" in line


def test_all_mistakes_at_once(net):
    wrong = {"server": ["10.10.1.2", "10.10.1.0/24"], "server_port": 0, "local_port": "x",
             "timeout": -5, "method": "rc4", "fast_open": 3, "sever": 1, "plugin": "obfs",
             "paths": [{"interface": "wan1", "gateway": 7}, {"address": "10.10.1.1"}]}
    path, status, lines = run_keys(net.client, "client", wrong)
    assert status == 2
    places = ["server[1]", "server_port", "local_port", "timeout", "method", "fast_open", "sever",
              "plugin", "paths[0].gateway", "paths[1].interface"]
    assert sorted(line.removeprefix(f"mpbridge: {path}: ").split(":")[0] for line in lines) == \
        sorted(places)


def test_mistakes_of_file_and_flags_together(net):
    path = net.client.write_file("both.json", config_text(ADDRESSES, {"timeout": 0}))
    result = net.client.run([binary(), "client", "-c", path, "-p", "0", "--nonsense", "stray"],
                            check=False)
    assert result.returncode == 2
    assert result.stderr.splitlines() == [
        f"mpbridge: {path}: timeout: found 0; allowed: {NUMBER.format(1, 2592000)}",
        f'mpbridge: -p: found "0"; allowed: {PORT}',
        "mpbridge: --nonsense: unknown flag; allowed: those of mpbridge client -h",
        "mpbridge: word 6 after the command is not a flag, nor the value of one"]


@pytest.mark.parametrize("keys", [{"password": ["hunter2"]}, {"key": {"a": "hunter2"}},
                                  {"passwort": "hunter2"},
                                  {"method": "auth-only", "password": "hunter2"},
                                  {"method": "aes-128-gcm", "password": "x", "key": "hunter2"},
                                  {"password": "hunter2", "timeout": 0}])
def test_no_message_holds_a_secret(net, keys):
    _, status, lines = run_keys(net.client, "client", keys)
    assert status == 2
    assert lines and not any("hunter2" in line for line in lines)


def test_a_syntax_error_does_not_quote_a_secret(net):
    _, status, lines = run_file(net.client, "client", '{ "password": "hunter2"\n "x" }')
    assert status == 2
    assert not any("hunter2" in line for line in lines)
