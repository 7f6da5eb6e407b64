# SPDX-License-Identifier: GPL-3.0-or-later
"""Each connection uses each path exactly once, whatever the network looks like."""
from dataclasses import dataclass, field

import pytest
from observe import (connections, endpoints, eventually, expect_paths, links4, links6,
                     mptcp_subflows, open_flows)
from hosts import Ends
from testbed import Link, bridge, iperf, rented
from testbed.mpbridge import add_redirect, config_text

ALLOW = ["10.10.0.0/16", "fd00:10::/32"]
EVERYWHERE = ["0.0.0.0", "::"]


def bridge_of(count):
    return lambda lab: bridge(lab, [Link() for _ in range(count)])


def rented_of(count):
    return lambda lab: rented(lab, [Link() for _ in range(count)])


def one_default_route(lab):
    """A rented server, and a client whose second link has no default route, but two addresses."""
    net = rented(lab, [Link(), Link()])
    net.client.ip("route", "del", "default", "dev", "wan2")
    net.client.ip("address", "add", "10.10.2.77/24", "dev", "wan2")
    return net


def two_uplinks(lab):
    """A server with two uplinks of its own, known to its clients by an address on each, that has
    only default routes to them; the cloud drops what comes by the wrong uplink."""
    net = rented(lab, [Link(), Link()])
    for number in (1, 2):
        device = f"up{number}"
        lab.add_link(Link().attach(lab, net.server, net.far, device, device))
        net.server.ip("address", "add", f"172.16.{number}.2/24", "dev", device)
        net.far.ip("address", "add", f"172.16.{number}.1/24", "dev", device)
        net.server.ip("route", "add", "default", "via", f"172.16.{number}.1", "dev", device,
                      "metric", 50 * number)
        net.far.sysctl({f"net.ipv4.conf.{device}.rp_filter": 1})
    return net


def far_pairs(count, server="203.0.113.2"):
    return [(f"10.10.{number}.1", server) for number in range(1, count + 1)]


def far_pairs6(count):
    return [(f"fd00:10:{number}::1", "fd00:203::2") for number in range(1, count + 1)]


def named(*interfaces):
    return {"paths": [{"interface": interface} for interface in interfaces]}


@dataclass
class Case:
    """server: what the client's file has under "server"; None: the network's IPv4 addresses.
    listen: what the server's has."""
    name: str
    build: object
    pairs: list
    server: object = None
    listen: object = "0.0.0.0"
    client_keys: dict = field(default_factory=dict)
    server_keys: dict = field(default_factory=dict)


RENTED_KEYS = {"allow": ALLOW}
CASES = [
    Case("two links", bridge_of(2), links4(1, 2)),
    Case("three links", bridge_of(3), links4(1, 2, 3)),
    Case("two links, server lists its addresses", bridge_of(2), links4(1, 2),
         listen=["10.10.1.2", "10.10.2.2"]),
    Case("two links, IPv6", bridge_of(2), links6(1, 2), ["fd00:10:1::2", "fd00:10:2::2"], "::"),
    Case("three links, IPv6, server lists its addresses", bridge_of(3), links6(1, 2, 3),
         ["fd00:10:1::2", "fd00:10:2::2", "fd00:10:3::2"],
         ["fd00:10:1::2", "fd00:10:2::2", "fd00:10:3::2"]),
    Case("IPv4 on one link and IPv6 on the other", bridge_of(2), links4(1) + links6(2),
         ["10.10.1.2", "fd00:10:2::2"], EVERYWHERE),
    Case("IPv6 first, IPv4 second", bridge_of(2), links6(1) + links4(2),
         ["fd00:10:1::2", "10.10.2.2"], EVERYWHERE),
    Case("both families on both links", bridge_of(2), links4(1, 2),
         ["10.10.1.2", "10.10.2.2", "fd00:10:1::2", "fd00:10:2::2"], EVERYWHERE),
    Case("rented server, two links", rented_of(2), far_pairs(2), server_keys=RENTED_KEYS),
    Case("rented server, three links", rented_of(3), far_pairs(3), server_keys=RENTED_KEYS),
    Case("rented server, two links, IPv6", rented_of(2), far_pairs6(2), "fd00:203::2", "::",
         server_keys=RENTED_KEYS),
    Case("rented server, three links, IPv6", rented_of(3), far_pairs6(3), "fd00:203::2", "::",
         server_keys=RENTED_KEYS),
    Case("paths named by the client", bridge_of(2), links4(1, 2),
         client_keys=named("wan1", "wan2")),
    Case("paths named by the server", bridge_of(2), links4(1, 2),
         server_keys=named("wan2", "wan1")),
    Case("paths named by both", bridge_of(2), links4(1, 2), client_keys=named("wan2", "wan1"),
         server_keys=named("wan1", "wan2")),
    Case("the client names two of three", bridge_of(3), links4(1, 3),
         client_keys=named("wan3", "wan1")),
    Case("the server names two of three", bridge_of(3), links4(1, 3),
         server_keys=named("wan1", "wan3")),
    Case("one of two is named", bridge_of(2), links4(2), client_keys=named("wan2")),
    Case("a path with an address and a gateway", one_default_route,
         [("10.10.1.1", "203.0.113.2"), ("10.10.2.77", "203.0.113.2")], server_keys=RENTED_KEYS,
         client_keys={"paths": [{"interface": "wan1"}, {"interface": "wan2", "gateway": "10.10.2.2",
                                                        "address": "10.10.2.77"}]}),
    Case("server with default routes of different metrics", two_uplinks,
         [("10.10.1.1", "172.16.1.2"), ("10.10.2.1", "172.16.2.2")],
         ["172.16.1.2", "172.16.2.2"], server_keys=RENTED_KEYS),
    Case("the same, its paths named with their gateways", two_uplinks,
         [("10.10.1.1", "172.16.1.2"), ("10.10.2.1", "172.16.2.2")],
         ["172.16.1.2", "172.16.2.2"],
         server_keys={**RENTED_KEYS, "paths": [{"interface": "up1", "gateway": "172.16.1.1"},
                                               {"interface": "up2", "gateway": "172.16.2.1"}]}),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_each_path_once(stage, case):
    net = case.build(stage.lab)
    stage.bridge(net, case.client_keys, case.server_keys, case.server, case.listen)
    expect_paths(net, case.pairs)


@pytest.mark.parametrize("listen", ["0.0.0.0", ["10.10.1.2", "10.10.2.2"]],
                         ids=["everywhere", "addresses"])
def test_the_recipe_bonds(stage, listen):
    """The two files as they are in the recipe, and its firewall rules, and nothing else."""
    links = [Link("40mbit"), Link("25mbit")]
    net = bridge(stage.lab, links)
    server = stage.add(net.server, "server", config_text(listen)).start()
    client = stage.add(net.client, "client", config_text(net.server_ips)).start()
    server.wait_ready()
    client.wait_ready()
    add_redirect(net.client)
    eventually(lambda: set(endpoints(net.server)), set(net.server_ips))
    before = [link.counters()[0] for link in links]
    joins = net.server.mptcp_counters()["MPTcpExtMPJoinAckRx"]

    result = iperf(net, seconds=3)

    moved = [link.counters()[0] - old for link, old in zip(links, before)]
    assert all(count > result.bytes * 0.2 for count in moved), moved
    assert net.server.mptcp_counters()["MPTcpExtMPJoinAckRx"] > joins
    assert result.mbit > 45, "more than the faster link has"


def test_other_addresses_of_the_server_stay_out(stage):
    """It has a LAN, more interfaces and a second address on a link; none of them is a path."""
    net = bridge(stage.lab, [Link(), Link()])
    net.server.ip("link", "add", "vm0", "type", "veth", "peer", "name", "vm1")
    net.server.ip("link", "set", "vm0", "up")
    net.server.ip("link", "set", "vm1", "up")
    net.server.ip("address", "add", "10.77.0.1/24", "dev", "vm0")
    net.server.ip("address", "add", "10.10.1.77/24", "dev", "wan1")
    net.server.ip("address", "add", "fd00:77::1/64", "dev", "vm0", "nodad")
    stage.bridge(net, server_server=EVERYWHERE)
    expect_paths(net, links4(1, 2))
    assert endpoints(net.server) == {"10.10.1.2": {"signal"}, "10.10.2.2": {"signal"}}


@pytest.mark.parametrize("order", [("wan1", "wan2"), ("wan2", "wan1")], ids="-".join)
def test_connections_begin_on_the_first_path(stage, order):
    net = bridge(stage.lab, [Link(), Link()])
    stage.bridge(net, named(*order))
    with Ends(net, 4) as ends:
        open_flows(ends, 2)
        eventually(lambda: len(mptcp_subflows(net.client)), 4)
        begun = [subflow.local for subflow in mptcp_subflows(net.client) if subflow.is_initial]
    assert begun == [f"10.10.{order[0][-1]}.1"] * 2


def test_a_connection_from_before_the_announcement_joins_too(stage):
    """The server cannot know its paths before a client has come by them; what began then catches
    up."""
    net = bridge(stage.lab, [Link(), Link()])
    stage.lab.link(2).blackhole()
    stage.bridge(net)
    with Ends(net, 4) as ends:
        open_flows(ends)
        eventually(lambda: connections(net.client), [[("10.10.1.1", "10.10.1.2", "ESTAB")]])
        eventually(lambda: set(endpoints(net.server)), {"10.10.1.2"})
        stage.lab.link(2).blackhole(False)
        eventually(lambda: connections(net.client),
                   [[(*pair, "ESTAB") for pair in links4(1, 2)]], timeout_s=12)
