# SPDX-License-Identifier: GPL-3.0-or-later
"""A secondary link carries what others leave of it: both ends know which link that is, it is left
when others come, and taken again when they are gone."""
import signal
import subprocess
import time

import pytest
from hosts import Ends, echoes, exchange
from observe import (endpoints, eventually, lines_with, links4, links6, mptcp_subflows, open_flows,
                     our_routes, run_status, status_of, wait_for_line)
from streams import Stream, wait_for_rate, wait_until_carries
from test_congestion import SCAVENGER, algorithms, named, usual_of
from test_reload import reload
from testbed import Link, bridge, rented, wait_until
from testbed.mpbridge import PORT

RATE, RTT = "30mbit", "4ms"
SECONDARY = named({}, {"role": "secondary"})
PRIMARY = named({}, {"role": "primary"})
RIVAL_PORT, LONG_S = 5301, 600
BUSY_S = 30  # others are found within some round trips, on a busy machine later
LINES_S = 60  # at most one line tells of them in such a time
# bit/s each way. A scavenger that has left such a link keeps half a megabit (yield_rate()).
MUCH = 8e6
MODEST, MOST_OF_IT = 5e6, 4e6

needs_scavenger = pytest.mark.usefixtures("scavenger")


@pytest.fixture(params=[bridge, rented], ids=lambda build: build.__name__)
def net(stage, request):
    return request.param(stage.lab, [Link(RATE, RTT), Link(RATE, RTT)])


@pytest.fixture
def two_links(stage):
    return bridge(stage.lab, [Link(RATE, RTT), Link(RATE, RTT)])


@pytest.fixture(params=[{}, {"congestion": "cubic"}], ids=["scavenger", "loop"])
def keys(request):
    """For a secondary link, at either end: with a congestion control of its own it has no scavenger."""
    if not request.param:
        request.getfixturevalue("scavenger")
    return request.param


def start(stage, net, client=SECONDARY, server=None, family=4):
    servers = (None, "0.0.0.0") if family == 4 else (net.server_ips6, "::")
    server = {**net.server_keys, **(server or {})}
    if family == 6:  # an interface alone stands for its IPv4 address
        server = {**server, "paths": [{**path, "address": address} for path, address
                                      in zip(server.get("paths", ()), net.server_ips6)] or None}
    daemons = stage.bridge(net, client, server, *servers)
    wait_for_line(daemons[0], f"{PORT} answers", len(client["paths"]))
    return daemons


def roles(*paths):
    return {"paths": [{"interface": f"wan{number}", **path}
                      for number, path in enumerate(paths, start=1)]}


def path_of(daemon, interface="wan2"):
    return next(path for path in status_of(daemon)["paths"] if path["interface"] == interface)


def has_left(daemon, interface="wan2"):
    """Whether the link is left to others. One that is only listened to shows the cause, too."""
    path = path_of(daemon, interface)
    return path["cause"] == "yields" and path["secondary"]["yields"] > 0


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


def backups(net):
    """The numbers of the client's links whose endpoints are backups now."""
    flags = endpoints(net.client)
    return {number for number in (1, 2, 3) if "backup" in flags.get(f"10.10.{number}.1", ())}


class Rival:
    """Others on one link: TCP between the routers that has nothing to do with the bridge."""

    def __init__(self, net, number=2):
        self._far = net.server.popen(["iperf3", "-s", "-p", RIVAL_PORT],
                                     stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_until(lambda: net.server.run(["ss", "-tlnH", f"sport = :{RIVAL_PORT}"]).stdout, 5,
                   "iperf3 to listen")
        self._near = net.client.popen(
            ["iperf3", "-c", f"10.10.{number}.2", "-p", RIVAL_PORT, "-t", LONG_S, "-C", "cubic",
             "--bidir"],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def stop(self):
        for process in (self._near, self._far):
            process.kill_group()


@needs_scavenger
def test_both_ends_use_the_scavenger_there_and_nowhere_else(stage, net):
    client, server = start(stage, net)
    usual = usual_of(net.client)
    wait_for_line(server, "calls the way to")
    with Ends(net, 4) as ends:
        flows = open_flows(ends, 2)
        eventually(lambda: algorithm_of(net.server, "10.10.2.1"), {SCAVENGER})
        eventually(lambda: algorithm_of(net.server, "10.10.1.1"), {usual})
        eventually(lambda: algorithms(net.client), {("10.10.1.1", usual), ("10.10.2.1", SCAVENGER)})
        exchange(*flows[0], 1 << 20)
    path = path_of(client)
    assert (path["role"], path_of(client, "wan1")["role"]) == ("secondary", "primary")
    assert path_of(client, "wan1")["secondary"] is None
    eventually(lambda: (path_of(client)["secondary"]["scavenger"],
                        path_of(client)["secondary"]["far_scavenger"]), (True, True))
    assert "; secondary" in run_status(client).stdout
    assert "; secondary" in run_status(server).stdout


@needs_scavenger
def test_ways_of_ipv6(stage, two_links):
    """The server's routes to those who call them secondary are of that family."""
    net = two_links
    (first, _), (local, peer) = links6(1, 2)
    _, server = start(stage, net, family=6)
    wait_for_line(server, "calls the way to")
    with Ends(net, 4) as ends:
        flow, = open_flows(ends, 1)
        eventually(lambda: algorithm_of(net.server, local), {SCAVENGER})
        eventually(lambda: algorithm_of(net.client, peer), {SCAVENGER})
        eventually(lambda: algorithm_of(net.server, first), {usual_of(net.server)})
        assert echoes(*flow)
    assert any(line.startswith(f"{local} ") and SCAVENGER in line for line in our_routes(net.server))


@needs_scavenger
def test_it_carries_while_nobody_else_is_there(stage, net):
    start(stage, net)
    with Ends(net, 4) as ends:
        stream = Stream(*ends.pair())
        for number in (1, 2):
            wait_for_rate(net.client, f"10.10.{number}.1", MUCH)
        stream.stop()


@pytest.mark.parametrize("family", [4, 6])
def test_it_is_left_to_others_and_taken_again(stage, two_links, keys, family):
    net = two_links
    local = (links4 if family == 4 else links6)(2)[0][0]
    client, _ = start(stage, net, named({}, {"role": "secondary", **keys}), named({}, keys), family)
    began_s = time.monotonic()
    with Ends(net, 4) as ends:
        stream = Stream(*ends.pair())
        wait_for_rate(net.client, local, MUCH)
        rival = Rival(net)
        wait_until(lambda: has_left(client), BUSY_S, "the link to be left")
        assert path_of(client)["secondary"]["scavenger"] == (not keys)
        stream.wait_for_more()
        rival.stop()
        wait_for_rate(net.client, local, MUCH)
        stream.stop()
    assert path_of(client)["secondary"]["yielded_ms"] > 0
    most = 1 + (time.monotonic() - began_s) // LINES_S
    assert 1 <= len(lines_with(client, "others use the link")) <= most


def test_connections_begin_on_the_primary(stage, net):
    """The far answer gives each a head start of half a second, so that a late machine begins no race."""
    for link in net.lab.links:
        link.change(delay="100ms")
    client, _ = start(stage, net)
    with Ends(net, 4) as ends:
        open_flows(ends, 8)
        wait_until(lambda: len(mptcp_subflows(net.client)) == 16, 5, "all to join")
        told = status_of(client, "--flows")["connections"]
        assert {subflow["path"] for flow in told for subflow in flow["subflows"]
                if subflow["initial"]} == {"wan1"}


def test_it_carries_everything_when_the_primary_is_dead(stage, two_links, keys):
    """Beside others a scavenger carries what they leave, since it does not know that it is the last
    one; with another congestion control the stream has its share."""
    net = two_links
    client, _ = start(stage, net, named({}, {"role": "secondary", **keys}), named({}, keys))
    with Ends(net, 4) as ends:
        stream = Stream(*ends.pair(), rate_bps=MODEST)
        wait_until_carries(net.client, "10.10.1.1", timeout_s=BUSY_S)
        net.lab.link(1).blackhole()
        wait_for_rate(net.client, "10.10.2.1", MOST_OF_IT)
        rival = Rival(net)
        if keys:
            wait_for_rate(net.client, "10.10.2.1", MOST_OF_IT)
        else:
            wait_until(lambda: has_left(client), BUSY_S, "the others to be noticed")
        assert backups(net) == set()
        stream.wait_for_more(1 << 18, timeout_s=BUSY_S)
        rival.stop()
        wait_for_rate(net.client, "10.10.2.1", MOST_OF_IT)
        net.lab.link(1).blackhole(False)
        wait_until(lambda: path_of(client, "wan1")["state"] == "up", 5, "the primary to be back")
        stream.wait_for_more()
        stream.stop()


def test_a_backup_carries_before_a_link_that_is_left(stage, keys):
    """With the primary dead the secondary link comes first, and the backup while others use that."""
    net = bridge(stage.lab, [Link(RATE, RTT) for _ in range(3)])
    client, _ = start(stage, net, roles({}, {"role": "secondary", **keys}, {"role": "backup"}),
                      roles({}, keys, {}))
    with Ends(net, 4) as ends:
        stream = Stream(*ends.pair(), rate_bps=MODEST)
        wait_until_carries(net.client, "10.10.1.1", timeout_s=BUSY_S)
        net.lab.link(1).blackhole()
        wait_for_rate(net.client, "10.10.2.1", MOST_OF_IT)
        eventually(lambda: backups(net), {3}, BUSY_S)
        rival = Rival(net)
        wait_until(lambda: has_left(client), BUSY_S, "the link to be left")
        eventually(lambda: backups(net), {2}, BUSY_S)
        wait_for_rate(net.client, "10.10.3.1", MOST_OF_IT)
        rival.stop()
        wait_for_rate(net.client, "10.10.2.1", MOST_OF_IT)
        eventually(lambda: backups(net), {3}, BUSY_S)
        stream.stop()


@needs_scavenger
@pytest.mark.parametrize("count", [1, 2], ids=["the only one", "all"])
def test_there_is_no_primary(stage, count):
    """Secondary links carry everything, also while others use one of them."""
    net = bridge(stage.lab, [Link(RATE, RTT) for _ in range(count)])
    client, _ = start(stage, net, roles(*[{"role": "secondary"}] * count))
    local = [f"10.10.{number + 1}.1" for number in range(count)]
    with Ends(net, 4) as ends:
        stream = Stream(*ends.pair())
        for address in local:
            wait_for_rate(net.client, address, MUCH)
        eventually(lambda: algorithms(net.client), {(address, SCAVENGER) for address in local})
        rival = Rival(net, count)
        wait_until(lambda: has_left(client, f"wan{count}"), BUSY_S, "the link to be left")
        stream.wait_for_more(1 << 18, timeout_s=BUSY_S)
        rival.stop()
        wait_for_rate(net.client, local[-1], MUCH)
        stream.stop()


@needs_scavenger
def test_a_role_that_changes_changes_running_flows(stage, net):
    client, server = start(stage, net, PRIMARY)
    usual = usual_of(net.server)
    with Ends(net, 4) as ends:
        flow, = open_flows(ends, 1)
        eventually(lambda: algorithm_of(net.server, "10.10.2.1"), {usual})
        reload(client, server=net.server_ips, **SECONDARY)
        wait_for_line(server, "calls the way to")
        eventually(lambda: algorithm_of(net.server, "10.10.2.1"), {SCAVENGER})
        eventually(lambda: algorithm_of(net.client, far_address(net, 2)) >= {SCAVENGER}, True)
        assert echoes(*flow)
        reload(client, server=net.server_ips, **PRIMARY)
        wait_for_line(server, "does no more call the way to")
        eventually(lambda: algorithm_of(net.server, "10.10.2.1"), {usual})
        assert echoes(*flow)
    eventually(lambda: any(SCAVENGER in line for line in our_routes(net.server)), False)


@needs_scavenger
def test_flows_of_a_server_that_was_started_again(stage, net):
    """They are there before the new one has heard which links are secondary: it announces the
    addresses that it has in its file at once, or has one alone, and subflows join."""
    keys = {**net.server_keys, **({} if len(net.server_ips) == 1 else PRIMARY)}
    client, server = start(stage, net, server=keys)
    wait_for_line(server, "calls the way to")
    server.stop(signal.SIGKILL)
    stage.server(net, name="again", **keys).start().wait_ready()
    with Ends(net, 4) as ends:
        flows = open_flows(ends, 2)
        eventually(lambda: algorithm_of(net.server, "10.10.2.1"), {SCAVENGER}, BUSY_S)
        eventually(lambda: algorithms(net.client),
                   {("10.10.1.1", usual_of(net.client)), ("10.10.2.1", SCAVENGER)}, BUSY_S)
        assert all(echoes(*flow) for flow in flows)
    eventually(lambda: path_of(client)["secondary"]["far_scavenger"], True, BUSY_S)


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
        assert algorithms(net.client) >= {("10.10.1.1", usual_of(net.client))}


@needs_scavenger
def test_the_servers_word_counts_beside_a_congestion_control_for_all(stage, two_links):
    """It was not chosen for that path, which the client's file does not call secondary."""
    net = two_links
    client, server = start(stage, net, {**PRIMARY, "congestion": "cubic"}, SECONDARY)
    wait_for_line(server, "calls the way to")
    with Ends(net, 4) as ends:
        open_flows(ends, 1)
        eventually(lambda: algorithms(net.client),
                   {("10.10.1.1", "cubic"), ("10.10.2.1", SCAVENGER)}, BUSY_S)
    assert path_of(client)["secondary"]["scavenger"] is True


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
