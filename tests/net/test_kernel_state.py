# SPDX-License-Identifier: GPL-3.0-or-later
"""What is put into the kernel: no more than needed, recognisable, and taken away at the end."""
import itertools

import pytest
from hosts import Ends, connect, listen
from observe import (connections, difference, endpoints, eventually, expect_paths, lines_with,
                     limits, links4, mptcp_subflows, open_flows, our_routes, our_rules,
                     wait_for_line)
from testbed import Link, bridge, rented
from testbed.mpbridge import PORT, add_redirect, config_text

ALLOW = ["10.10.0.0/16", "fd00:10::/32"]
TABLES = range(52000, 52256)
PRIORITIES = range(520, 552)
FOREIGN_NFT = """
table inet other {
\tchain forward {
\t\ttype filter hook forward priority filter; policy accept;
\t\ttcp dport 9 counter drop
\t}
}
"""


@pytest.fixture
def net(stage):
    return bridge(stage.lab, [Link(), Link()])


@pytest.fixture
def far_net(stage):
    """A rented server."""
    return rented(stage.lab, [Link(), Link()])


def dumps(net):
    return net.client.dump(), net.server.dump()


def expect_dumps(net, before):
    for old, new in zip(before, dumps(net)):
        assert difference(old, new) == []


def words_after(line, key):
    """What follows that word in a line of ip(8)."""
    words = line.split()
    return words[words.index(key) + 1]


def expect_only_ours(before, after):
    """All that was added carries our tag and lies in our ranges; nothing else is gone."""
    for line in difference(before, after):
        if "subflows" in line or " id " in line:
            continue  # limits and endpoints cannot be tagged
        assert line.startswith("+") and "proto 109" in line
        table = words_after(line, "lookup" if "lookup" in line else "table")
        assert int(table) in TABLES
        if "lookup" in line:
            assert int(line[1:].split(":")[0]) in PRIORITIES


@pytest.mark.parametrize("family", [4, 6])
def test_all_that_is_added_is_ours(stage, net, family):
    before = dumps(net)
    addresses = net.server_ips if family == 4 else net.server_ips6
    stage.server(net, ["0.0.0.0", "::"]).start().wait_ready()
    stage.client(net, addresses).start().wait_ready()
    eventually(lambda: endpoints(net.server), {ip: {"signal"} for ip in addresses})
    assert {flag for flags in endpoints(net.client).values() for flag in flags} == set()
    assert len(endpoints(net.client)) == 2
    for node, old in zip((net.client, net.server), before):
        expect_only_ours(old, node.dump())
        assert our_rules(node) and our_routes(node)


def test_limits_are_raised_as_far_as_needed(stage, net):
    stage.server(net).start().wait_ready()
    stage.client(net).start().wait_ready()
    assert limits(net.client) == (8, 8)
    assert limits(net.server) == (0, 8)


def test_higher_limits_stay(stage, net):
    net.client.ip("mptcp", "limits", "set", "subflows", "8", "add_addr_accepted", "8")
    client = stage.client(net).start().wait_ready()
    assert limits(net.client) == (8, 8)
    assert client.stop() == 0
    assert limits(net.client) == (8, 8)


def route_of(node, *words):
    """The device that a packet would leave by."""
    return words_after(node.ip("route", "get", *words), "dev")


def test_other_programs_go_their_own_way(stage, far_net):
    """Of what comes from the second link's address, only connections to the server's port leave by
    the second link; everything else goes by the router's own first default route."""
    net = far_net
    flow = ["203.0.113.2", "from", "10.10.2.1"]
    port = ["ipproto", "tcp", "dport", str(PORT)]
    stage.server(net, allow=ALLOW).start().wait_ready()
    stage.client(net).start().wait_ready()
    assert route_of(net.client, *flow, *port) == "wan2"
    assert route_of(net.client, *flow) == "wan1"
    assert route_of(net.client, *flow, "ipproto", "tcp", "dport", "80") == "wan1"
    assert route_of(net.client, *flow, "ipproto", "udp", "dport", str(PORT)) == "wan1"
    assert route_of(net.client, "198.51.100.2", "from", "10.10.2.1", *port) == "wan1"


def test_other_programs_connections_take_the_main_route(stage, far_net):
    """The same with a real connection: a program that binds to the second link's address."""
    net = far_net
    stage.server(net, allow=ALLOW).start().wait_ready()
    stage.client(net).start().wait_ready()
    link = net.lab.link(2)
    before = link.counters()[0]
    with listen(net.server, "203.0.113.2", 9999) as listener:
        with connect(net.client, "203.0.113.2", 9999, source="10.10.2.1") as near:
            far, _ = listener.accept()
            near.sendall(bytes(200_000))
            received = 0
            while received < 200_000:
                received += len(far.recv(1 << 16))
            far.close()
    assert link.counters()[0] - before < 100_000


def test_replies_of_the_servers_other_programs(stage, net):
    """A service beside ours on the server's second address is answered as without us."""
    server = stage.server(net).start().wait_ready()
    flow = ["192.168.1.2", "from", "10.10.2.2"]
    ours = ["ipproto", "tcp", "sport", str(PORT)]
    net.server.ip("route", "add", "192.168.1.2/32", "via", "10.10.2.1", "dev", "wan2",
                  "metric", "9")
    net.server.ip("route", "replace", "192.168.1.2/32", "via", "10.10.1.1", "dev", "wan1")
    eventually(lambda: route_of(net.server, *flow, *ours), "wan2")
    assert route_of(net.server, *flow) == "wan1"
    assert route_of(net.server, *flow, "ipproto", "tcp", "sport", "22") == "wan1"
    assert server.stop() == 0


@pytest.mark.parametrize("family", [4, 6])
def test_nothing_stays_behind(stage, net, family):
    add_redirect(net.client)
    before = dumps(net)
    server = stage.server(net, ["0.0.0.0", "::"]).start().wait_ready()
    addresses = net.server_ips if family == 4 else net.server_ips6
    client = stage.client(net, addresses).start().wait_ready()
    with Ends(net, 4) as ends:
        open_flows(ends, 2)
        eventually(lambda: len(mptcp_subflows(net.client)), 4)
    assert (client.stop(), server.stop()) == (0, 0)
    expect_dumps(net, before)


def test_nothing_stays_behind_of_a_rented_server(stage, far_net):
    net = far_net
    add_redirect(net.client)
    before = dumps(net)
    server = stage.server(net, allow=ALLOW).start().wait_ready()
    client = stage.client(net).start().wait_ready()
    expect_paths(net, [(f"10.10.{number}.1", "203.0.113.2") for number in (1, 2)])
    assert (client.stop(), server.stop()) == (0, 0)
    expect_dumps(net, before)


def test_nothing_stays_of_links_that_came_and_went(stage, net):
    """Addresses that were there when we started, or came later, and are gone when we stop."""
    server = stage.server(net).start().wait_ready()
    client = stage.client(net).start().wait_ready()
    wait_for_line(client, "8388 answers", 2)
    net.client.ip("-4", "address", "flush", "dev", "wan2")
    wait_for_line(client, "path wan2: not used")
    net.server.ip("link", "set", "wan1", "down")
    assert (client.stop(), server.stop()) == (0, 0)
    assert our_rules(net.client) + our_routes(net.client) == []
    assert our_rules(net.server) + our_routes(net.server) == []
    assert endpoints(net.client) == endpoints(net.server) == {}
    assert limits(net.client) == limits(net.server) == (0, 2)


def two_clients(stage, net):
    """Of one far router, in one namespace."""
    return [stage.client(net, name=f"client{port}", local_port=port) for port in (1080, 1081)]


def client_and_server(stage, net):
    """A router that is the client of one neighbour and the server of others."""
    server = stage.add(net.client, "server", config_text("0.0.0.0", {"local_address": None}),
                       name="server_here")
    return [stage.client(net), server]


@pytest.mark.parametrize("start, stop", itertools.product([(0, 1), (1, 0)], [(0, 1), (1, 0)]))
@pytest.mark.parametrize("pair", [two_clients, client_and_server])
def test_two_in_one_namespace(stage, net, pair, start, stop):
    """In whichever order they start and stop, the last one gives everything back."""
    stage.server(net).start().wait_ready()
    before = net.client.dump()
    daemons = pair(stage, net)
    for index in start:
        daemons[index].start().wait_ready()
    assert daemons[stop[0]].stop() == 0
    left = daemons[stop[1]]
    wanted = (0, 8) if left.role == "server" else (8, 8)
    assert all(have >= want for have, want in zip(limits(net.client), wanted))
    assert our_rules(net.client), "those of the one that is left"
    assert left.stop() == 0
    assert difference(before, net.client.dump()) == []


def test_one_of_two_clients_is_stopped(stage, net):
    """They share addresses and endpoints; the flows of the one that stays do not notice."""
    add_redirect(net.client, ("iptables",))
    stage.server(net).start().wait_ready()
    stays, goes = two_clients(stage, net)
    goes.start().wait_ready()
    stays.start().wait_ready()
    wait_for_line(stays, "8388 answers", 2)
    with Ends(net, 4) as ends:
        ((near, far),) = open_flows(ends)
        eventually(lambda: len(mptcp_subflows(net.client)), 2)
        assert goes.stop() == 0
        near.sendall(b"still there?")
        assert far.recv(100) == b"still there?"
        assert len(mptcp_subflows(net.client)) == 2
    expect_paths(net, links4(1, 2))


def add_foreign(node):
    """Endpoints, limits, rules, routes and nft tables of somebody else."""
    if node.name == "client":
        node.ip("mptcp", "endpoint", "add", "192.168.1.1", "signal")
    else:
        node.ip("mptcp", "endpoint", "add", "192.168.2.1")
    node.ip("rule", "add", "from", "192.168.77.0/24", "table", "77", "priority", "777")
    node.ip("rule", "add", "from", "192.168.78.0/24", "table", "52003", "priority", "522")
    node.ip("-6", "rule", "add", "from", "fd00:77::/64", "table", "77", "priority", "777")
    node.ip("route", "add", "10.77.0.0/16", "dev", "lan", "table", "77")
    node.ip("route", "add", "10.78.0.0/16", "dev", "lan", "table", "52000")
    node.ip("-6", "route", "add", "fd00:77::/64", "dev", "lan", "table", "77")
    node.run(["nft", "-f", "-"], input=FOREIGN_NFT)


@pytest.mark.parametrize("when", ["before", "while we run"])
def test_foreign_objects_are_untouched(stage, net, when):
    """Even a rule and a route of somebody who happened to use a number of ours."""
    add_redirect(net.client, ("iptables",))
    nodes = (net.client, net.server)
    if when == "before":
        for node in nodes:
            add_foreign(node)
    before = dumps(net)
    server = stage.server(net).start().wait_ready()
    client = stage.client(net).start().wait_ready()
    eventually(lambda: set(net.server_ips) <= set(endpoints(net.server)), True)
    if when == "while we run":
        plain = [node.dump() for node in nodes]
        for node in nodes:
            add_foreign(node)
        foreign = [difference(old, node.dump()) for old, node in zip(plain, nodes)]
    expect_paths(net, links4(1, 2))
    assert (client.stop(), server.stop()) == (0, 0)
    for index, (old, node) in enumerate(zip(before, nodes)):
        assert difference(old, node.dump()) == (foreign[index] if when == "while we run" else [])


def test_foreign_limits_set_while_we_run_stay(stage, net):
    client = stage.client(net).start().wait_ready()
    server = stage.server(net).start().wait_ready()
    net.client.ip("mptcp", "limits", "set", "subflows", "7", "add_addr_accepted", "6")
    net.server.ip("mptcp", "limits", "set", "subflows", "3", "add_addr_accepted", "2")
    assert (client.stop(), server.stop()) == (0, 0)
    assert limits(net.client) == (6, 7)
    assert limits(net.server) == (2, 3)


def test_limits_before_a_foreign_change_do_not_come_back(stage, net):
    """We raise, somebody sets lower ones, we raise again: those of that somebody are given back."""
    net.client.ip("mptcp", "limits", "set", "subflows", "1", "add_addr_accepted", "0")
    client = stage.client(net).start().wait_ready()
    assert limits(net.client) == (8, 8)
    net.client.ip("mptcp", "limits", "set", "subflows", "0", "add_addr_accepted", "0")
    net.client.ip("address", "add", "10.55.0.1/24", "dev", "lan")
    eventually(lambda: limits(net.client), (8, 8))
    assert client.stop() == 0
    assert limits(net.client) == (0, 0)


def test_foreign_endpoint_that_serves(stage, far_net):
    """It is used, and stays."""
    net = far_net
    add_redirect(net.client, ("iptables",))
    net.client.ip("mptcp", "endpoint", "add", "10.10.2.1", "subflow", "dev", "wan2", "id", "9")
    before = dumps(net)
    server = stage.server(net, allow=ALLOW).start().wait_ready()
    client = stage.client(net).start().wait_ready()
    expect_paths(net, [(f"10.10.{number}.1", "203.0.113.2") for number in (1, 2)])
    assert (client.stop(), server.stop()) == (0, 0)
    expect_dumps(net, before)


def test_foreign_endpoint_that_is_in_the_way(stage, far_net):
    """It has flags that we cannot use: it stays, and one line says what does not work."""
    net = far_net
    add_redirect(net.client, ("iptables",))
    net.client.ip("mptcp", "endpoint", "add", "10.10.2.1", "signal")
    before = dumps(net)
    server = stage.server(net, allow=ALLOW).start().wait_ready()
    client = stage.client(net).start().wait_ready()
    wait_for_line(client, "8388 answers", 2)
    assert endpoints(net.client)["10.10.2.1"] == {"signal"}
    with Ends(net, 4) as ends:
        open_flows(ends, 2)
        assert {peer for connection in connections(net.client) for _, peer, _ in connection} == {
            "203.0.113.2"}
    (line,) = lines_with(client, "somebody else has made one that is in the way")
    assert "10.10.2.1" in line
    assert (client.stop(), server.stop()) == (0, 0)
    expect_dumps(net, before)
