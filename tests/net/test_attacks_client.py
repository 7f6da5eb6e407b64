# SPDX-License-Identifier: GPL-3.0-or-later
"""A server, or somebody on the way, that lies to our client: nothing that was changed reaches the
host, and what was cut short does not look complete.

The liar stands where the server would be. The port that the host asks for says which lie it is.
"""
import itertools
import secrets
import socket
import threading
import time


import peers
import pytest
from attackers import EDITION_2022, KEYED, outcome
from conftest import running
from hosts import connect, listen
from testbed.link import Link
from testbed.mpbridge import PORT, Daemon, add_redirect, config_text, remove_redirect
from tests.reference import (METHODS, Request, RequestReader, ResponseWriter, SaltMemory, Target,
                             flip)
from tests.reference.tunnel import abort

FIRST_PORT = 20000
FLIPPED_BYTES = 200
FIRST = b"f" * FLIPPED_BYTES
CHUNKS = (b"ten bytes.", b"x")
_BLOCK_BYTES = 1 << 16


@pytest.fixture(scope="module")
def links():
    return [Link()]


class Liar:
    """lies: {port of the target: function(connection, RequestReader, bytes of the request)}, which
    has the connection for itself, once the host has said something. Whoever asks for another
    target is reset."""

    def __init__(self, net, method):
        self.lies = {}
        self.method = METHODS[method]
        self.key = self.method.key(peers.secret(method))
        self._listener = listen(net.server, net.server_ips[0], PORT)
        self._listener.settimeout(None)
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self):
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _accept(self):
        while True:
            try:
                accepted, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=[accepted], daemon=True).start()

    def _serve(self, accepted):
        accepted.settimeout(5)
        reader = RequestReader(self.method, self.key, SaltMemory())
        request, payload = b"", b""
        while not payload:
            data = accepted.recv(_BLOCK_BYTES)
            if not data:
                return accepted.close()
            request += data
            payload += reader.feed(data)
            if reader.target and reader.target.port not in self.lies:
                return abort(accepted)  # a greeting
        self.lies[reader.target.port](accepted, reader, request)

    def response(self, reader, **wrong):
        return ResponseWriter(self.method, self.key, reader.salt, **wrong)

    def parts(self, reader):
        """[bytes] of a right response: its head, and a chunk for each of CHUNKS."""
        writer = self.response(reader)
        first = writer.greeting() or writer.seal(FIRST)
        return [first, *(writer.seal(chunk) for chunk in CHUNKS)]


@pytest.fixture(scope="module", params=KEYED)
def liar(request, net):
    """In the place of the server of our client, which is ready."""
    liar = Liar(net, request.param)
    add_redirect(net.client)
    config = config_text(net.server_ips, {"method": request.param,
                                          "password": peers.secret(request.param)})
    try:
        with running(Daemon(net.client, "client", config, name=f"client-{request.param}")):
            yield liar
    finally:
        remove_redirect(net.client)
        liar.close()


def of(methods):
    """A mark: a test for these alone."""
    return pytest.mark.parametrize("liar", methods, indirect=True, scope="module")


# auth-only does not protect payload: it may be cut or changed anywhere
sealed = of([name for name in KEYED if not METHODS[name].raw])


def seen_by_hosts(net, liar, lies):
    """[(bytes, ending)]: what a host gets of each of these lies."""
    liar.lies = dict(enumerate(lies, FIRST_PORT))
    return [seen_by_host(net, port) for port in liar.lies]


def seen_by_host(net, port):
    """It speaks first, so that nothing comes, or fails, before connect() has returned."""
    with connect(net.host_a, net.host_b_ip, port) as near:
        near.sendall(b"?")
        return outcome(near)


def sends(data, close=socket.socket.close):
    """A lie: data(liar's RequestReader, bytes of the request), and then an end of that kind."""
    def lie(accepted, reader, request):
        accepted.sendall(data(reader, request))
        close(accepted)
    return lie


def test_no_bit_of_the_beginning_may_differ(net, liar):
    """One bit in each of the first bytes: the host gets none of it, and a reset."""
    def flipped(offset):
        return sends(lambda reader, _: flip(b"".join(liar.parts(reader)),
                                            8 * offset + offset % 8))
    protected = FLIPPED_BYTES
    if liar.method.raw:
        protected = 2 * liar.method.key_bytes + 11 + 16 + 16
    seen = seen_by_hosts(net, liar, map(flipped, range(protected)))
    assert seen == [(b"", "reset")] * protected


def ends_of_parts(liar):
    """The offsets in a response behind its head and each of its chunks: they do not vary."""
    reader = RequestReader(liar.method, liar.key, SaltMemory())
    reader.salt = bytes(liar.method.key_bytes)
    return list(itertools.accumulate(map(len, liar.parts(reader))))


def truth(ends, count):
    """(payload, whether it may end there) of the first count bytes of a response."""
    whole = sum(end <= count for end in ends)
    return b"".join((FIRST, *CHUNKS)[:whole]), count in (0, *ends)


@sealed
def test_cut_by_an_end(net, liar):
    """The host sees an end only between chunks, and nothing of a chunk that is not whole."""
    ends = ends_of_parts(liar)

    def cut(count):
        return sends(lambda reader, _: b"".join(liar.parts(reader))[:count])
    seen = seen_by_hosts(net, liar, map(cut, range(ends[-1] + 1)))
    for count, (got, ending) in enumerate(seen):
        payload, may_end = truth(ends, count)
        assert (got, ending) == (payload, "end" if may_end else "reset"), count


@sealed
def test_cut_by_a_reset(net, liar):
    """The host never sees an end; of the payload it may miss what had come."""
    ends = ends_of_parts(liar)

    def cut(count):
        return sends(lambda reader, _: b"".join(liar.parts(reader))[:count], abort)
    seen = seen_by_hosts(net, liar, map(cut, range(ends[-1] + 1)))
    for count, (got, ending) in enumerate(seen):
        assert ending == "reset" and truth(ends, count)[0].startswith(got), count


@sealed
def test_flipped_later(net, liar):
    """A bit in each byte of a later length, payload or tag: the host gets what came before it."""
    ends = ends_of_parts(liar)

    def flipped(offset):
        return sends(lambda reader, _: flip(b"".join(liar.parts(reader)),
                                            8 * offset + offset % 8))
    offsets = range(ends[0], ends[-1])
    seen = seen_by_hosts(net, liar, map(flipped, offsets))
    assert seen == [(truth(ends, offset)[0], "reset") for offset in offsets]


def respond(liar, **wrong):
    """What makes a response that is wrong in this."""
    def data(reader, _):
        writer = liar.response(reader, **wrong)
        return writer.greeting() or writer.seal(FIRST)
    return data


def test_what_is_no_response(net, liar):
    """The client's own request, noise, other keys and methods."""
    method, key = liar.method, liar.key

    def as_another(other, other_key):
        def data(reader, _):
            salt = (reader.salt * 2)[:other.key_bytes]
            return ResponseWriter(other, other_key, salt).seal(FIRST)
        return data

    def request(reader, _):
        made = Request(method, key, Target("192.0.2.1", 80), FIRST)
        return made.head() + made.seal(FIRST)
    lies = [lambda _, sent: sent, lambda _, sent: sent + bytes(1000),
            lambda *_: secrets.token_bytes(1000), lambda *_: b"HTTP/1.1 200 OK\r\n\r\n" * 60,
            as_another(method, bytes(byte ^ 1 for byte in key))]
    lies += [as_another(METHODS[name], key) for name in KEYED
             if name != method.name and METHODS[name].key_bytes == method.key_bytes]
    if method.edition == 2022:
        lies.append(request)  # of 2017 none can be told from a response, if it is not its own
    assert seen_by_hosts(net, liar, map(sends, lies)) == [(b"", "reset")] * len(lies)


@of(EDITION_2022)
def test_wrong_header(net, liar):
    """Of another request, of another type, of another time; and such that are right."""
    size = liar.method.key_bytes
    now_s = int(time.time())
    wrong = [{"kind": 0}, {"kind": 2}, {"time_s": now_s - 32}, {"time_s": now_s + 40},
             {"time_s": 0}, {"time_s": 2**64 - 1}]
    lies = [respond(liar, **keys) for keys in wrong]
    lies += [lambda *_, salt=salt: (writer := ResponseWriter(liar.method, liar.key, salt)).greeting()
             or writer.seal(FIRST) for salt in (bytes(size), secrets.token_bytes(size))]
    assert seen_by_hosts(net, liar, map(sends, lies)) == [(b"", "reset")] * len(lies)
    right = [respond(liar, time_s=now_s - 20), respond(liar, time_s=now_s + 20)]
    payload = b"" if liar.method.raw else FIRST
    assert seen_by_hosts(net, liar, map(sends, right)) == [(payload, "end")] * len(right)


def test_what_belongs_to_another(net, liar):
    """The response to another request, once it has been used; and that request as a response."""
    recorded = []

    def record(accepted, reader, request):
        recorded.extend([b"".join(liar.parts(reader)), request])
        sends(lambda *_: recorded[0])(accepted, reader, request)
    lies = [record, *[sends(lambda *_: recorded[0])] * 3, *[sends(lambda *_: recorded[1])] * 3]
    payload = b"".join(CHUNKS if liar.method.raw else (FIRST, *CHUNKS))
    assert seen_by_hosts(net, liar, lies) == [(payload, "end")] + [(b"", "reset")] * 6


@sealed
def test_chunks_that_nobody_sends(net, liar):
    """Authentic, and not allowed: empty ones, and for 2017 longer ones than there are."""
    def chunk(length, payload):
        def data(reader, _):
            writer = liar.response(reader)
            head = writer.seal(FIRST)
            cipher = writer._cipher
            return head + cipher.seal(length.to_bytes(2, "big")) + cipher.seal(payload)
        return data
    lies = [chunk(0, b""), chunk(5, b"four"), chunk(3, b"four")]
    if liar.method.edition == 2017:
        lies += [chunk(0x4000, bytes(0x4000)), chunk(0xffff, bytes(0xffff))]
    assert seen_by_hosts(net, liar, map(sends, lies)) == [(FIRST, "reset")] * len(lies)
