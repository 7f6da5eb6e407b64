# SPDX-License-Identifier: GPL-3.0-or-later
"""`mpbridge status` where daemons begin, end, are killed, or lose a path."""
import fcntl
import json
import os
import signal
import socket
import time
from pathlib import Path

import pytest
from hosts import Ends, connect, inside
from observe import Stage, eventually, wait_for_line
from testbed import Link, bridge
from testbed.mpbridge import PORT, binary

DIRECTORY = Path("/run/mpbridge")


class OwnDirectory:
    """A folder that is /run/mpbridge for all that is started `under` this. In the machine's, every
    mpbridge that starts meanwhile, for another test, removes the sockets of killed ones."""

    def __init__(self, path):
        self.path = path
        self.under = ["unshare", "--mount", "sh", "-c",
                      f"mkdir -p {DIRECTORY} && mount --bind {path} {DIRECTORY}"
                      ' && exec "$0" "$@"']


@pytest.fixture
def own(tmp_path):
    return OwnDirectory(tmp_path)


def run_status(node, *words, under=()):
    return node.run([*under, binary(), "status", *words], check=False)


def answers(node, *words, under=()):
    """One dict for each daemon that answers."""
    told = run_status(node, "--json", *words, under=under).stdout
    return [json.loads(line) for line in told.splitlines()]


def sockets(daemon, directory=DIRECTORY):
    """Its control socket, if it is there, by its path."""
    return list(directory.glob(f"*.{daemon.role}-{daemon.process.pid}.sock"))


def assert_nobody_runs(node, under=()):
    result = run_status(node, under=under)
    assert (result.returncode, result.stdout) == (1, "")
    assert result.stderr == "mpbridge: no mpbridge runs in this network namespace\n"


def flows(node):
    (answer,) = answers(node)
    return [answer[key] for key in ("flows_open", "flows_started", "flows_ended")]


def test_only_flows_are_told_as_flows(stage):
    """Neither the greetings, of which some have come and gone, nor who waits without a header."""
    net = bridge(stage.lab, [Link(), Link()])
    client, server = stage.bridge(net)
    wait_for_line(client, "answers", 2)
    with Ends(net, 4) as ends:
        ends.keep(connect(net.client, net.server_ips[0], PORT))
        assert flows(net.server) == [0, 0, 0]
        near, _ = ends.pair()
        assert flows(net.server) == flows(net.client) == [1, 1, 0]
        near.close()
        ends.close_all()
        eventually(lambda: flows(net.server), [0, 1, 1])
        eventually(lambda: flows(net.client), [0, 1, 1])


def test_the_socket_goes_with_the_daemon(stage):
    net = bridge(stage.lab, [Link(), Link()])
    assert_nobody_runs(net.client)
    client, server = stage.pair(net)
    assert len(sockets(client)) == 1 and len(sockets(server)) == 1
    assert [answer["role"] for answer in answers(net.client)] == ["client"]
    assert client.stop() == 0 and server.stop() == 0
    assert sockets(client) == [] and sockets(server) == []
    assert_nobody_runs(net.client)


def test_a_killed_daemon_is_ignored_and_its_socket_removed_by_the_next(stage, own):
    net = bridge(stage.lab, [Link(), Link()])
    client = stage.client(net, under=own.under).start().wait_ready()
    (old,) = sockets(client, own.path)
    client.stop(signal.SIGKILL)
    assert old.exists()
    assert_nobody_runs(net.client, own.under)
    again = stage.client(net, name="again", under=own.under).start().wait_ready()
    assert not old.exists()
    assert [answer["pid"] for answer in answers(net.client, under=own.under)] == [
        again.process.pid]


def test_the_socket_of_a_namespace_that_is_gone_is_removed(stage, own):
    with Stage() as other:
        net = bridge(other.lab, [Link(), Link()])
        client = other.client(net, under=own.under).start().wait_ready()
        (old,) = sockets(client, own.path)
        client.stop(signal.SIGKILL)
    assert old.exists()
    stage.client(bridge(stage.lab, [Link(), Link()]), under=own.under).start().wait_ready()
    assert not old.exists()


def test_all_daemons_of_the_namespace_are_shown_and_no_others(stage):
    net = bridge(stage.lab, [Link(), Link()])
    client, server = stage.pair(net)
    other = stage.server(net, name="other", server_port=8400)
    other.node = net.client
    other.start().wait_ready()
    assert [(answer["role"], answer["pid"]) for answer in answers(net.client)] == [
        ("client", client.process.pid), ("server", other.process.pid)]
    assert [answer["role"] for answer in answers(net.client, "server")] == ["server"]
    assert [answer["pid"] for answer in answers(net.server)] == [server.process.pid]
    text = run_status(net.client).stdout
    assert "client on port 1080" in text and "\n\nserver on port 8400" in text


def test_a_daemon_that_does_not_answer_is_told(stage):
    net = bridge(stage.lab, [Link(), Link()])
    client, _ = stage.pair(net)
    os.kill(client.process.pid, signal.SIGSTOP)
    try:
        result = run_status(net.client, "--json")
    finally:
        os.kill(client.process.pid, signal.SIGCONT)
    assert (result.returncode, result.stdout) == (1, "")
    assert result.stderr == (f"mpbridge: the client with pid {client.process.pid}: "
                             "it does not answer\n")
    eventually(lambda: len(answers(net.client)), 1)


def claimed_store(node):
    """A socket that has the lock of the ledgers, routes and rules in the namespace of that node."""
    claim = inside(node, lambda: socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM))
    claim.bind("\0mpbridge.store")
    return claim


def path_of(node, interface, under=()):
    """(state, reason) of a path, None: it is not told."""
    for path in answers(node, under=under)[0]["paths"]:
        if path["interface"] == interface:
            return path["state"], path["reason"]
    return None


def test_a_path_that_is_lost_is_absent_with_a_reason(stage):
    net = bridge(stage.lab, [Link(), Link()])
    stage.pair(net)
    net.client.ip("link", "set", "wan2", "down")
    eventually(lambda: path_of(net.client, "wan2"), ("absent", "the link is down"))
    lost = answers(net.client)[0]["paths"][1]
    assert lost["local"] == "10.10.2.1" and 0 <= lost["age_ms"] < 10_000
    assert path_of(net.client, "wan1")[0] != "absent"
    net.client.ip("link", "set", "wan2", "up")
    net.client.ip("route", "replace", "10.10.2.0/24", "dev", "wan2")
    eventually(lambda: (path_of(net.client, "wan2") or ["none"])[0], "up")


def test_who_starts_in_another_namespace_holds_nobody_up(stage, own):
    """What is locked meanwhile, here without end, is not what a change of the paths waits for."""
    net = bridge(stage.lab, [Link(), Link()])
    stage.client(net, under=own.under).start().wait_ready()
    directory = os.open(own.path, os.O_RDONLY)
    elsewhere = claimed_store(net.server)
    try:
        fcntl.flock(directory, fcntl.LOCK_EX)
        net.client.ip("link", "set", "wan2", "down")
        eventually(lambda: path_of(net.client, "wan2", own.under), ("absent", "the link is down"))
    finally:
        os.close(directory)
        elsewhere.close()


def test_who_starts_in_the_same_namespace_waits(stage):
    """Until the other one has done with the tables that both use."""
    net = bridge(stage.lab, [Link(), Link()])
    with claimed_store(net.client):
        client = stage.client(net).start()
        time.sleep(0.5)
        assert "ready" not in client.log
    client.wait_ready()
    assert "going on without" not in client.log


def test_who_is_stuck_with_the_lock_is_not_waited_for_for_ever(stage):
    net = bridge(stage.lab, [Link(), Link()])
    with claimed_store(net.client):
        client = stage.client(net).start()
        wait_for_line(client, "has had the lock of mpbridge's routes and rules for 5 s")
        client.wait_ready()
        net.client.ip("link", "set", "wan2", "down")
        eventually(lambda: path_of(net.client, "wan2"), ("absent", "the link is down"), 3)
    assert len([line for line in client.log.splitlines() if "going on without" in line]) == 1


def test_a_configured_path_that_was_never_there_is_absent(stage):
    net = bridge(stage.lab, [Link(), Link()])
    net.client.ip("link", "set", "wan2", "down")
    stage.pair(net, {"paths": [{"interface": "wan1"}, {"interface": "wan2"}]})
    assert path_of(net.client, "wan2") == ("absent", "the link is down")


def test_without_its_directory_a_daemon_runs_all_the_same(stage):
    """A control socket is a convenience, so a directory that cannot be made costs nothing else."""
    net = bridge(stage.lab, [Link(), Link()])
    here = stage.client(net, under=("unshare", "--mount", "sh", "-c", "mount -t tmpfs -o ro none /run"
                                    ' && exec "$0" "$@"'))
    here.start().wait_ready()
    assert "cannot open a control socket (Read-only file system)" in here.log


