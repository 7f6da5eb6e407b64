# SPDX-License-Identifier: GPL-3.0-or-later
"""What an attacker can see of a server: that it is there, and the same for whatever he does.

The bytes that came, how it ended and when, and what the server's kernel says in its
acknowledgements: how much it has taken, and for how much more it has room.
"""
import secrets
import time
from contextlib import ExitStack

import pytest
from attackers import (DEADLINE_S, KEYED, NOTHING, Victim, outcome, tcp_info, wait_acknowledged)
from hosts import Background
from testbed.link import Link
from testbed.mpbridge import PORT
from tests.reference import METHODS, Request, ResponseWriter, Target, flip

SENT_BYTES = 2000
ELSEWHERE = Target("192.0.2.1", 80)


@pytest.fixture(scope="module")
def links():
    return [Link()]


@pytest.fixture(scope="module")
def victims(net):
    """A server of each method that has a key, at once."""
    with ExitStack() as running:
        yield [running.enter_context(Victim(net, name, port=PORT + number))
               for number, name in enumerate(KEYED)]


def by_others(victim):
    """{what: bytes}: what is not authentic."""
    method = victim.method
    other_key = bytes(byte ^ 1 for byte in victim.key)
    request = victim.request(ELSEWHERE, b"first").head()
    sent = {
        "noise": secrets.token_bytes(SENT_BYTES),
        "zeroes": bytes(SENT_BYTES),
        "text": b"GET / HTTP/1.1\r\nHost: example.org\r\n\r\n",
        "another key": Request(method, other_key, ELSEWHERE, b"first").head(),
        "the first bit flipped": flip(request, 0),
        "a bit of the first tag flipped": flip(request, 8 * (method.key_bytes + 12)),
    }
    for name in KEYED:
        if name != method.name and METHODS[name].key_bytes == method.key_bytes:
            sent[f"as {name}"] = Request(METHODS[name], victim.key, ELSEWHERE, b"first").head()
    return sent


def wrong_of_2022(victim):
    """{what: bytes}: authentic, and no request."""
    now_s = int(time.time())
    wrong = {
        "of another type": {"kind": 1},
        "a minute old": {"time_s": now_s - 60},
        "a minute early": {"time_s": now_s + 60},
        "from before the server's memory": {"time_s": now_s - 25},
        "at the end of time": {"time_s": 2**64 - 1},
        "neither padding nor payload": {"padding": b""},
        "too much padding": {"padding": bytes(901)},
        "more padding than is there": {"padding": b"p", "padding_length": 2},
        "no variable header": {"length": 0},
        "a variable header of another length": {"length": 40},
    }
    sent = {what: victim.request(ELSEWHERE, **keys).head() for what, keys in wrong.items()}
    response = ResponseWriter(victim.method, victim.key,
                              secrets.token_bytes(victim.method.key_bytes))
    sent["a response"] = response.greeting() or response.seal(b"payload")
    request = victim.request(ELSEWHERE, b"first").head()
    sent["the variable header's last bit flipped"] = flip(request, 8 * len(request) - 1)
    return sent


def wrong_of_2017(victim):
    """{what: bytes}: authentic, and no request."""
    def chunk(length, plain):
        salt = secrets.token_bytes(victim.method.key_bytes)
        cipher = victim.method.cipher(victim.key, salt)
        return salt + cipher.seal(length.to_bytes(2, "big")) + cipher.seal(plain)

    request = victim.request(ELSEWHERE, b"first").head()
    return {
        "an address of no kind": chunk(9, b"\x02 or what"),
        "an empty name": chunk(4, b"\x03\x00\x00\x50"),
        "too long a chunk": chunk(0x4000, bytes(0x40)),
        "the first chunk's last bit flipped": flip(request, 8 * len(request) - 1),
    }


def recorded(victim):
    """A request that was served, if its destination was not: again."""
    with victim.connect() as opened:
        request = victim.request(Target("127.0.0.1", 9), b"refused").head()
        opened.sendall(request)
        assert outcome(opened) == NOTHING
    return {"a recording": request}


def everything(victim):
    wrong = wrong_of_2017 if victim.method.edition == 2017 else wrong_of_2022
    sent = {**by_others(victim), **wrong(victim), **recorded(victim)}
    return {what: data + secrets.token_bytes(SENT_BYTES - len(data))
            for what, data in sent.items()}


class Probe:
    """A connection to a server with these bytes, and what is seen of them."""

    def __init__(self, victim, what, data):
        self.name = f"{victim.method.name}: {what}"
        self.opened = victim.connect()
        self.begun_s = time.monotonic()
        if data:
            self.opened.sendall(data)
        wait_acknowledged(self.opened)
        self.kernel = tcp_info(self.opened)

    def watch(self):
        got = outcome(self.opened)
        seconds = time.monotonic() - self.begun_s
        return self.name, (*got, round(seconds), self.kernel)


FLOOD_BYTES = 1 << 20  # more than the receive buffer of one from whom nothing is read


def test_all_is_taken(victims):
    """How much a server takes tells nothing of where it found something wrong: it takes all."""
    for victim in victims:
        for what, data in everything(victim).items():
            with victim.connect() as opened:
                opened.settimeout(DEADLINE_S / 2)
                opened.sendall(data + bytes(FLOOD_BYTES))
                wait_acknowledged(opened)


def warnings(victim):
    return [line for line in victim.daemon.log.splitlines() if "warning" in line]


def test_all_failures_look_the_same(victims):
    """However it fails, and with whichever method: all of it is acknowledged, no byte comes back,
    and at the deadline that silence has, too, comes a reset."""
    silent = Probe(victims[0], "silence", b"")
    probes = [Probe(victim, what, data) for victim in victims
              for what, data in everything(victim).items()]
    watching = [Background(probe.watch) for probe in [silent, *probes]]
    (_, silence), *seen = [watch.result() for watch in watching]
    expected = (*NOTHING, DEADLINE_S)
    assert silence[:3] == expected
    kernel = seen[0][1][3]
    assert [one for one in seen if one[1] != (*expected, kernel)] == []
    assert kernel[0] == SENT_BYTES + 1  # the SYN counts
    for victim in victims:  # of each kind of line one in 10 s
        assert 1 <= len(warnings(victim)) <= 6, warnings(victim)
