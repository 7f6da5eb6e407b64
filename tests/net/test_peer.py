# SPDX-License-Identifier: GPL-3.0-or-later
"""The far end goes away and comes back: what becomes of running and of new connections."""
import signal

import pytest
from hosts import Ends, echoes, expect_reset, receive_until_reset
from observe import (eventually, lines_with, links4, mptcp_subflows, open_flows, expect_paths,
                     wait_for_line)
from testbed import Link, bridge
from testbed.wait import wait_until

LINKS = (1, 2)


@pytest.fixture
def net(stage):
    return bridge(stage.lab, [Link(), Link()])


def kill(daemon):
    daemon.process.send_signal(signal.SIGKILL)
    daemon.process.wait()


def reaches(net, ends, listener):
    """Whether a new connection of host A gets to host B."""
    near = ends.connect(listener.getsockname()[1])
    listener.settimeout(1)
    try:
        far = ends.keep(listener.accept()[0])
    except TimeoutError:
        return False
    far.settimeout(5)
    return echoes(near, far)


def test_killed_server_resets_and_its_successor_serves(stage, net):
    client, server = stage.bridge(net)
    wait_for_line(client, "8388 answers", 2)
    with Ends(net, 4) as ends:
        listener = ends.listen()
        near, _ = ends.pair(listener)
        kill(server)
        receive_until_reset(near)
        wait_for_line(client, "does not answer (refused: nothing listens there)", 2)
        expect_reset(ends, listener.getsockname()[1])
        stage.server(net, name="again").start().wait_ready()
        wait_until(lambda: reaches(net, ends, listener), 5, "new connections to work again")
    wait_for_line(client, "8388 answers", 4)
    expect_paths(net, links4(*LINKS))


def test_new_connections_go_out_directly_if_told_so(stage, net):
    """By the router's own routes: here over link 1, as plain TCP. And over the bridge again."""
    client, server = stage.bridge(net, {"on_peer_down": "direct"})
    wait_for_line(client, "8388 answers", 2)
    kill(server)
    wait_for_line(client, "does not answer", 2)
    with Ends(net, 4) as ends:
        ((near, far),) = open_flows(ends)
        assert echoes(near, far)
        assert far.getpeername()[0] in ("10.10.1.1", "192.168.1.1")
        assert mptcp_subflows(net.client) == []
        assert lines_with(client, "new connections go out directly")
        stage.server(net, name="again").start().wait_ready()
        wait_for_line(client, "8388 answers", 4)
        ((near, far),) = open_flows(ends)
        assert echoes(near, far)
        eventually(lambda: len(mptcp_subflows(net.client)), 2)
        assert far.getpeername()[0] == "192.168.2.1", "the server's address"


@pytest.mark.parametrize("mode", ["refuse", "direct"])
def test_silent_links_refuse_at_once(stage, net, mode):
    """When all links are silent nobody waits for the kernel's timers."""
    client, _ = stage.bridge(net, {"on_peer_down": mode})
    wait_for_line(client, "8388 answers", 2)
    for number in LINKS:
        net.lab.link(number).blackhole()
    wait_for_line(client, "does not answer (timeout)", 2, timeout_s=15)
    with Ends(net, 4) as ends:
        if mode == "refuse":
            expect_reset(ends, 9)
            wait_for_line(client, "no path to it works at present")
        for number in LINKS:
            net.lab.link(number).blackhole(False)
        wait_for_line(client, "8388 answers", 4)
        ((near, far),) = open_flows(ends)
        assert echoes(near, far)


def test_flows_of_a_router_that_was_restarted_are_reset(stage, net):
    """Its reset never came: the links were silent while it went down. The new one says that it is
    another, and the flows, idle ones too, are told so."""
    client, server = stage.bridge(net)
    wait_for_line(client, "8388 answers", 2)
    with Ends(net, 4) as ends:
        near, _ = ends.pair()
        eventually(lambda: len(mptcp_subflows(net.client)), 2)
        wait_until(lambda: net.server.subflows(8388), 5, "the server to have the flow")
        for number in LINKS:
            net.lab.link(number).blackhole()
        kill(server)
        eventually(lambda: [s for s in net.server.subflows(8388) if s.state == "ESTAB"], [])
        stage.server(net, name="again").start().wait_ready()
        for number in LINKS:
            net.lab.link(number).blackhole(False)
        receive_until_reset(near)
    assert lines_with(client, "the server has been started again")
    expect_paths(net, links4(*LINKS))


def test_running_flows_outlive_a_time_without_any_link(stage, net):
    """All links are silent for longer than the kernel's first timers; nothing is lost."""
    client, _ = stage.bridge(net)
    wait_for_line(client, "8388 answers", 2)
    with Ends(net, 4) as ends:
        ((near, far),) = open_flows(ends)
        eventually(lambda: len(mptcp_subflows(net.client)), 2)
        for number in LINKS:
            net.lab.link(number).blackhole()
        wait_for_line(client, "does not answer (timeout)", 2, timeout_s=15)
        near.sendall(b"x" * 1000)
        for number in LINKS:
            net.lab.link(number).blackhole(False)
        wait_for_line(client, "8388 answers", 4)
        far.settimeout(15)
        assert len(far.recv(1000)) > 0
        eventually(lambda: len(mptcp_subflows(net.client)), 2)
