# SPDX-License-Identifier: GPL-3.0-or-later
"""What becomes of paths when an end is restarted, a link comes and goes, or a far end is silent."""
import time

import pytest
from hosts import Ends, connect, echoes, expect_reset, port_of, receive, receive_until_reset
from observe import (connections, endpoints, eventually, expect_paths, lines_with, links4, links6,
                     mptcp_subflows, open_flows, wait_for_line)
from testbed import Link, bridge
from testbed.mpbridge import PORT, add_redirect

DIAL_DEADLINE_S = 3


@pytest.fixture
def net(stage):
    return bridge(stage.lab, [Link(), Link()])


def test_client_before_server(stage, net):
    add_redirect(net.client, ("iptables",))
    client = stage.client(net).start().wait_ready()
    wait_for_line(client, "does not answer (refused: nothing listens there)", 2)
    stage.server(net).start().wait_ready()
    wait_for_line(client, "8388 answers", 2)
    expect_paths(net, links4(1, 2))


def test_server_is_restarted(stage, net):
    """Running flows are reset, on host A too; later ones use both links again."""
    client, server = stage.bridge(net)
    with Ends(net, 4) as ends:
        flows = open_flows(ends, 3)
        server.process.terminate()
        wait_for_line(server, "flows have")
        assert server.stop() == 0, "a second SIGTERM ends the grace time"
        for near, _ in flows:
            receive_until_reset(near)
    wait_for_line(client, "does not answer", 2, timeout_s=12)
    stage.server(net, name="again").start().wait_ready()
    wait_for_line(client, "8388 answers", 4)
    expect_paths(net, links4(1, 2))


def test_client_is_restarted(stage, net):
    client, _ = stage.bridge(net)
    expect_paths(net, links4(1, 2))
    client.stop()
    stage.client(net, name="again").start().wait_ready()
    expect_paths(net, links4(1, 2))


def cut_carrier(net):
    link = net.lab.link(2)
    link.down()
    return link.up


def take_addresses(net):
    """Neither router has an address on link 2."""
    ends = ((net.client, "10.10.2.1"), (net.server, "10.10.2.2"))
    for node, _ in ends:
        node.ip("-4", "address", "flush", "dev", "wan2")

    def give_back():
        for node, address in ends:
            node.ip("address", "add", f"{address}/24", "dev", "wan2")
    return give_back


def take_device(net):
    """There is no link 2 at all."""
    net.client.ip("link", "del", "wan2")

    def give_back():
        Link().attach(net.lab, net.client, net.server, "wan2", "wan2").create()
        for node, address in ((net.client, "10.10.2.1"), (net.server, "10.10.2.2")):
            node.ip("address", "add", f"{address}/24", "dev", "wan2")
    return give_back


@pytest.mark.parametrize("take", [cut_carrier, take_addresses, take_device])
def test_link_that_comes_after_the_start(stage, net, take):
    give_back = take(net)
    client, _ = stage.bridge(net)
    expect_paths(net, links4(1))
    give_back()
    wait_for_line(client, "path wan2: 10.10.2.2:8388 answers")
    expect_paths(net, links4(1, 2))


def test_ipv6_link_that_comes_after_the_start(stage, net):
    give_back = cut_carrier(net)
    client, _ = stage.bridge(net, client_server=net.server_ips6, server_server="::")
    expect_paths(net, links6(1))
    give_back()
    wait_for_line(client, "path wan2: [fd00:10:2::2]:8388 answers", timeout_s=12)
    expect_paths(net, links6(1, 2))


@pytest.mark.parametrize("take", [cut_carrier, take_addresses, take_device])
def test_link_that_goes_and_comes(stage, net, take):
    """It is told, and flows that run live on."""
    client, _ = stage.bridge(net)
    with Ends(net, 4) as ends:
        ((near, far),) = open_flows(ends)
        eventually(lambda: len(mptcp_subflows(net.client)), 2)
        give_back = take(net)
        wait_for_line(client, "path wan2: not used")
        assert echoes(near, far)
    expect_paths(net, links4(1))
    give_back()
    wait_for_line(client, "path wan2: 10.10.2.1 to 10.10.2.2", 2)
    wait_for_line(client, "path wan2: 10.10.2.2:8388 answers", 2)
    expect_paths(net, links4(1, 2))


def test_no_link_at_the_start(stage, net):
    """Named or derived, a client starts without any, says so, and takes the first that comes."""
    ups = []
    for link in stage.lab.links:
        link.down()
        ups.append(link.up)
    add_redirect(net.client, ("iptables",))
    stage.server(net).start().wait_ready()
    client = stage.client(net).start().wait_ready()
    wait_for_line(client, "no link leads to the server now; waiting for one")
    for up in ups:
        up()
    wait_for_line(client, "8388 answers", 2)
    expect_paths(net, links4(1, 2))
    assert len(lines_with(client, "no link leads to the server now")) == 1


def seconds_to_open(net):
    """How long a new connection takes until host B has it and bytes go both ways."""
    with Ends(net, 4) as ends:
        begin = time.monotonic()
        ((near, far),) = open_flows(ends)
        assert echoes(near, far)
        return time.monotonic() - begin


def test_silent_path_is_left_at_once_when_it_is_known(stage, net):
    """Link 1 swallows everything: connections work, within one path's deadline before the greeting
    has noticed it and at once afterwards. One line tells of the silence, one of the return."""
    client, _ = stage.bridge(net)
    expect_paths(net, links4(1, 2), count=1)
    stage.lab.link(1).blackhole()
    assert seconds_to_open(net) < DIAL_DEADLINE_S + 2
    wait_for_line(client, "path wan1: 10.10.1.2:8388 does not answer (timeout)", timeout_s=12)
    assert max(seconds_to_open(net) for _ in range(5)) < 1
    stage.lab.link(1).blackhole(False)
    wait_for_line(client, "path wan1: 10.10.1.2:8388 answers", 2, timeout_s=12)
    expect_paths(net, links4(1, 2), count=1)
    assert len(lines_with(client, "path wan1: 10.10.1.2:8388 does not answer")) == 1
    assert len(lines_with(client, "path wan2: 10.10.2.2:8388")) == 1


def test_connections_before_the_silence_is_known(stage, net):
    """Each of several connections at once is there within one deadline."""
    stage.bridge(net)
    stage.lab.link(1).blackhole()
    with Ends(net, 4) as ends:
        begin = time.monotonic()
        listener = ends.listen()
        nears = [ends.connect(port_of(listener)) for _ in range(5)]
        fars = [ends.accept(listener) for _ in nears]
        assert time.monotonic() - begin < DIAL_DEADLINE_S + 2
        for far in fars:
            far.sendall(b"x")
        assert [receive(near, 1) for near in nears] == [b"x"] * 5
        eventually(lambda: {subflow.peer for subflow in mptcp_subflows(net.client)
                            if subflow.is_initial and subflow.state == "ESTAB"}, {"10.10.2.2"})


def test_server_that_never_answers(stage, net):
    """Host A is reset at once, and one line names each silent path."""
    add_redirect(net.client, ("iptables",))
    client = stage.client(net).start().wait_ready()
    with Ends(net, 4) as ends:
        expect_reset(ends, 9)
    wait_for_line(client, "8388 does not answer (refused: nothing listens there)", 2)
    assert len(lines_with(client, "does not answer")) == 2
    wait_for_line(client, "no connection to the far router for 192.168.2.2:9: Connection refused")
    assert connections(net.client) == []


def test_client_that_is_faster_than_the_news_of_an_address(stage, net):
    """A server's new address is used by a client before netlink has told the server of it."""
    net.server.ip("-4", "address", "flush", "dev", "wan2")
    stage.bridge(net, server={"allow": ["10.10.0.0/16"], "workers": 1})
    eventually(lambda: set(endpoints(net.server)), {"10.10.1.2"})
    mac = net.server.ip("-o", "link", "show", "wan2").partition("link/ether ")[2].split()[0]
    net.client.ip("neigh", "replace", "10.10.2.2", "lladdr", mac, "dev", "wan2")
    net.server.ip("address", "add", "10.10.2.2/24", "dev", "wan2")
    connect(net.client, "10.10.2.2", PORT).close()
    expect_paths(net, links4(1, 2), count=1)
