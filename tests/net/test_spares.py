# SPDX-License-Identifier: GPL-3.0-or-later
"""What a server makes of what its clients call secondary. The tests greet it themselves, so that they
can be many, and at odds; one worker keeps what they say in its order."""
import struct

import pytest
from hosts import Ends, connect, receive_all
from observe import eventually, lines_with, open_flows, our_routes
from test_congestion import SCAVENGER, algorithms, named
from test_secondary import SECONDARY, needs_scavenger, path_of
from testbed import Link, bridge
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
