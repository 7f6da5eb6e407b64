# SPDX-License-Identifier: GPL-3.0-or-later
"""Congestion control per path: subflows have it on both ends, and the routes do not flap."""
import pytest
from hosts import Ends, exchange
from observe import (difference, eventually, expect_paths, lines_with, links4, links6, open_flows,
                     our_routes)
from testbed import Link, bridge
from testbed.mpbridge import PORT, add_redirect
from testbed.state import congestion_controls

SCAVENGER = "mpb_scav"  # whatever its number
MISSING = "this kernel has no congestion control"


def default_of(node):
    return node.run(["sysctl", "-n", "net.ipv4.tcp_congestion_control"]).stdout.strip()


def usual_of(node):
    """The one of paths of which nothing is said."""
    return "bbr" if "bbr" in congestion_controls(node) else default_of(node)


@pytest.fixture
def net(stage):
    return bridge(stage.lab, [Link(), Link()])


@pytest.fixture
def other(net):
    """A congestion control that is here and is not the default."""
    others = sorted(set(congestion_controls(net.client)) - {default_of(net.client)})
    if not others:
        pytest.skip("there is one congestion control only")
    return others[0]


def named(wan1, wan2):
    """`paths`, each with these keys besides."""
    return {"paths": [{"interface": "wan1", **wan1}, {"interface": "wan2", **wan2}]}


def algorithms(node):
    """{(local address, algorithm)} of the established MPTCP subflows."""
    found = set()
    for line in node.run(["ss", "-tniHO", "state", "established",
                          f"( sport = :{PORT} or dport = :{PORT} )"]).stdout.splitlines():
        words = line.split()
        if "tcp-ulp-mptcp" in words:
            known = [name for name in ("bbr", "cubic", "reno") if name in words]
            known += [SCAVENGER for word in words if word.startswith(SCAVENGER)]
            local = words[2].rpartition(":")[0].strip("[]").removeprefix("::ffff:").partition("%")[0]
            found.add((local, *known))
    return found


def expect_algorithms(net, pairs, wan1, wan2, family=4):
    """Running flows, before and after they carry something, have these on their subflows."""
    expected = [{(pair[end], name) for pair, name in zip(pairs, (wan1, wan2))} for end in (0, 1)]
    expect_paths(net, pairs)
    with Ends(net, family) as ends:
        flows = open_flows(ends, 3)
        for _ in range(2):
            eventually(lambda: [algorithms(net.client), algorithms(net.server)], expected)
            near, far = flows.pop()
            exchange(near, far, 1 << 20)


@pytest.mark.parametrize("pairs, servers", [(links4(1, 2), "server_ips"),
                                            (links6(1, 2), "server_ips6")], ids=["IPv4", "IPv6"])
@pytest.mark.parametrize("is_first", [True, False], ids=["wan1", "wan2"])
def test_one_path_has_its_own(stage, net, other, pairs, servers, is_first):
    """Whether a connection begins on that path or joins over it; nothing stays behind."""
    add_redirect(net.client)
    before = net.client.dump(), net.server.dump()
    own = {"congestion": other}
    kernels = {"congestion": ""}
    keys = named(own, kernels) if is_first else named(kernels, own)
    daemons = stage.pair(net, keys, keys, getattr(net, servers), getattr(net, servers))
    default = default_of(net.client)
    expect_algorithms(net, pairs, *((other, default) if is_first else (default, other)))
    for old, daemon in zip(before, daemons):
        assert daemon.stop() == 0
        assert difference(old, daemon.node.dump()) == []


def test_top_level_is_for_all_but_those_that_differ(stage, net, other):
    keys = {"congestion": other, **named({}, {"congestion": ""})}
    stage.bridge(net, keys, keys)
    expect_algorithms(net, links4(1, 2), other, default_of(net.client))


def test_bbr_is_the_default_where_it_is_there(stage, net):
    stage.bridge(net)
    expect_algorithms(net, links4(1, 2), *[usual_of(net.client)] * 2)


def test_derived_paths_have_the_top_level_one(stage, net, other):
    stage.bridge(net, {"congestion": other}, {"congestion": other})
    expect_algorithms(net, links4(1, 2), other, other)


def test_routes_do_not_flap(stage, net, other):
    """When something changes, only what it concerns is added: what the kernel gives back is what
    was asked for, beside other metrics too."""
    route = ["10.88.0.0/16", "dev", "wan1", "mtu", "1400", "quickack", "1"]
    keys = {"congestion": other, "verbose": True}
    for node in (net.client, net.server):
        node.ip("route", "add", *route, "congctl", default_of(node))
    daemons = stage.bridge(net, keys, keys)
    expect_paths(net, links4(1, 2))
    for daemon in daemons:
        ours = our_routes(daemon.node)
        assert all(f"congctl lock {other}" in line for line in ours if " throw " not in line)
        before = lines_with(daemon, "add route") + lines_with(daemon, "remove route")
        daemon.node.ip("route", "add", "10.89.0.0/16", "dev", "wan1")
        eventually(lambda: len(our_routes(daemon.node)), len(ours) + 1)
        daemon.node.ip("route", "add", "10.90.0.0/16", "dev", "wan1")
        eventually(lambda: len(our_routes(daemon.node)), len(ours) + 2)
        after = lines_with(daemon, "add route") + lines_with(daemon, "remove route")
        assert len(after) == len(before) + 2


def test_one_that_the_kernel_does_not_have(stage, net):
    """Told once, with what to do; the paths work, and changes of the links change nothing."""
    keys = {"congestion": "nosuch", "verbose": True}
    for daemon in stage.bridge(net, keys, keys):
        (line,) = lines_with(daemon, MISSING)
        assert '"nosuch"' in line and "modprobe tcp_nosuch" in line
        added = len(lines_with(daemon, "add route"))
        daemon.node.ip("route", "add", "10.89.0.0/16", "dev", "wan1")
        eventually(lambda: len(lines_with(daemon, "add route")), added + 1)
        assert len(lines_with(daemon, MISSING)) == 1
        assert lines_with(daemon, "cannot add route") == []
    expect_algorithms(net, links4(1, 2), *[default_of(net.client)] * 2)
