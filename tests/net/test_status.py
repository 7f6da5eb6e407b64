# SPDX-License-Identifier: GPL-3.0-or-later
"""`mpbridge status` tells what is true of a bridge, and whoever asks does it no harm."""
import json
import os
import pty
import select
import signal
import socket
import subprocess
import time
from pathlib import Path

import pytest
from conftest import Mode
from hosts import LIMIT_S, Background, inside, payload, receive
from observe import eventually, links4, links6, mptcp_subflows, run_status, status_of
from processes import descriptors, workers
from testbed.mpbridge import PORT, binary
from testbed.wait import wait_until

DIRECTORY = Path("/run/mpbridge")
NOBODY = 65534
QUIET_TRIES = 20

pytestmark = pytest.mark.parametrize("mode", [Mode(4), Mode(6)], indirect=True, ids=str,
                                     scope="module")


def paths_of(daemon):
    """{interface: what is said of it}"""
    return {path["interface"]: path for path in status_of(daemon)["paths"]}


def control_socket(daemon):
    """Its path."""
    found = list(DIRECTORY.glob(f"*.{daemon.role}-{daemon.process.pid}.sock"))
    assert len(found) == 1, found
    return found[0]


def ask(daemon, data, timeout_s=LIMIT_S):
    """What the control socket answers to these bytes."""
    with socket.socket(socket.AF_UNIX) as opened:
        opened.settimeout(timeout_s)
        opened.connect(str(control_socket(daemon)))
        opened.sendall(data)
        parts = []
        while part := opened.recv(1 << 16):
            parts.append(part)
        return b"".join(parts)


def pairs(family):
    return links4(1, 2) if family == 4 else links6(1, 2)


@pytest.fixture
def flows(bridge, ends):
    """Three open flows, joined."""
    listener = ends.listen()
    opened = [ends.pair(listener) for _ in range(3)]
    wait_until(lambda: sum(subflow.state == "ESTAB" for subflow in
                           mptcp_subflows(bridge.net.client)) == 6, LIMIT_S, "six subflows")
    return opened


def test_the_client_tells_its_paths(bridge, family):
    answer = status_of(bridge.client)
    assert (answer["role"], answer["port"], answer["state"]) == ("client", 1080, "running")
    assert answer["pid"] == bridge.client.process.pid
    assert answer["subflow_figures"] == "ok" and answer["mptcp"] is True
    assert [worker["pid"] for worker in answer["workers"]] == sorted(workers(bridge.client))
    assert {worker["state"] for worker in answer["workers"]} == {"running"}
    paths = {path["interface"]: path for path in answer["paths"]}
    assert sorted(paths) == ["wan1", "wan2"]
    for path, (local, server) in zip((paths["wan1"], paths["wan2"]), pairs(family)):
        assert (path["local"], path["server"], path["state"]) == (local, server, "up")
        assert path["reason"]


def test_they_tell_what_they_run_with(bridge, family):
    told = status_of(bridge.client)["configuration"]
    assert told["server"] == [[server for _, server in pairs(family)]]
    assert (told["method"], told["server_port"], told["paths"]) == ("none", PORT, [])
    assert told["intercept"] is None
    assert len(status_of(bridge.server)["configuration"]["server"]) == 1


def test_the_server_tells_what_it_announces(bridge, family):
    eventually(lambda: [path["announced"] for path in paths_of(bridge.server).values()
                        if path["interface"] in ("wan1", "wan2")], [True, True])
    answer = status_of(bridge.server)
    assert (answer["role"], answer["port"]) == ("server", PORT)
    local = {path["interface"]: path["local"] for path in answer["paths"]}
    assert [local["wan1"], local["wan2"]] == [far for _, far in pairs(family)]


def carry(flow, count):
    """Bytes both ways over a flow that stays open."""
    for source, destination in (flow, reversed(flow)):
        sender = Background(source.sendall, payload(count))
        receive(destination, count)
        sender.result()


def acknowledged(node):
    return sum(subflow.bytes("bytes_acked") for subflow in mptcp_subflows(node))


def measure(daemon, flow, count):
    """Two answers; in between, that many bytes go both ways."""
    before, start = status_of(daemon), acknowledged(daemon.node)
    carry(flow, count)
    wait_until(lambda: acknowledged(daemon.node) - start >= count, LIMIT_S, "the acknowledgements")
    return before, status_of(daemon)


def measure_quietly(daemon, flow, count):
    """The same, when neither answer counts a greeting: that is plain TCP at the same port, and its
    bytes are among the path's as long as it is open."""
    for _ in range(QUIET_TRIES):
        answers = measure(daemon, flow, count)
        if all(path["tcp"] == 0 for answer in answers for path in answer["paths"]):
            return answers
    raise AssertionError(f"in {QUIET_TRIES} measurements a greeting was open")


def test_subflows_and_bytes_are_counted(bridge, flows):
    for daemon in (bridge.client, bridge.server):
        eventually(lambda: [paths_of(daemon)[name]["subflows"] for name in ("wan1", "wan2")],
                   [3, 3])
    count = 4 << 20
    before, after = measure_quietly(bridge.client, flows[0], count)

    def grown(key):
        return sum(path[key] - old[key] for path, old in zip(after["paths"], before["paths"]))

    for key in ("sent", "received"):
        assert count <= grown(f"bytes_{key}") < 1.2 * count
        assert grown(f"bytes_{key}") == grown(f"seen_{key}")
    for key in ("bytes_lan_to_wan", "bytes_wan_to_lan"):
        assert after[key] - before[key] == count
        assert sum(worker[key] for worker in after["workers"]) == after[key]
    for path, old in zip(after["paths"], before["paths"]):
        assert path["bytes_sent"] > old["bytes_sent"]
        assert 0 < path["rtt_min_us"] <= path["rtt_median_us"] < 1_000_000
        assert 0 <= path["loss"] < 0.5


def test_what_was_seen_never_falls(bridge, flows):
    carry(flows[0], 100_000)
    before = paths_of(bridge.client)
    for near, far in flows:
        near.close()
        far.close()
    eventually(lambda: [path["subflows"] for path in paths_of(bridge.client).values()], [0, 0])
    for name, path in paths_of(bridge.client).items():
        assert path["bytes_sent"] == 0
        assert path["seen_sent"] >= before[name]["seen_sent"]


def test_figures_of_the_kernel_agree(bridge, flows):
    near, far = flows[1]
    near.sendall(payload(200_000))
    receive(far, 200_000)
    wait_until(lambda: status_of(bridge.client)["paths"][0]["bytes_sent"] > 0, LIMIT_S, "bytes")

    def difference():
        told = sum(path["bytes_sent"] for path in paths_of(bridge.client).values())
        subflows = mptcp_subflows(bridge.net.client)
        return told - sum(subflow.bytes("bytes_acked") for subflow in subflows)

    eventually(difference, 0)  # the last acknowledgements may still be on their way
    name = Path("/proc/sys/net/ipv4/tcp_congestion_control")
    expected = inside(bridge.net.client, name.read_text).strip()
    for path in paths_of(bridge.client).values():
        assert path["congestion_control"] == [expected]


def test_flows_are_told_on_request(bridge, flows, family):
    assert "connections" not in status_of(bridge.client)
    answer = status_of(bridge.client, "--flows")
    assert answer["connections_left_out"] == 0
    assert len(answer["connections"]) == 3
    for connection in answer["connections"]:
        subflows = sorted(connection["subflows"], key=lambda subflow: subflow["path"])
        assert [subflow["path"] for subflow in subflows] == ["wan1", "wan2"]
        assert sum(subflow["initial"] for subflow in subflows) == 1
        for subflow, (local, remote) in zip(subflows, pairs(family)):
            assert local in subflow["local"] and remote in subflow["remote"]
            assert subflow["remote"].endswith(f":{PORT}")
            assert (subflow["state"], subflow["backup"]) == ("open", False)


def test_many_flows_are_counted_and_not_all_told(bridge, ends):
    listener = ends.listen()
    for _ in range(270):
        ends.pair(listener)
    eventually(lambda: status_of(bridge.client)["paths"][0]["subflows"], 270)
    answer = status_of(bridge.client, "--flows")
    assert len(answer["connections"]) == 256
    assert answer["connections_left_out"] == 14
    assert "and 14 more" in run_status(bridge.client, "--flows").stdout


def test_the_table_is_aligned_and_narrow(bridge, flows, family):
    text = run_status(bridge.client, "client").stdout
    lines = text.splitlines()
    assert lines[0].startswith("client on port 1080, pid ")
    assert lines[1].startswith("3 flows open, ")
    assert lines[3].split() == ["PATH", "STATE", "FOR", "RTT", "LOSS", "SUBFLOWS", "SENDING",
                                "RECEIVING", "CC"]
    for line, name in zip(lines[4:6], ("wan1", "wan2")):
        assert line.split()[:2] == [name, "up"]
        assert line.index("up") == lines[3].index("STATE")
    assert "bit/s" in lines[4]
    for line, pair in zip(lines[8:10], pairs(family)):
        assert all(address in line for address in pair)
    assert max(map(len, lines)) <= 80


def test_nothing_secret_is_told(bridge, flows):
    for daemon in (bridge.client, bridge.server):
        text = run_status(daemon, "--json", "--flows").stdout
        assert "password" not in text and "key" not in text


def test_a_role_that_does_not_run_is_said(bridge):
    result = run_status(bridge.client, "server", check=False)
    assert result.returncode == 1 and result.stdout == ""
    assert result.stderr == "mpbridge: no mpbridge server runs in this network namespace\n"


@pytest.mark.parametrize("words", [["both"], ["--jsn"], ["client", "server"], ["--json=1"]],
                         ids=" ".join)
def test_wrong_words_are_refused(bridge, words):
    result = run_status(bridge.client, *words, check=False)
    assert result.returncode == 2 and result.stdout == ""
    assert "mpbridge" in result.stderr and "usage" in result.stderr


def read_until(descriptor, count, mark):
    """What comes until `mark` has come that often."""
    text, end_s = b"", time.monotonic() + LIMIT_S
    while text.count(mark) < count:
        assert time.monotonic() < end_s, text
        if select.select([descriptor], [], [], 0.2)[0]:
            text += os.read(descriptor, 1 << 16)
    return text.decode()


def test_watch_redraws_a_terminal_until_it_is_interrupted(bridge, flows):
    ours, theirs = pty.openpty()
    process = bridge.net.client.popen([binary(), "status", "--watch"], stdin=theirs, stdout=theirs)
    os.close(theirs)
    text = read_until(ours, 3, b"\x1b[H\x1b[2J")
    frames = text.split("\x1b[H\x1b[2J")
    assert frames[0] == "" and "client on port" in frames[1]
    assert "bit/s" not in frames[1] and "bit/s" in frames[2]
    process.send_signal(signal.SIGINT)
    assert process.wait(LIMIT_S) == -signal.SIGINT
    os.close(ours)


def test_watch_writes_blocks_where_there_is_no_terminal(bridge):
    process = bridge.net.client.popen([binary(), "status", "--watch"], stdout=subprocess.PIPE)
    text = read_until(process.stdout.fileno(), 2, b"client on port")
    assert "\x1b" not in text
    process.kill_group()


def test_the_socket_is_for_its_user_alone(bridge):
    found = control_socket(bridge.client)
    assert found.stat().st_mode & 0o777 == 0o600

    def connect_as_nobody():
        return subprocess.run(
            ["/usr/bin/python3", "-c",
             f"import socket; socket.socket(socket.AF_UNIX).connect('{found}')"],
            user=NOBODY, group=NOBODY, extra_groups=[], capture_output=True, text=True)

    result = connect_as_nobody()
    assert result.returncode != 0 and "PermissionError" in result.stderr
    found.chmod(0o666)  # and if somebody has opened it, the daemon still asks who comes
    try:
        assert connect_as_nobody().returncode == 0
        said = subprocess.run(
            ["/usr/bin/python3", "-c",
             f"import socket; s = socket.socket(socket.AF_UNIX); s.connect('{found}')\n"
             "try:\n s.sendall(b'status\\n')\nexcept OSError:\n pass\n"
             "try:\n print(len(s.recv(1)))\nexcept OSError:\n print(0)"],
            user=NOBODY, group=NOBODY, extra_groups=[], capture_output=True, text=True)
        assert said.stdout == "0\n"
    finally:
        found.chmod(0o600)


@pytest.mark.parametrize("data", [b"\n", b"GET / HTTP/1.1\r\n\r\n", b"x" * 5000, bytes(100),
                                  b"status everything\n"], ids=lambda data: repr(data[:12]))
def test_rubbish_is_answered_with_an_error(bridge, data):
    try:
        assert b"error" in ask(bridge.client, data)
    except (ConnectionResetError, BrokenPipeError):
        pass  # what was not read is thrown away, and the answer with it
    assert status_of(bridge.client)["role"] == "client"


def test_a_question_may_come_in_pieces(bridge):
    with socket.socket(socket.AF_UNIX) as opened:
        opened.settimeout(LIMIT_S)
        opened.connect(str(control_socket(bridge.client)))
        for byte in b"status\n":
            opened.sendall(bytes([byte]))
            time.sleep(0.01)
        assert opened.recv(10).startswith(b"{")


def test_those_who_connect_and_say_nothing_do_not_keep_others_out(bridge):
    pid = bridge.client.process.pid
    before = descriptors(pid, "socket:")
    name = str(control_socket(bridge.client))
    idle = []
    try:
        for _ in range(1000):
            opened = socket.socket(socket.AF_UNIX)
            opened.connect(name)
            idle.append(opened)
            if len(idle) % 250 == 0:
                start = time.monotonic()
                assert status_of(bridge.client)["pid"] == pid
                assert time.monotonic() - start < 1
        assert descriptors(pid, "socket:") <= before + 8
        eventually(lambda: descriptors(pid, "socket:"), before)  # their time is over
    finally:
        for opened in idle:
            opened.close()


def test_one_who_does_not_read_holds_nobody_up(bridge, flows):
    opened = [socket.socket(socket.AF_UNIX) for _ in range(8)]
    try:
        for one in opened:
            one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
            one.connect(str(control_socket(bridge.client)))
            one.sendall(b"status flows\n")
        start = time.monotonic()
        assert status_of(bridge.client, "--flows")["role"] == "client"
        assert time.monotonic() - start < 1
    finally:
        for one in opened:
            one.close()
