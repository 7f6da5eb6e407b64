# SPDX-License-Identifier: GPL-3.0-or-later
"""Links that die, come back, move and change under a running connection. What must hold: not a byte
is lost or changed, new connections work, and a link that works again is used again."""
import time
from dataclasses import dataclass

import pytest
from hosts import Ends
from observe import eventually, lines_with, mptcp_subflows, wait_for_line
from streams import Stream, wait_until_carries
from testbed import Link, bridge, rented
from testbed.knock import Knocks
from testbed.mpbridge import PORT
from testbed.trace import Trace

OUTAGE_S = 1.5
KNOCKING_S = 1.5
FLAPS = 4
FLAP_S = 0.5
JOIN_S = 0.2  # on a machine that is busy
REPEAT_S, HELD_FALLS = 1, 6
RATE, RTT, LONG_RTT = "30mbit", "4ms", "40ms"
OFTEN_S, PAUSE_S = 0.01, 0.1


@dataclass(frozen=True)
class Place:
    """A topology, and the family of its links."""
    build: object
    family: int = 4

    def __str__(self):
        return f"{self.build.__name__}-ipv{self.family}"

    def local(self, number):
        return f"10.10.{number}.1" if self.family == 4 else f"fd00:10:{number}::1"


BRIDGE4, BRIDGE6 = Place(bridge), Place(bridge, 6)
RENTED4, RENTED6 = Place(rented), Place(rented, 6)
PLACES = [BRIDGE4, BRIDGE6, RENTED4, RENTED6]


class Scene:
    """Two routers with their daemons, and a connection that carries payload both ways."""

    def __init__(self, stage, place, rtt=RTT, prepare=lambda net: None):
        self.place = place
        self.net = place.build(stage.lab, [Link(RATE, rtt) for _ in range(2)])
        prepare(self.net)
        ips6 = {"client_server": self.net.server_ips6, "server_server": "::"}
        self.client, self.server = stage.bridge(self.net, server=self.net.server_keys,
                                                **(ips6 if place.family == 6 else {}))
        self._ends = Ends(self.net, 4)

    def __enter__(self):
        self.stream = Stream(*self._ends.pair())
        return self

    def __exit__(self, *_):
        self._ends.close_all()

    def link(self, number):
        return self.net.lab.link(number)

    def wait_until_carries(self, *numbers):
        for number in numbers:
            wait_until_carries(self.net.client, self.place.local(number))

    def initial_link(self):
        """The number of the link on which the connection began."""
        (begun,) = [subflow.local for subflow in mptcp_subflows(self.net.client)
                    if subflow.is_initial]
        return 1 if begun == self.place.local(1) else 2


def lose_carrier(link):
    link.down()
    return link.up


def swallow(direction):
    def begin(link):
        link.blackhole(True, direction)
        return lambda: link.blackhole(False, direction)
    return begin


OUTAGES = {"carrier": lose_carrier, "silence": swallow("both"), "silence-up": swallow("ab"),
           "silence-down": swallow("ba")}


@pytest.mark.parametrize("kind, number", [("carrier", 1), ("carrier", 2), ("silence", 1),
                                          ("silence", 2), ("silence-up", 2), ("silence-down", 1)])
def test_a_running_connection_outlives_a_link(stage, kind, number):
    with Scene(stage, BRIDGE4) as scene:
        scene.wait_until_carries(1, 2)
        OUTAGES[kind](scene.link(number))
        scene.stream.wait_for_more()
        scene.stream.stop()


@pytest.mark.parametrize("place, kind", [(BRIDGE4, "carrier"), (BRIDGE4, "silence"),
                                         (RENTED6, "silence")], ids=str)
def test_new_connections_work_from_the_first_moment(stage, place, kind):
    """Without a running one beside them: they are all there is to notice the outage by."""
    scene = Scene(stage, place)
    with scene:
        scene.wait_until_carries(1, 2)
        initial = scene.initial_link()
        scene.stream.stop()
    knocks = Knocks(scene.net)
    time.sleep(FLAP_S)
    OUTAGES[kind](scene.link(initial))
    begin_s = time.monotonic()  # one that began while that was done may have connected before
    time.sleep(KNOCKING_S)
    during = [knock for knock in knocks.finish() if knock.begin_s >= begin_s]
    assert len(during) > 10
    assert [knock.error for knock in during if knock.latency_s is None] == []


@pytest.mark.parametrize("which", ["initial", "other"])
@pytest.mark.parametrize("place", PLACES, ids=str)
def test_a_link_that_is_back_is_used_by_the_running_connection(stage, place, which):
    with Scene(stage, place) as scene:
        scene.wait_until_carries(1, 2)
        initial = scene.initial_link()
        number = initial if which == "initial" else 3 - initial
        end = swallow("both")(scene.link(number))
        time.sleep(OUTAGE_S)
        end()
        scene.wait_until_carries(number, 3 - number)
        scene.stream.stop()


@pytest.mark.parametrize("place, which", [(BRIDGE4, "initial"), (RENTED4, "other")], ids=str)
def test_a_carrier_that_is_back_is_used_by_the_running_connection(stage, place, which):
    with Scene(stage, place) as scene:
        scene.wait_until_carries(1, 2)
        initial = scene.initial_link()
        number = initial if which == "initial" else 3 - initial
        end = lose_carrier(scene.link(number))
        time.sleep(OUTAGE_S)
        end()
        scene.wait_until_carries(number, 3 - number)
        scene.stream.stop()


def seconds_since(at_s, deaths):
    """For the one who reads of a failure: how long before that was the link's last death?"""
    return [round(at_s - begin_s, 3) for begin_s, _ in deaths if begin_s < at_s][-1:]


@pytest.mark.parametrize("kind", ["carrier", "silence"])
def test_a_link_that_flaps(stage, kind):
    """The running connection lives on, and so does each that begins meanwhile; but for one that has
    just begun over the link when it dies, and has no other subflow yet."""
    with Scene(stage, BRIDGE4) as scene:
        scene.wait_until_carries(1, 2)
        knocks = Knocks(scene.net)
        deaths = []
        for _ in range(FLAPS):
            begin_s = time.monotonic()
            end = OUTAGES[kind](scene.link(1))
            deaths.append((begin_s, time.monotonic()))
            time.sleep(FLAP_S)
            end()
            time.sleep(FLAP_S)
        lost = [knock for knock in knocks.finish() if knock.latency_s is None
                and not any(begin_s - JOIN_S < knock.begin_s < end_s for begin_s, end_s in deaths)]
        assert [(knock.error, seconds_since(knock.begin_s, deaths)) for knock in lost] == []
        scene.stream.wait_for_more()
        scene.stream.stop()


def test_a_held_link_is_not_announced(stage):
    """TCP repeats what a client said as the link died: that it uses it. When the link is back, and
    held down by the client (8 s after six falls), the server must not take that for news."""
    with Scene(stage, BRIDGE4) as scene:
        for falls in range(1, HELD_FALLS + 1):
            scene.wait_until_carries(1)
            end = OUTAGES["silence"](scene.link(1))
            wait_for_line(scene.client, "does not answer", falls)
            time.sleep(REPEAT_S)
            announced = len(lines_with(scene.server, "10.10.1.2 is announced"))
            end()
        wait_for_line(scene.client, f"not used yet (it went down {HELD_FALLS} times")
        time.sleep(2 * REPEAT_S)
        assert len(lines_with(scene.server, "10.10.1.2 is announced")) == announced
        assert [subflow for subflow in mptcp_subflows(scene.net.client)
                if subflow.local == scene.place.local(1)] == []
        scene.stream.stop()


def test_new_connections_live_on_while_subflows_are_made_anew(stage):
    """The running one misses its subflow on link 1, on which new ones begin. To have it made again
    closes all that are there; a connection that has no other one yet is lost if its answer comes
    before the other one has joined. These round trips and this pause leave much time for that."""
    with Scene(stage, BRIDGE4, LONG_RTT) as scene:
        scene.wait_until_carries(1, 2)
        scene.net.client.run(["ss", "-K", "-tn", "src", scene.place.local(1),
                              "dport", "=", f":{PORT}"])
        knocks = Knocks(scene.net, OFTEN_S, pause_s=PAUSE_S)
        wait_for_line(scene.client, "making it again")
        scene.wait_until_carries(1)
        answers = knocks.finish()
        assert [knock.error for knock in answers if knock.latency_s is None] == []
        scene.stream.stop()


def delete_device(net, number):
    """There is no such link any more. give_back() makes a new one, with another index."""
    device = f"wan{number}"
    net.client.ip("link", "del", device)

    def give_back():
        Link(RATE).attach(net.lab, net.client, net.far, device, device).create()
        for node, last in ((net.client, 1), (net.far, 2)):
            node.ip("address", "add", f"10.10.{number}.{last}/24", "dev", device)
            node.ip("address", "add", f"fd00:10:{number}::{last}/64", "dev", device, "nodad")
        if net.far is not net.server:
            for family, gateway in (("-4", f"10.10.{number}.2"), ("-6", f"fd00:10:{number}::2")):
                net.client.ip(family, "route", "add", "default", "via", gateway, "dev", device,
                              "metric", 100 * number)
    return give_back


@pytest.mark.parametrize("place, number", [(BRIDGE4, 1), (BRIDGE4, 2), (RENTED4, 2)], ids=str)
def test_an_interface_that_is_deleted_and_made_again(stage, place, number):
    with Scene(stage, place, rtt=None) as scene:
        scene.wait_until_carries(1, 2)
        give_back = delete_device(scene.net, number)
        scene.stream.wait_for_more()
        give_back()
        scene.wait_until_carries(number, 3 - number)
        scene.stream.stop()


@pytest.mark.parametrize("place", [BRIDGE4, RENTED4], ids=str)
def test_an_interface_that_comes_for_the_first_time(stage, place):
    given = []
    with Scene(stage, place, rtt=None,
               prepare=lambda net: given.append(delete_device(net, 2))) as scene:
        scene.wait_until_carries(1)
        given[0]()
        scene.wait_until_carries(2, 1)
        scene.stream.stop()


@pytest.mark.parametrize("place", [BRIDGE4, BRIDGE6, RENTED4], ids=str)
def test_an_address_that_changes(stage, place):
    """As with DHCP: a new one in the same subnet comes, and the old one goes."""
    with Scene(stage, place) as scene:
        client = scene.net.client
        client.sysctl({"net.ipv4.conf.wan2.promote_secondaries": 1})
        scene.wait_until_carries(1, 2)
        old, (new, length) = place.local(2), {4: ("10.10.2.50", 24),
                                              6: ("fd00:10:2::50", 64)}[place.family]
        nodad = ["nodad"] if place.family == 6 else []
        client.ip("address", "add", f"{new}/{length}", "dev", "wan2", *nodad)
        client.ip("address", "del", f"{old}/{length}", "dev", "wan2")
        wait_until_carries(client, new)
        scene.wait_until_carries(1)
        assert old not in {subflow.local for subflow in mptcp_subflows(client)
                           if subflow.state != "ESTAB"}
        scene.stream.stop()


def test_a_gateway_that_changes(stage):
    """Link 1's default route gets another gateway, and the old one is there no longer."""
    with Scene(stage, RENTED4) as scene:
        net = scene.net
        scene.wait_until_carries(1, 2)
        net.far.ip("address", "add", "10.10.1.3/24", "dev", "wan1")
        net.client.ip("route", "replace", "default", "via", "10.10.1.3", "dev", "wan1",
                      "metric", 100)
        net.far.sysctl({"net.ipv4.conf.wan1.promote_secondaries": 1})
        net.far.ip("address", "del", "10.10.1.2/24", "dev", "wan1")
        net.client.ip("neigh", "flush", "dev", "wan1")
        scene.wait_until_carries(1, 2)
        scene.stream.stop()


@pytest.mark.parametrize("number", [1, 2])
def test_a_default_route_that_goes_and_comes(stage, number):
    with Scene(stage, RENTED4) as scene:
        client = scene.net.client
        route = ["default", "via", f"10.10.{number}.2", "dev", f"wan{number}",
                 "metric", 100 * number]
        scene.wait_until_carries(1, 2)
        client.ip("route", "del", *route)
        scene.stream.wait_for_more()
        client.ip("route", "add", *route)
        scene.wait_until_carries(number, 3 - number)
        scene.stream.stop()


def test_the_measure_of_stalls():
    """What bench/failover reads from a trace."""
    trace = Trace([(ms, 1000) for ms in (*range(0, 1000), *range(1240, 3000))])
    assert trace.longest_gap_s(0.5, 2) == pytest.approx(0.241)
    assert trace.longest_gap_s(1.1, 2) == pytest.approx(0.241)
    assert trace.longest_gap_s(1.5, 2) == pytest.approx(0.001)
    assert trace.longest_gap_s(1.5, 3.5) == pytest.approx(0.501)
    assert trace.longest_gap_s(1.5, 4.5) == float("inf")
    assert Trace(trace.arrivals, "reset").longest_gap_s(0, 0.5) == float("inf")
    assert trace.rate_bps(1.5, 2.5) == pytest.approx(8e6)
    assert trace.seconds_until(8e6, 1, 3) == pytest.approx(0.25)
    assert trace.seconds_until(9e6, 1, 3) == float("inf")
