# SPDX-License-Identifier: GPL-3.0-or-later
"""Attackers of a server that has a key: every method, and whatever they can do to its first bytes.

None of it reaches the destination, and none of it is answered: no byte, and the same end for all.
"""
import itertools
import secrets
import socket
from collections import Counter

import pytest
from attackers import EDITION_2022, KEYED, NOTHING, Victim, attempt
from observe import eventually
from testbed.link import Link
from tests.reference import METHODS, flip
from tests.reference.tunnel import abort

FLIPPED_BYTES = 200
FIRST = b"id"  # payload in the head
CHUNKS = (b"ten bytes.", b"x")


@pytest.fixture(scope="module")
def links():
    return [Link()]


@pytest.fixture(scope="module", params=KEYED)
def victim(request, net, clock):
    with Victim(net, request.param, clock) as victim:
        yield victim


def of(methods):
    """A mark: a test for these alone."""
    return pytest.mark.parametrize("victim", methods, indirect=True, scope="module")


# auth-only does not protect payload: it may be cut or changed anywhere
sealed = of([name for name in KEYED if not METHODS[name].raw])
dated = of(EDITION_2022)


@pytest.fixture(autouse=True)
def machine_time(clock):
    yield
    clock.move(0)


def long_request(victim, target):
    """A head of more than FLIPPED_BYTES."""
    if victim.method.raw:
        return victim.request(target, padding=secrets.token_bytes(FLIPPED_BYTES)).head()
    return victim.request(target, b"p" * FLIPPED_BYTES).head()


def test_no_bit_may_differ(victim, destination):
    """One bit in each of the first bytes, each time of a new request."""
    for offset in range(FLIPPED_BYTES):
        request = long_request(victim, destination.target)
        assert attempt(victim, flip(request, 8 * offset + offset % 8)) == NOTHING, offset
    assert victim.serves(destination, b"flips")


def parts(request):
    """[bytes]: its head, and what the chunks after it are sealed in."""
    return [request.head(), *(request.seal(chunk) for chunk in CHUNKS)]


def cut_requests(victim, target):
    """[(bytes, what may be seen of them, whether they may end there)]: cut at every offset."""
    length = len(b"".join(parts(victim.request(target, FIRST))))
    for count in range(length + 1):
        pieces = parts(victim.request(target, FIRST))
        ends = list(itertools.accumulate(map(len, pieces)))
        whole = sum(end <= count for end in ends)
        payload = b"".join((FIRST, *CHUNKS)[:whole])
        yield b"".join(pieces)[:count], payload, count in ends


@sealed
def test_cut_by_an_end(victim, destination):
    """The destination sees an end only between chunks, and nothing of a chunk that is not whole."""
    for data, payload, may_end in cut_requests(victim, destination.target):
        before = len(destination.arrived)
        assert attempt(victim, data) == ((b"", "end") if may_end else NOTHING), len(data)
        expected = [] if not payload else [(payload, "end" if may_end else "reset")]
        eventually(lambda: [(arrival.data, arrival.ending)
                            for arrival in destination.arrived[before:]], expected)


@sealed
def test_cut_by_a_reset(victim, destination):
    """The destination never sees an end; of the payload it may miss what had come."""
    for data, _, _ in cut_requests(victim, destination.target):
        opened = victim.connect()
        opened.sendall(data)
        abort(opened)
    victim.greet(destination, b"cuts")
    eventually(lambda: Counter(arrival.ending for arrival in destination.arrived) -
               Counter(reset=len(data)), Counter(end=1))
    whole = b"".join((FIRST, *CHUNKS))
    assert all(whole.startswith(arrival.data) for arrival in destination.arrived
               if arrival.ending == "reset")


@sealed
def test_flipped_later(victim, destination):
    """A bit in each byte of a later length, payload or tag: what came before it is delivered, and
    then a reset."""
    first, second = (len(part) for part in parts(victim.request(destination.target, FIRST))[1:])
    for offset in range(first + second):
        head, *chunks = parts(victim.request(destination.target, FIRST))
        before = len(destination.arrived)
        data = head + flip(b"".join(chunks), 8 * offset + offset % 8)
        assert attempt(victim, data) == NOTHING
        eventually(lambda: [(arrival.data, arrival.ending)
                            for arrival in destination.arrived[before:]],
                   [(FIRST if offset < first else FIRST + CHUNKS[0], "reset")])


@dated
def test_clocks_apart(victim, destination, clock):
    """30 s are allowed, and more are not. The methods of 2017 have no time in their headers."""
    clock.move(60)  # so that nothing is older than the server's memory
    for apart_s in (-3600, -32, 31, 3600):
        request = victim.request(destination.target, time_s=victim.now_s() + apart_s)
        assert attempt(victim, request.head()) == NOTHING, apart_s
    for apart_s in (-28, 30):
        near = victim.tunnel(destination.target, time_s=victim.now_s() + apart_s)
        near.shutdown(socket.SHUT_WR)
        assert near.recv(1) == b"", apart_s
        near.close()


def test_its_own_response_is_no_request(victim, destination):
    """Of the methods of 2017 it could be one: if the destination begins with an address, the
    response to it is what a request to that address looks like."""
    destination.greeting = destination.target.header() + b"from the destination"
    request = victim.request(destination.target, FIRST).head()
    response, ending = attempt(victim, request)
    assert len(response) > len(destination.greeting) and ending == "end"
    assert attempt(victim, response) == NOTHING
    assert attempt(victim, request + response) == NOTHING
    assert len(destination.arrived) == 1
