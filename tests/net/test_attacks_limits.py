# SPDX-License-Identifier: GPL-3.0-or-later
"""Requests that are right, if unusual: lengths at every limit, and bytes in pieces of every size."""
import secrets
import socket

import pytest
from attackers import (EDITION_2017, EDITION_2022, KEYED, NOTHING, Victim, attempt, give_up, outcome,
                       wait_acknowledged)
from hosts import digest, payload
from testbed.link import Link
from tests.reference import METHODS, Target, trickle

PADDING_MAX = 900


@pytest.fixture(scope="module")
def links():
    return [Link()]


@pytest.fixture(scope="module", params=KEYED)
def victim(request, net):
    with Victim(net, request.param) as victim:
        yield victim


def of(methods):
    """A mark: a test for these alone."""
    return pytest.mark.parametrize("victim", methods, indirect=True, scope="module")


sealed = of([name for name in KEYED if not METHODS[name].raw])


def arrives(victim, destination, request, chunks=()):
    """What a request and its chunks bring to the destination, in one piece."""
    stream = request.head() + b"".join(request.seal(chunk) for chunk in chunks)
    assert attempt(victim, stream)[1] == "end"
    return destination.arrived[-1].data


@of(EDITION_2022)
def test_paddings(victim, destination):
    """Of 1 byte to the most that there may be; none if there is payload; and no more."""
    first = b"" if victim.method.raw else b"first"
    for length in (1, 2, 255, 256, 899, PADDING_MAX):
        padding = secrets.token_bytes(length)
        for data in (b"", first):
            request = victim.request(destination.target, data, padding=padding)
            assert arrives(victim, destination, request, [b"x"]) == data + b"x"
    count = len(destination.arrived)
    for length in (PADDING_MAX + 1, 0xffff):
        request = victim.request(destination.target, first, padding=bytes(PADDING_MAX + 1),
                                 padding_length=length)
        assert attempt(victim, request.head()) == NOTHING
    assert len(destination.arrived) == count


@sealed
def test_first_payloads(victim, destination):
    """As much as fits into the head, which is more than a buffer has room for at once."""
    header = len(destination.target.header())
    most = victim.method.chunk_max - header - (2 if victim.method.edition == 2022 else 0)
    for length in (1, 1000, most - 1, most):
        data = payload(length)
        got = arrives(victim, destination, victim.request(destination.target, data), [b"x"])
        assert digest(got) == digest(data + b"x")


@sealed
def test_chunks_of_every_length(victim, destination):
    """The shortest and the longest, and around powers of two."""
    most = victim.method.chunk_max
    lengths = [1, 2, 3, most - 1, most, 1, most, most]
    lengths += [2**power + more for power in range(7, 15) for more in (-1, 0, 1)
                if 2**power + more <= most]
    chunks = [payload(length, seed) for seed, length in enumerate(lengths)]
    request = victim.request(destination.target, b"first")
    assert digest(arrives(victim, destination, request, chunks)) == digest(b"first" +
                                                                           b"".join(chunks))


@sealed
def test_chunks_of_one_byte(victim, destination):
    data = payload(5000)
    request = victim.request(destination.target, b"f", chunk_bytes=1)
    assert digest(arrives(victim, destination, request, [data])) == digest(b"f" + data)


@of(EDITION_2017)
@pytest.mark.parametrize("size", [1, 2, 3, 6, 7, 8])
def test_header_in_many_chunks(victim, destination, size):
    """It may be cut anywhere, a name too; and payload follows in the chunk where it ends."""
    host, port = destination.target.host.encode(), destination.target.port.to_bytes(2, "big")
    for header in (destination.target.header(), bytes([3, len(host)]) + host + port):
        plain = header + b"payload"
        chunks = [plain[at:at + size] for at in range(0, len(plain), size)]
        stream = chunked(victim, chunks)
        assert attempt(victim, stream)[1] == "end"
        assert destination.arrived[-1].data == b"payload"


def chunked(victim, chunks):
    """A stream of 2017 whose first chunk is the first of these."""
    salt = secrets.token_bytes(victim.method.key_bytes)
    cipher = victim.method.cipher(victim.key, salt)
    return salt + b"".join(map(cipher.seal_chunk, chunks))


@of(EDITION_2017)
def test_longest_name_in_chunks_of_one_byte(victim, destination):
    """259 chunks, and it is found out only then that nobody has that name."""
    name = Target("n" * 63 + ".invalid", 80)
    stream = chunked(victim, [bytes([byte]) for byte in name.header()])
    assert attempt(victim, stream)[0] == b""
    assert victim.serves(destination, b"honest")


def test_byte_by_byte(victim, destination):
    """Each in a segment of its own. The head of 2022 must come in one piece (SIP022 3.1.4)."""
    made = victim.request(destination.target, b"" if victim.method.raw else b"first")
    head, rest = made.head(), made.seal(b"rest")
    whole = victim.method.key_bytes + 27 if victim.method.edition == 2022 else 0
    with victim.connect() as opened:
        opened.sendall(head[:whole])
        trickle(opened, head[whole:] + rest)
        opened.shutdown(socket.SHUT_WR)
        while opened.recv(1000):
            pass
    assert destination.arrived[-1].data == (b"" if victim.method.raw else b"first") + b"rest"


@of(EDITION_2022)
def test_head_in_two_pieces(victim, destination):
    """It is refused wherever it is cut, and what follows does not help. The one worker has seen
    the first piece of each when it has served a client that came after them."""
    whole = victim.method.key_bytes + 27
    heads = [victim.request(destination.target).head() for _ in range(whole - 1)]
    opened = [victim.connect() for _ in heads]
    for count, (one, head) in enumerate(zip(opened, heads), 1):
        one.sendall(head[:count])
        wait_acknowledged(one)
    victim.greet(destination, b"between")
    for count, (one, head) in enumerate(zip(opened, heads), 1):
        with one:
            one.sendall(head[count:])
            give_up(one)
            assert outcome(one) == NOTHING, count
    assert len(destination.arrived) == 1
