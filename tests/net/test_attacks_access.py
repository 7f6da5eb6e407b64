# SPDX-License-Identifier: GPL-3.0-or-later
"""Who has the key may use the server, from where and to where the configuration says.

The same for `none`, where there is no key: test_access.py.
"""
import socket

import pytest
from attackers import EDITION_2022, KEYED, NOTHING, Victim, attempt, closing, outcome
from hosts import connect, listen, port_of
from testbed.link import Link
from testbed.mpbridge import PORT
from tests.reference import Target

FORBIDDEN = ["127.0.0.1", "0.0.0.0", "169.254.1.1", "224.0.0.1", "255.255.255.255", "::1", "::",
             "fe80::1", "ff02::1", "::ffff:127.0.0.1", "localhost"]
OTHER_SOURCE = "10.10.1.77"
ALLOWED = "10.10.1.1/32"
PROMPT_S = 2


@pytest.fixture(scope="module")
def links():
    return [Link()]


@pytest.fixture(scope="module")
def other_source(net):
    """Another address of the client router, on the same link."""
    net.client.ip("address", "add", f"{OTHER_SOURCE}/24", "dev", "wan1")
    return OTHER_SOURCE


@pytest.fixture(scope="module", params=KEYED)
def victim(request, net):
    """With a fence, and a destination that it denies: all of host B's LAN but host B."""
    keys = {"allow": [ALLOWED], "deny": ["192.168.2.128/25"]}
    with Victim(net, request.param, keys=keys) as victim:
        yield victim


def test_the_key_is_not_enough(victim, destination, other_source):
    """Who comes from elsewhere is reset before a byte is read, with a right request or without."""
    request = victim.request(destination.target, b"first").head()
    for data in (request, b"", b"noise"):
        try:
            with victim.connect(source=other_source) as opened:
                opened.sendall(data)
                assert outcome(opened, PROMPT_S) == NOTHING
        except ConnectionError:
            pass  # perhaps before connect() returns, or before it was sent
    assert victim.serves(destination, b"honest")
    assert attempt(victim, request)[1] == "end"  # it was not even remembered


def test_the_place_is_not_enough(victim, destination):
    """Who comes from the right place needs the key all the same."""
    head = bytes([1, 192, 168, 2, 2]) + destination.target.port.to_bytes(2, "big")
    assert attempt(victim, head + b"as if there were no key" * 10) == NOTHING
    assert victim.serves(destination, b"honest")


def test_from_far_away(net, destination):
    """Without a fence the key is enough from anywhere, as from host A."""
    for method in (KEYED[0], EDITION_2022[0]):
        with Victim(net, method, port=PORT + 1) as victim:
            with connect(net.host_a, victim.ip, victim.port) as opened:
                opened.sendall(victim.request(destination.target, b"from afar").head())
                opened.shutdown(socket.SHUT_WR)
                assert outcome(opened)[1] == "end"
            assert destination.arrived[-1].data == b"from afar"


def test_forbidden_destinations(net, victim):
    """Something listens there, and is not reached; the client learns at once that it is no use."""
    with listen(net.server, "::") as trap:
        for host in (*FORBIDDEN, victim.ip):
            target = Target(host, port_of(trap) if host != victim.ip else victim.port)
            with victim.connect() as opened:
                opened.sendall(victim.request(target, b"knock").head())
                assert outcome(opened, PROMPT_S) == NOTHING, host
        trap.settimeout(0)
        with pytest.raises(BlockingIOError):
            trap.accept()


def test_denied_destination(victim):
    with closing(victim.connect()) as opened:
        opened.sendall(victim.request(Target("192.168.2.129", 80), b"knock").head())
        assert outcome(opened, PROMPT_S) == NOTHING


def test_what_it_says(victim):
    """A line for each kind of refusal, and no key in it."""
    said = [line for line in victim.daemon.log.splitlines() if "warning" in line]
    assert 1 <= len(said) <= 4, said
