# SPDX-License-Identifier: GPL-3.0-or-later
"""What a server makes of what its clients call secondary. The tests greet it themselves, so that they
can be many, and at odds; one worker keeps what they say in its order."""
import struct

import pytest
from hosts import Background, Ends, connect, receive_all
from observe import endpoints, eventually, lines_with, open_flows, our_routes
from streams import RECEIVED, wait_for_rate
from test_congestion import SCAVENGER, algorithms, named
from test_secondary import (BUSY_S, MUCH, RATE, RTT, SECONDARY, Rival, has_left, needs_scavenger,
                            path_of, start)
from testbed import Link, bridge, wait_until
from testbed.mpbridge import PORT

pytestmark = needs_scavenger
HAS_SCAVENGER = 2  # a flag of the answer
MOST = 32  # SPARES_MAX
FIRST, LAST = 101, 101 + MOST
LOCAL = "10.10.2.2"


@pytest.fixture
def net(stage):
    return bridge(stage.lab, [Link(), Link()])


@pytest.fixture
def server(stage, net):
    for number in range(FIRST, LAST + 1):
        net.client.ip("address", "add", f"10.10.2.{number}/24", "dev", "wan2")
    return stage.server(net, workers=1).start().wait_ready()


def greet(net, word, number):
    """Says it to LOCAL from that address of the client's, and returns the flags of the answer."""
    name = f"{word}.mpbridge.invalid".encode()
    with connect(net.client, LOCAL, PORT, source=f"10.10.2.{number}") as opened:
        opened.sendall(bytes([3, len(name)]) + name + struct.pack(">H", 1))
        return struct.unpack(">QQII", receive_all(opened))[2]


def routes_of_their_own(net):
    """The last numbers of the addresses to which the server sends with the scavenger alone."""
    words = [line.split() for line in our_routes(net.server) if SCAVENGER in line]
    return {int(line[0].rpartition(".")[2]) for line in words
            if line[0].startswith("10.10.2.") and "/" not in line[0]}


def test_two_behind_one_address_do_not_change_it_for_ever(net, server):
    for _ in range(20):
        greet(net, "spare", FIRST)
        greet(net, "greeting", FIRST)
    greet(net, "spare", LAST)
    eventually(lambda: LAST in routes_of_their_own(net), True)
    assert routes_of_their_own(net) == {FIRST, LAST}
    assert greet(net, "probe", FIRST) & HAS_SCAVENGER
    assert len(lines_with(server, "calls the way to")) == 1
    assert len(lines_with(server, "does no more call the way to")) == 1


def test_who_greets_keeps_its_place(net, server):
    known = set(range(FIRST, LAST))
    for _ in range(3):
        for number in (*known, LAST):
            greet(net, "spare", number)
    eventually(lambda: routes_of_their_own(net), known)
    assert not greet(net, "probe", LAST) & HAS_SCAVENGER
    greet(net, "greeting", FIRST)
    eventually(lambda: routes_of_their_own(net), known - {FIRST})


def test_a_common_congestion_control_is_no_obstacle(stage, net):
    """The server alone calls the link secondary, and the client's file has one for all its paths."""
    client, _ = stage.bridge(net, {"congestion": "cubic", **named({}, {})}, SECONDARY)
    eventually(lambda: path_of(client)["role"], "secondary")
    with Ends(net, 4) as ends:
        open_flows(ends, 1)
        eventually(lambda: algorithms(net.client), {("10.10.1.1", "cubic"), ("10.10.2.1", SCAVENGER)})
    assert path_of(client)["secondary"]["scavenger"] is True


def pour(source):
    """Until it is closed, as drain() does."""
    try:
        while True:
            source.sendall(bytes(1 << 16))
    except OSError:
        pass


def drain(sink):
    try:
        while sink.recv(1 << 20):
            pass
    except OSError:
        pass


def is_aside(net):
    return "backup" in endpoints(net.server).get(LOCAL, ())


@pytest.fixture
def download(stage):
    """(network, client), while what host B sends fills both links."""
    net = bridge(stage.lab, [Link(RATE, RTT), Link(RATE, RTT)])
    client, _ = start(stage, net)
    with Ends(net, 4) as ends:
        near, far = ends.pair()
        threads = [Background(pour, far), Background(drain, near)]
        wait_for_rate(net.client, "10.10.2.1", MUCH, ways=[RECEIVED])
        yield net, client
    for thread in threads:
        thread.result()


def test_what_a_server_leaves_it_sets_aside(download):
    """It does not wait for its client to hear of it; and not for ever."""
    net, _ = download
    rival = Rival(net)
    wait_until(lambda: is_aside(net), BUSY_S, "the server to leave the link")
    rival.stop()
    wait_for_rate(net.client, "10.10.2.1", MUCH, ways=[RECEIVED])
    eventually(lambda: is_aside(net), False)


def test_what_another_client_uses_is_not_set_aside(download):
    net, client = download
    net.client.ip("address", "add", f"10.10.2.{FIRST}/24", "dev", "wan2")
    greet(net, "spare", FIRST)
    eventually(lambda: FIRST in routes_of_their_own(net), True)
    greet(net, "greeting", FIRST)
    eventually(lambda: FIRST in routes_of_their_own(net), False)  # it has heard
    eventually(lambda: is_aside(net), False)
    rival = Rival(net)

    def has_left_it():
        greet(net, "greeting", FIRST)
        assert not is_aside(net)
        return has_left(client)

    wait_until(has_left_it, BUSY_S, "the link to be left")
    assert not is_aside(net)
    rival.stop()
