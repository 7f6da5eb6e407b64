# SPDX-License-Identifier: GPL-3.0-or-later
"""More connections than a worker has descriptors for."""
import time

import pytest
from hosts import LIMIT_S, echoes, payload, port_of, receive
from testbed import wait_until
from testbed.mpbridge import binary

DESCRIPTORS = 64
# 64 less what a worker needs itself, at two for each flow and some for pipes
FLOWS_THAT_FIT_MIN = 10
TRIED = 40
ID_BYTES = 16
QUIET_S = 0.5
PACE_S = 0.05


@pytest.fixture
def few_descriptors(tmp_path, monkeypatch, role):
    """mpbridge of that role may open DESCRIPTORS files."""
    wrapper = tmp_path / "mpbridge"
    wrapper.write_text(f"#!/bin/sh\n"
                       f'[ "$1" = {role} ] && exec prlimit --nofile={DESCRIPTORS} {binary()} "$@"\n'
                       f'exec {binary()} "$@"\n')
    wrapper.chmod(0o755)
    monkeypatch.setenv("MPBRIDGE", str(wrapper))


def admit(ends, listener, limit_s):
    """The next connection that came through, as (host A's port, host B's socket); None if none."""
    listener.settimeout(limit_s)
    try:
        far = ends.keep(listener.accept()[0])
    except TimeoutError:
        return None
    far.settimeout(LIMIT_S)
    return int(receive(far, ID_BYTES)), far


def knock(ends, port):
    """{port: socket}: connections from host A that say who they are. The kernel takes them all.

    Not as a crowd: a server with few descriptors lets six in that have not said yet who they are,
    and makes room for the next (relay/lobby.c)."""
    knocking = {}
    for _ in range(TRIED):
        near = ends.connect(port)
        near.sendall(b"%*d" % (ID_BYTES, port_of(near)))
        knocking[port_of(near)] = near
        time.sleep(PACE_S)
    return knocking


@pytest.mark.parametrize("role", ["client", "server"])
def test_more_connections_than_descriptors(net, ends, few_descriptors, start_bridge, role):
    """Running flows go on, new ones wait, and work as soon as others end; nothing is lost."""
    bridge = start_bridge({"workers": 1}, {"workers": 1})
    daemon = bridge.client if role == "client" else bridge.server
    listener = ends.listen()
    knocking = knock(ends, port_of(listener))
    wait_until(lambda: "out of descriptors" in daemon.log, 5, "the shortage to be told")
    running = []
    while admitted := admit(ends, listener, QUIET_S):
        running.append(admitted)
    served = len(running)
    assert FLOWS_THAT_FIT_MIN <= served < TRIED
    for port, far in running[:5]:
        assert echoes(knocking[port], far, payload(100_000))
    while running:
        port, far = running.pop(0)
        assert echoes(knocking[port], far, payload(1000))
        knocking[port].close()
        far.close()
        if served < TRIED:
            running.append(admit(ends, listener, LIMIT_S))
            served += 1
    assert served == TRIED
    assert daemon.log.count("out of descriptors") == 1
