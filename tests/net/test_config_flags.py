# SPDX-License-Identifier: GPL-3.0-or-later
"""The flags of ss-redir and ss-server in the place of a file, and over one; -f; help."""
import os
import signal
from pathlib import Path

import pytest
from hosts import Ends, echoes, listen
from observe import difference, endpoints, eventually, expect_paths, lines_with, links4, open_flows
from testbed import Link, bridge, wait_until
from testbed.mpbridge import LOCAL_PORT, PORT, add_redirect, binary

CLIENT = ["client", "-s", "10.10.1.2", "-s", "10.10.2.2", "-p", "8388", "-l", "1080",
          "-b", "0.0.0.0", "-k", "x", "-m", "none", "-t", "300", "-u"]
SERVER = ["server", "-s", "0.0.0.0", "-p", "8388", "-k", "x", "-m", "none", "-t", "300", "-u"]


@pytest.fixture
def net(stage):
    net = bridge(stage.lab, [Link(), Link()])
    add_redirect(net.client, ("iptables",))
    return net


@pytest.fixture
def in_background():
    """start(node, argv): run in the background with -f; its process id. Ended with the test."""
    started = []

    def start(node, argv):
        pid_file = node.directory / "mpbridge.pid"
        node.run([binary(), *argv, "-f", pid_file], timeout=10)
        started.append(int(pid_file.read_text()))
        return started[-1]

    yield start
    for pid in started:
        if is_running(pid):
            os.kill(pid, signal.SIGKILL)


def is_running(pid):
    """Not gone, and not dead and waiting for init to take notice."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def children(pid):
    return Path(f"/proc/{pid}/task/{pid}/children").read_text().split()


def listening(node):
    """The TCP ports that somebody listens on."""
    rows = node.run(["ss", "-tlnH"]).stdout.splitlines()
    return {int(row.split()[3].rpartition(":")[2]) for row in rows}


def end(pid):
    os.kill(pid, signal.SIGTERM)
    wait_until(lambda: not is_running(pid), 8, "the background process to end")


def test_flags_alone(net, in_background):
    """Start lines of ss-redir and ss-server with only the first word changed. The command returns
    when the bridge works: a connection right after it gets through."""
    before = net.client.dump(), net.server.dump()
    server = in_background(net.server, SERVER)
    client = in_background(net.client, CLIENT)
    with Ends(net, 4) as ends:
        assert all(echoes(near, far) for near, far in open_flows(ends))
    expect_paths(net, links4(1, 2))
    for pid, node in ((client, net.client), (server, net.server)):
        assert binary().name in Path(f"/proc/{pid}/cmdline").read_text()
        assert os.getsid(pid) == pid and Path(f"/proc/{pid}/cwd").readlink() == Path("/")
        assert {Path(f"/proc/{pid}/fd/{fd}").readlink() for fd in (0, 1, 2)} == {Path("/dev/null")}
        end(pid)
        assert not (node.directory / "mpbridge.pid").exists()
    for old, node in zip(before, (net.client, net.server)):
        assert difference(old, node.dump()) == []


def test_background_start_that_fails(net):
    """It says so, its status tells, and no pid file is there."""
    pid_file = net.client.directory / "mpbridge.pid"
    with listen(net.client, "0.0.0.0", LOCAL_PORT):
        result = net.client.run([binary(), *CLIENT, "-f", pid_file], check=False, timeout=10)
    assert result.returncode == 1
    assert "another program listens there" in result.stderr
    assert not pid_file.exists()


def test_background_worker_has_a_voice(net, in_background):
    """It has no terminal from its start: its lines come by the supervisor."""
    pid_file = net.client.directory / "mpbridge.pid"
    started = net.client.run([binary(), *CLIENT, "-v", "-f", pid_file], timeout=10)
    pid = int(pid_file.read_text())
    try:
        assert "mpbridge: debug: worker 0: " in started.stderr
        for process in (pid, *children(pid)):
            links = {Path(f"/proc/{process}/fd/{fd}").readlink() for fd in (0, 1, 2)}
            assert links == {Path("/dev/null")}
    finally:
        end(pid)


@pytest.mark.parametrize("flags", [["-k", "hunter2"], ["-khunter2"], ["--password=hunter2"]],
                         ids=" ".join)
def test_password_is_not_in_the_list_of_processes(stage, net, flags):
    client = stage.client(net, flags=[*flags, "-t", "299"]).start().wait_ready()
    for pid in (client.process.pid, *children(client.process.pid)):
        line = Path(f"/proc/{pid}/cmdline").read_bytes()
        assert b"299" in line and b"hunter2" not in line


def test_verbose_in_the_foreground(stage, net):
    """-v logs more, and never the password, which ps does not show, either."""
    flags = ["-v", "-k", "hunter2", "-u"]
    server = stage.server(net, flags=flags).start().wait_ready()
    client = stage.client(net, flags=flags).start().wait_ready()
    expect_paths(net, links4(1, 2), count=1)
    for daemon in (client, server):
        assert lines_with(daemon, "debug: add rule")
        assert "hunter2" not in daemon.log
        assert b"hunter2" not in Path(f"/proc/{daemon.process.pid}/cmdline").read_bytes()
        assert daemon.stop() == 0


def test_without_verbose(stage, net):
    client = stage.client(net).start().wait_ready()
    assert lines_with(client, "debug: ") == []


def test_flags_win_over_the_file(stage, net):
    """The list of the file is replaced, not added to."""
    stage.server(net, flags=["-p", "8400"], server_port=PORT).start().wait_ready()
    client = stage.client(net, server=["10.10.1.2", "10.10.2.2", "10.10.77.2"],
                          flags=["-s", "10.10.2.2", "-p", "8400", "-l", "1081"]).start()
    client.wait_ready()
    assert listening(net.server) == {8400}
    assert listening(net.client) == {1081}
    assert len(lines_with(client, "path ")) >= 1
    assert not [line for line in lines_with(client, "path ") if "10.10.2.2" not in line]
    eventually(lambda: set(endpoints(net.server)), {"10.10.2.2"})


def test_long_flags(stage, net):
    """Each key of the file is a flag with dashes."""
    flags = ["--server-port", "8401", "--timeout", "60", "--forward", "copy", "--workers", "1",
             "--local-port", "1082", "--fast-open"]
    client = stage.client(net, flags=flags).start().wait_ready()
    (line,) = lines_with(client, "ready: client on port 1082, 1 worker")
    assert line.endswith("1 worker")


def test_keys_of_shadowsocks_without_meaning_are_told(stage, net):
    """One line each, and the start goes on."""
    keys = {"nofile": 1024, "reuse_port": True, "mptcp": True, "no_delay": True,
            "mode": "tcp_and_udp", "use_syslog": True}
    client = stage.client(net, **keys).start().wait_ready()
    for key in keys:
        assert len(lines_with(client, f"client.json: {key}: ")) == 1


def run(net, *argv):
    result = net.client.run([binary(), *argv], check=False, timeout=10)
    return result.returncode, result.stdout, result.stderr


@pytest.mark.parametrize("flag", ["--help", "-h"])
def test_help(net, flag):
    status, out, err = run(net, flag)
    assert (status, err) == (0, "")
    assert "mpbridge client" in out and "mpbridge server" in out
    for role in ("client", "server"):
        status, out, err = run(net, role, flag)
        assert (status, err) == (0, "")
        assert f"usage: mpbridge {role} -c FILE" in out
        assert "--server-port PORT" in out
    assert "--allow" in out, "the last was the server's"


def test_version(net):
    status, out, err = run(net, "--version")
    assert (status, err) == (0, "")
    assert out.startswith("mpbridge ") and len(out.split()) == 2


@pytest.mark.parametrize("argv, said", [
    (["frobnicate"], 'there is no subcommand "frobnicate"'),
    ([], "usage: mpbridge SUBCOMMAND"),
    (["client"], "-s: missing"),
    (["client", "-s"], "-s: needs a value"),
    (["client", "-c"], "-c: needs a value"),
    (["client", "-Z"], "-Z: unknown flag"),
    (["client", "--colour", "red"], "--colour: unknown flag"),
    (["client", "-i", "eth0"], "-i: refused: links are named in paths"),
    (["client", "--allow", "10.0.0.0/8"], "--allow: for a server only"),
    (["server", "-A"], "-A: refused"),
])
def test_wrong_command_line(net, argv, said):
    before = net.client.dump()
    status, out, err = run(net, *argv)
    assert (status, out) == (2, "")
    assert said in err
    assert difference(before, net.client.dump()) == []
