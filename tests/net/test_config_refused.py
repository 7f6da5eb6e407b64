# SPDX-License-Identifier: GPL-3.0-or-later
"""What a start can meet on the machine: one plain sentence each, with what to do about it."""
import pytest
from hosts import Ends, echoes, listen
from observe import difference, open_flows
from testbed import Link, bridge
from testbed.mpbridge import LOCAL_PORT, PORT, binary, config_text

AS_NOBODY = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups"]


@pytest.fixture
def net(stage):
    return bridge(stage.lab, [Link(), Link()])


def try_start(node, role, config, prefix=(), flags=(), name="refused.json"):
    """(exit status, lines on stderr); nothing may have changed."""
    path = node.write_file(name, config)
    before = node.dump()
    result = node.run([*prefix, binary(), role, "-c", path, *flags], check=False, timeout=15)
    assert difference(before, node.dump()) == []
    return result.returncode, result.stderr.splitlines()


def keys_for(net, role, **keys):
    return config_text(net.server_ips if role == "client" else "0.0.0.0",
                       {"local_address": "0.0.0.0" if role == "client" else None, **keys})


@pytest.mark.parametrize("role, port", [("client", LOCAL_PORT), ("server", PORT)])
def test_port_is_taken(net, role, port):
    with listen(net.client, "0.0.0.0", port):
        status, lines = try_start(net.client, role, keys_for(net, role))
    assert status == 1
    (line,) = lines
    assert f"cannot listen on 0.0.0.0:{port}: another program listens there" in line
    assert "stop it or choose another port" in line


def test_port_is_taken_by_one_of_us(stage, net):
    """Which goes on as if nothing had happened."""
    client, _ = stage.bridge(net)
    status, lines = try_start(net.client, "client", keys_for(net, "client"))
    assert status == 1
    assert f"cannot listen on 0.0.0.0:{LOCAL_PORT}: another program listens there" in lines[0]
    with Ends(net, 4) as ends:
        assert all(echoes(near, far) for near, far in open_flows(ends, 6))
    assert client.process.poll() is None


@pytest.mark.parametrize("role", ["client", "server"])
def test_no_permission(net, role):
    net.lab.directory.chmod(0o755)
    status, lines = try_start(net.client, role, keys_for(net, role), AS_NOBODY)
    assert status == 1
    assert "run as root or with CAP_NET_ADMIN" in lines[-1]
    assert len([line for line in lines if "error:" in line]) == 1


def test_no_permission_for_a_low_port(net):
    net.lab.directory.chmod(0o755)
    status, lines = try_start(net.client, "server", keys_for(net, "server", server_port=80),
                              AS_NOBODY)
    assert status == 1
    (line,) = lines
    assert "ports below 1024 are for root; run as root or choose another port" in line


@pytest.mark.parametrize("role", ["client", "server"])
def test_no_such_interface(net, role):
    config = keys_for(net, role, paths=[{"interface": "wan1"}, {"interface": "wan9"}])
    status, lines = try_start(net.client, role, config)
    assert status in (1, 2)
    line = lines[-1]
    assert 'paths[1].interface: there is no interface "wan9"; present: ' in line
    assert all(name in line for name in ("wan1", "wan2", "lan"))


@pytest.mark.parametrize("address", ["10.10.2.1", "10.99.99.99", "fd00:99::1"])
def test_address_is_not_on_that_interface(net, address):
    config = keys_for(net, "client", paths=[{"interface": "wan1", "address": address}])
    status, lines = try_start(net.client, "client", config)
    assert status in (1, 2)
    assert f"paths[0].address: {address} is not an address of wan1; present: 10.10.1.1" in lines[-1]


@pytest.mark.parametrize("role, keys", [("server", {"server": ["10.10.1.1", "10.99.99.99"]}),
                                        ("client", {"local_address": "10.99.99.99"})])
def test_listen_address_is_not_ours(net, role, keys):
    status, lines = try_start(net.client, role, keys_for(net, role, **keys))
    assert status == 1
    assert "cannot listen on 10.99.99.99:" in lines[-1]
    assert "this machine has no such address (ip address shows those it has)" in lines[-1]


def test_unknown_user(net):
    status, lines = try_start(net.client, "client", keys_for(net, "client", user="nosuchuser"))
    assert status in (1, 2)
    (line,) = lines
    assert 'there is no user "nosuchuser" for the workers: name another one with "user"' in line


def test_name_that_leads_nowhere(net):
    config = config_text("no-such-router.invalid")
    status, lines = try_start(net.client, "client", config)
    assert status == 1
    (line,) = lines
    assert 'server: cannot look up "no-such-router.invalid"' in line
    assert "is the name right, and is there a way to a name server?" in line


def run_file(node, path, prefix=()):
    result = node.run([*prefix, binary(), "client", "-c", path], check=False)
    return result.returncode, result.stderr.splitlines()


def test_file_is_missing(net):
    path = net.client.directory / "missing.json"
    assert run_file(net.client, path) == (
        2, [f"mpbridge: {path}: cannot be read: No such file or directory"])


def test_file_is_a_directory(net):
    path = net.client.directory
    assert run_file(net.client, path) == (2, [f"mpbridge: {path}: cannot be read: Is a directory"])


def test_file_is_not_readable(net):
    net.lab.directory.chmod(0o755)
    path = net.client.write_file("secret.json", config_text(net.server_ips))
    path.chmod(0o600)
    assert run_file(net.client, path, AS_NOBODY) == (
        2, [f"mpbridge: {path}: cannot be read: Permission denied"])


def test_one_mistake_beside_a_taken_port(net):
    """The configuration comes first: the machine is not looked at."""
    with listen(net.client, "0.0.0.0", LOCAL_PORT):
        status, lines = try_start(net.client, "client", keys_for(net, "client", timeout=0))
    assert status == 2
    (line,) = lines
    assert "timeout: found 0" in line
