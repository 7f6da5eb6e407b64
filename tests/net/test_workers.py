# SPDX-License-Identifier: GPL-3.0-or-later
"""Supervisor and workers: privileges, and what is lost when one is killed or told to stop."""
import os
import signal
import socket
import time

import pytest
from conftest import Mode
from hosts import (LIMIT_S, Background, digest, echoes, payload, port_of, receive, receive_all,
                   receive_until_reset, send_and_end)
from processes import descriptors, is_gone, status, workers
from testbed import wait_until

pytestmark = pytest.mark.parametrize("mode", [Mode(4), Mode(6, "copy")], ids=str, indirect=True,
                                     scope="module")

FLOWS = 16
PROMPT_S = 1
GRACE_S = 5
ROLES = pytest.mark.parametrize("role", ["client", "server"])
KILLS = pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSEGV], ids=["KILL", "SEGV"])
STOPS = pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=["TERM", "INT"])


def daemon_of(bridge, role):
    return bridge.client if role == "client" else bridge.server


def is_reset(opened):
    """Whether a connection on which nothing was said was reset; False if it lives."""
    opened.settimeout(0)
    try:
        if opened.recv(1) == b"":
            raise EOFError("a clean end, where a reset was to come")
    except ConnectionResetError:
        return True
    except BlockingIOError:
        return False
    finally:
        opened.settimeout(LIMIT_S)
    raise AssertionError("bytes that nobody sent")


def wait_lost(pairs, count):
    """Until `count` of them were reset in host A; their indices. More may follow and would be found
    by whoever uses the others."""
    lost = set()

    def look():
        lost.update(i for i, (near, _) in enumerate(pairs) if i not in lost and is_reset(near))
        return len(lost) >= count

    wait_until(look, 5, f"{count} flows to be reset")
    return lost


@ROLES
def test_workers_have_no_privileges(start_bridge, role):
    daemon = daemon_of(start_bridge(), role)
    assert workers(daemon)
    for pid in workers(daemon):
        now = status(pid)
        for name in ("CapInh", "CapPrm", "CapEff", "CapAmb"):
            assert int(now[name], 16) == 0, name
        assert "0" not in now["Uid"].split() + now["Gid"].split()
        assert now["Groups"] == ""
        assert now["NoNewPrivs"] == "1"


@ROLES
def test_supervisor_holds_no_flow(start_bridge, ends, role):
    daemon = daemon_of(start_bridge(), role)
    pids = [daemon.process.pid, *workers(daemon)]
    before = [descriptors(pid, "socket:") for pid in pids]
    pairs = [ends.pair() for _ in range(FLOWS)]
    assert all(echoes(*pair) for pair in pairs)
    after = [descriptors(pid, "socket:") for pid in pids]
    assert after[0] <= before[0]
    assert sum(after[1:]) == sum(before[1:]) + 2 * FLOWS


@ROLES
@KILLS
def test_killed_worker_loses_its_flows_only(start_bridge, ends, role, number):
    daemon = daemon_of(start_bridge({"workers": 2}, {"workers": 2}), role)
    victim, other = workers(daemon)
    idle = descriptors(victim, "socket:")
    listener = ends.listen()
    pairs = [ends.pair(listener) for _ in range(FLOWS)]
    assert all(echoes(*pair) for pair in pairs)
    doomed = (descriptors(victim, "socket:") - idle) // 2
    assert 0 < doomed < FLOWS
    os.kill(victim, number)
    lost = wait_lost(pairs, doomed)
    for i, (near, far) in enumerate(pairs):
        if i in lost:
            assert receive_until_reset(far) == b""
        else:
            assert echoes(near, far, payload(50_000))
    wait_until(lambda: len(set(workers(daemon)) - {victim}) == 2, 5, "another in its place")
    assert other in workers(daemon)
    assert all(echoes(*ends.pair(listener)) for _ in range(FLOWS))
    lines = [line for line in daemon.log.splitlines() if f"pid {victim}" in line]
    assert len(lines) == 1 and f"signal {int(number)}" in lines[0]


@ROLES
def test_backlog_of_a_killed_worker_is_served(start_bridge, ends, role):
    """What waits while a worker does nothing more is taken by the one that follows it."""
    daemon = daemon_of(start_bridge({"workers": 1}, {"workers": 1}), role)
    victim, = workers(daemon)
    os.kill(victim, signal.SIGSTOP)
    listener = ends.listen()
    waiting = [ends.connect(port_of(listener)) for _ in range(5)]
    for near in waiting:
        near.sendall(b"%5d" % port_of(near))
    os.kill(victim, signal.SIGKILL)
    by_port = {port_of(near): near for near in waiting}
    for _ in waiting:
        far = ends.accept(listener)
        assert echoes(by_port.pop(int(receive(far, 5))), far)
    assert not by_port


@ROLES
def test_killed_supervisor(start_bridge, ends, role):
    """Its workers end, flows are reset, and it can be started again at once."""
    daemon = daemon_of(start_bridge(), role)
    pids = workers(daemon)
    pairs = [ends.pair() for _ in range(4)]
    assert all(echoes(*pair) for pair in pairs)
    daemon.process.kill()
    daemon.process.wait()
    for pair in pairs:
        for opened in pair:
            assert receive_until_reset(opened) == b""
    wait_until(lambda: all(is_gone(pid) for pid in pids), 5, "the workers to end")
    daemon.start()
    wait_until(lambda: daemon.log.count("ready") == 2, 5, "the second start")
    assert echoes(*ends.pair())


@pytest.mark.parametrize("role, number", [("client", signal.SIGTERM), ("server", signal.SIGINT)],
                         ids=["client-TERM", "server-INT"])
def test_stop_gives_flows_time(start_bridge, ends, role, number):
    """No new connections; a flow that ends within the time ends well, the rest is reset."""
    daemon = daemon_of(start_bridge(), role)
    listener = ends.listen()
    idle, busy = ends.pair(listener), ends.pair(listener)
    assert echoes(*idle) and echoes(*busy)
    start = time.monotonic()
    daemon.process.send_signal(number)
    wait_until(lambda: "stopping: 2 flows" in daemon.log, 2, "the stop to begin")
    wait_until(lambda: refuses(ends, port_of(listener)), 2, "new connections to be refused")
    data = payload(1 << 20)
    sender = Background(send_and_end, busy[0], data)
    assert digest(receive_all(busy[1])) == digest(data)
    send_and_end(busy[1], b"done")
    assert receive_all(busy[0]) == b"done"
    sender.result()
    for opened in idle:
        assert receive_until_reset(opened) == b""
    assert GRACE_S - 1 < time.monotonic() - start < GRACE_S + 2
    assert daemon.process.wait(2) == 0


@ROLES
@STOPS
def test_stop_ends_with_the_last_flow(start_bridge, ends, role, number):
    daemon = daemon_of(start_bridge(), role)
    near, far = ends.pair()
    assert echoes(near, far)
    daemon.process.send_signal(number)
    wait_until(lambda: "stopping: 1 flows" in daemon.log, 2, "the stop to begin")
    start = time.monotonic()
    for opened in (near, far):
        opened.shutdown(socket.SHUT_WR)
    assert receive_all(near) == receive_all(far) == b""
    assert daemon.process.wait(PROMPT_S) == 0
    assert time.monotonic() - start < PROMPT_S


@ROLES
@STOPS
def test_second_signal_ends_at_once(start_bridge, ends, role, number):
    daemon = daemon_of(start_bridge(), role)
    pair = ends.pair()
    assert echoes(*pair)
    daemon.process.send_signal(number)
    wait_until(lambda: "stopping: 1 flows" in daemon.log, 2, "the stop to begin")
    start = time.monotonic()
    daemon.process.send_signal(number)
    assert daemon.process.wait(PROMPT_S) == 0
    assert time.monotonic() - start < PROMPT_S
    for opened in pair:
        assert receive_until_reset(opened) == b""


def refuses(ends, port):
    """Whether a new connection gets a reset instead of the destination. One that comes between the
    supervisor's word and the workers' obeying is still carried; it is let go again."""
    try:
        opened = ends.connect(port)
        opened.settimeout(0.3)
        opened.recv(1)
    except (ConnectionRefusedError, ConnectionResetError):
        return True
    except TimeoutError:
        opened.close()
    return False
