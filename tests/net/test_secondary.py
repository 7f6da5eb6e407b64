# SPDX-License-Identifier: GPL-3.0-or-later
"""A secondary link carries what others leave of it: both ends know which link that is, it is left
when others come, and taken again when they are gone."""
import subprocess
from pathlib import Path

import pytest
from hosts import Ends, echoes, exchange
from observe import (eventually, lines_with, mptcp_subflows, open_flows, our_routes, run_status,
                     status_of, wait_for_line)
from streams import Stream, wait_until_carries
from test_congestion import SCAVENGER, algorithms, named
from test_reload import reload
from testbed import Link, bridge, rented, wait_until
from testbed.mpbridge import PORT

RATE, RTT = "30mbit", "4ms"
SECONDARY = named({}, {"role": "secondary"})
PRIMARY = named({}, {"role": "primary"})
RIVAL_PORT = 5301
BUSY_S = 20  # others are found within some round trips, on a busy machine later

needs_scavenger = pytest.mark.skipif(not Path("/sys/kernel/btf/vmlinux").exists(),
                                     reason="this kernel has no BTF")


@pytest.fixture(params=[bridge, rented], ids=lambda build: build.__name__)
def net(stage, request):
    return request.param(stage.lab, [Link(RATE, RTT), Link(RATE, RTT)])


@pytest.fixture
def two_links(stage):
    return bridge(stage.lab, [Link(RATE, RTT), Link(RATE, RTT)])


def start(stage, net, client=SECONDARY, server=None):
    daemons = stage.bridge(net, client, {**net.server_keys, **(server or {})})
    wait_for_line(daemons[0], f"{PORT} answers", 2)
    return daemons


def path_of(daemon, interface="wan2"):
    return next(path for path in status_of(daemon)["paths"] if path["interface"] == interface)


def algorithm_of(node, peer):
    """The congestion controls of subflows to that address."""
    found = set()
    for line in node.run(["ss", "-tniHO", "state", "established"]).stdout.splitlines():
        words = line.split()
        remote = words[3].rpartition(":")[0].strip("[]").removeprefix("::ffff:")
        if remote == peer and "tcp-ulp-mptcp" in words:
            found |= {word for word in words
                      if word in ("bbr", "cubic", "reno") or word.startswith(SCAVENGER)}
    return {name.rstrip("0123456789") for name in found}


def far_address(net, number):
    return net.server_ips[number - 1] if len(net.server_ips) > 1 else net.server_ips[0]


class Rival:
    """Others on the second link: TCP between the routers that has nothing to do with the bridge."""

    def __init__(self, net):
        self._far = net.server.popen(["iperf3", "-s", "-p", RIVAL_PORT],
                                     stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_until(lambda: net.server.run(["ss", "-tlnH", f"sport = :{RIVAL_PORT}"]).stdout, 5,
                   "iperf3 to listen")
        self._near = net.client.popen(
            ["iperf3", "-c", "10.10.2.2", "-p", RIVAL_PORT, "-t", 60, "-C", "cubic", "--bidir"],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def stop(self):
        for process in (self._near, self._far):
            process.kill_group()


@needs_scavenger
def test_both_ends_use_the_scavenger_there_and_nowhere_else(stage, net):
    client, server = start(stage, net)
    wait_for_line(server, "calls the way to")
    with Ends(net, 4) as ends:
        flows = open_flows(ends, 2)
        eventually(lambda: algorithm_of(net.server, "10.10.2.1"), {SCAVENGER})
        eventually(lambda: algorithm_of(net.server, "10.10.1.1"), {"bbr"})
        assert algorithms(net.client) == {("10.10.1.1", "bbr"), ("10.10.2.1", SCAVENGER)}
        exchange(*flows[0], 1 << 20)
    path = path_of(client)
    assert (path["role"], path_of(client, "wan1")["role"]) == ("secondary", "primary")
    assert path_of(client, "wan1")["secondary"] is None
    eventually(lambda: (path_of(client)["secondary"]["scavenger"],
                        path_of(client)["secondary"]["far_scavenger"]), (True, True))
    assert "; secondary" in run_status(client).stdout
    assert "; secondary" in run_status(server).stdout


def test_it_carries_while_nobody_else_is_there(stage, net):
    start(stage, net)
    with Ends(net, 4) as ends:
        stream = Stream(*ends.pair())
        wait_until_carries(net.client, "10.10.1.1")
        wait_until_carries(net.client, "10.10.2.1", timeout_s=BUSY_S)
        stream.stop()


@pytest.mark.parametrize("keys", [pytest.param({}, marks=needs_scavenger, id="scavenger"),
                                  pytest.param({"congestion": "cubic"}, id="loop")])
def test_it_is_left_to_others_and_taken_again(stage, two_links, keys):
    net = two_links
    client, _ = start(stage, net, named({}, {"role": "secondary", **keys}), named({}, keys))
    with Ends(net, 4) as ends:
        stream = Stream(*ends.pair())
        wait_until_carries(net.client, "10.10.2.1", timeout_s=BUSY_S)
        rival = Rival(net)
        wait_until(lambda: path_of(client)["cause"] == "yields" and
                   path_of(client)["secondary"]["yields"] > 0, BUSY_S, "the link to be left")
        assert path_of(client)["secondary"]["scavenger"] == (not keys)
        stream.wait_for_more()
        rival.stop()
        wait_until_carries(net.client, "10.10.2.1", timeout_s=2 * BUSY_S)
        stream.stop()
    assert path_of(client)["secondary"]["yielded_ms"] > 0
    assert len(lines_with(client, "others use the link")) == 1


def test_connections_begin_on_the_primary(stage, net):
    client, _ = start(stage, net)
    with Ends(net, 4) as ends:
        open_flows(ends, 8)
        wait_until(lambda: len(mptcp_subflows(net.client)) == 16, 5, "all to join")
        told = status_of(client, "--flows")["connections"]
        assert {subflow["path"] for flow in told for subflow in flow["subflows"]
                if subflow["initial"]} == {"wan1"}


def test_it_carries_everything_when_the_primary_is_dead(stage, net):
    client, _ = start(stage, net, named({}, {"role": "secondary", "congestion": "cubic"}))
    with Ends(net, 4) as ends:
        stream = Stream(*ends.pair(), rate_bps=5e6)
        wait_until_carries(net.client, "10.10.1.1")
        net.lab.link(1).blackhole()
        wait_until_carries(net.client, "10.10.2.1", timeout_s=BUSY_S)
        net.lab.link(1).blackhole(False)
        wait_until(lambda: path_of(client, "wan1")["state"] == "up", 5, "the primary to be back")
        stream.wait_for_more()
        stream.stop()


@needs_scavenger
def test_a_role_that_changes_changes_running_flows(stage, net):
    client, server = start(stage, net, PRIMARY)
    with Ends(net, 4) as ends:
        flow, = open_flows(ends, 1)
        eventually(lambda: algorithm_of(net.server, "10.10.2.1"), {"bbr"})
        reload(client, server=net.server_ips, **SECONDARY)
        wait_for_line(server, "calls the way to")
        eventually(lambda: algorithm_of(net.server, "10.10.2.1"), {SCAVENGER})
        eventually(lambda: algorithm_of(net.client, far_address(net, 2)) >= {SCAVENGER}, True)
        assert echoes(*flow)
        reload(client, server=net.server_ips, **PRIMARY)
        wait_for_line(server, "does no more call the way to")
        eventually(lambda: algorithm_of(net.server, "10.10.2.1"), {"bbr"})
        assert echoes(*flow)
    eventually(lambda: any(SCAVENGER in line for line in our_routes(net.server)), False)


@needs_scavenger
def test_what_the_server_calls_secondary_is_so_for_its_client(stage, two_links):
    net = two_links
    client, server = start(stage, net, PRIMARY, SECONDARY)
    eventually(lambda: path_of(client)["role"], "secondary")
    wait_for_line(server, "calls the way to")
    with Ends(net, 4) as ends:
        open_flows(ends, 1)
        eventually(lambda: algorithm_of(net.client, "10.10.2.2"), {SCAVENGER})
        eventually(lambda: algorithm_of(net.server, "10.10.2.1"), {SCAVENGER})
        assert algorithms(net.client) >= {("10.10.1.1", "bbr")}


def test_a_congestion_control_that_is_given_is_used(stage, two_links):
    net = two_links
    client, server = start(stage, net, named({}, {"role": "secondary", "congestion": "reno"}))
    assert not lines_with(client, "secondary links")
    with Ends(net, 4) as ends:
        open_flows(ends, 1)
        eventually(lambda: ("10.10.2.1", "reno") in algorithms(net.client), True)
    assert path_of(client)["secondary"]["scavenger"] is False


@needs_scavenger
def test_routes_end_with_the_server(stage, two_links):
    _, server = start(stage, two_links)
    wait_for_line(server, "calls the way to")
    eventually(lambda: any("10.10.2.1" in line and SCAVENGER in line
                           for line in our_routes(two_links.server)), True)
    assert server.stop() == 0
    assert our_routes(two_links.server) == []
