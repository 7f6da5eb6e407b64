# SPDX-License-Identifier: GPL-3.0-or-later
"""tests/reference itself: published vectors, what it refuses, Debian's programs as its peers."""
import base64
import socket
import time

import peers
import pytest
from hosts import (LIMIT_S, connect, digest, exchange, listen, payload, port_of, receive,
                   receive_all, receive_until_reset, reset, send_and_end)
from testbed import wait_until
from tests.reference import (METHODS, Request, RequestReader, ResponseReader, ResponseWriter,
                             SaltMemory, Target, WireError, flip, trickle)
from tests.reference import address, blake3
from tests.reference.methods import password_key

MB = 1 << 20
NOW_S = 1_700_000_000
LOOPBACK = {4: "127.0.0.1", 6: "::1"}
TARGETS = [Target("192.0.2.1", 80), Target("fd00::1", 443), Target("example.net", 65535),
           Target("n" * 255, 1), Target("192.0.2.1", 80, ("192.0.2.2", 40000)),
           Target("n" * 255, 1, ("fd00::2", 1))]
EDITION_2022 = [name for name, method in METHODS.items() if method.edition == 2022]
KEYED = [name for name, method in METHODS.items() if method.edition]
# input length: (hash, key derived), from test_vectors.json of BLAKE3
BLAKE3 = {
    0: ("af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262",
        "2cc39783c223154fea8dfb7c1b1660f2ac2dcbd1c1de8277b0b0dd39b7e50d7d"),
    1: ("2d3adedff11b61f14c886e35afa036736dcd87a74d27b5c1510225d0f592e213",
        "b3e2e340a117a499c6cf2398a19ee0d29cca2bb7404c73063382693bf66cb06c"),
    64: ("4eed7141ea4a5cd4b788606bd23f46e212af9cacebacdc7d1f4c6dc7f2511b98",
         "a5c4a7053fa86b64746d4bb688d06ad1f02a18fce9afd3e818fefaa7126bf73e"),
    65: ("de1e5fa0be70df6d2be8fffd0e99ceaa8eb6e8c93a63f2d8d1c30ecb6b263dee",
         "51fd05c3c1cfbc8ed67d139ad76f5cf8236cd2acd26627a30c104dfd9d3ff8a8"),
    1024: ("42214739f095a406f3fc83deb889744ac00df831c10daa55189b5d121c855af7",
           "7356cd7720d5b66b6d0697eb3177d9f8d73a4a5c5e968896eb6a689684302706"),
    1025: ("d00278ae47eb27b34faecf67b4fe263f82d5412916c1ffd97c8cb7fb814b8444",
           "effaa245f065fbf82ac186839a249707c3bddf6d3fdda22d1b95a3c970379bcb"),
    3073: ("7124b49501012f81cc7f11ca069ec9226cecb8a2c850cfe644e327d22d3e1cd3",
           "72613c9ec9ff7e40f8f5c173784c532ad852e827dba2bf85b2ab4b76f7079081"),
    8193: ("bab6c09cb8ce8cf459261398d2e7aef35700bf488116ceb94a36d0f5f1b7bc3b",
           "af1e0346e389b17c23200270a64aa4e1ead98c61695d917de7d5b00491c9b0f1"),
}


@pytest.fixture(scope="module")
def host(lab):
    return lab.node("host")


@pytest.fixture(params=[4, 6])
def ip(request):
    return LOOPBACK[request.param]


@pytest.mark.parametrize("length", BLAKE3)
def test_blake3(length):
    data = bytes(i % 251 for i in range(length))
    context = "BLAKE3 2019-12-27 16:29:52 test vectors context"
    assert (blake3.hash(data).hex(), blake3.derive_key(context, data).hex()) == BLAKE3[length]


def test_a_longer_result_of_blake3():
    assert blake3.hash(b"", 131).hex().endswith("31c5363165421cce14d")


def test_key_of_a_password():
    assert password_key(b"password", 32).hex() == ("5f4dcc3b5aa765d61d8327deb882cf99"
                                                   "2b95990a9151374abd8ff8c5a7a0fe08")


def test_subkey_of_2022():
    """Of the method's own derivation, a cipher must come that a subkey known elsewhere makes."""
    method = METHODS["2022-blake3-aes-256-gcm"]
    key = method.key("Lc3tTx0BY6ZJ/fCwOx3JvF0I/anhwJBO5p2+FA5Vce4=")
    salt = base64.b64decode("3oFO0VyLyGI4nFN0M9P+62vPND/L6v8IingaPJWTbJA=")
    subkey = base64.b64decode("EdNE+4U8dVnHT0+poAFDK2bdlwfrHT61sUNr9WYPh+E=")
    expected = method.aead(subkey).encrypt(bytes(12), b"text", None)
    assert method.cipher(key, salt).seal(b"text") == expected
    assert METHODS["auth-only"].cipher(key, salt).seal(b"text") != expected


@pytest.mark.parametrize("method, text", [("2022-blake3-aes-128-gcm", "c2hvcnQ="),
                                          ("2022-blake3-aes-256-gcm", "password"),
                                          ("auth-only", "not base64 at all!")])
def test_keys_that_are_none(method, text):
    with pytest.raises(WireError):
        METHODS[method].key(text)


def new_reader(name, salts=None, now_s=NOW_S, **options):
    method = METHODS[name]
    return RequestReader(method, method.key(peers.secret(name)),
                         salts or SaltMemory(lambda: now_s), lambda: now_s, **options)


def new_request(name, target=TARGETS[0], first=b"", **options):
    method = METHODS[name]
    return Request(method, method.key(peers.secret(name)), target, first,
                   **{"time_s": NOW_S, **options})


@pytest.mark.parametrize("target", TARGETS, ids=lambda target:
                         target.host[:12] + "-from" * bool(target.source))
@pytest.mark.parametrize("name", METHODS)
def test_what_is_written_is_read(name, target):
    """In one piece; byte by byte where that is allowed; with and without payload in the head."""
    data = payload(40_000)
    for first, chunk_bytes, step in ((b"", None, 1 << 20), (data[:1000], 700, 1 << 20),
                                     (data[:1], None, 1)):
        request = new_request(name, target, first, chunk_bytes=chunk_bytes)
        sent = request.head() + request.seal(data[len(first):])
        reader = new_reader(name, in_one_piece=False)
        got = b"".join(reader.feed(sent[i:i + step]) for i in range(0, len(sent), step))
        reader.end()
        assert (digest(got), reader.target) == (digest(data), target)


@pytest.mark.parametrize("name", KEYED)
def test_every_changed_bit_is_noticed(name):
    """In the head: an error at once or at the end, and never a byte that was not sent."""
    request = new_request(name, padding=b"p", first=b"first")
    sent = request.head() + (b"" if METHODS[name].raw else request.seal(b"second"))
    for bit in range(8 * len(sent)):
        reader = new_reader(name)
        with pytest.raises(WireError):
            got = reader.feed(flip(sent, bit))
            assert b"firstsecond".startswith(got)
            reader.end()


@pytest.mark.parametrize("name", KEYED)
def test_every_cut_is_noticed(name):
    """Inside the head and inside a chunk; between chunks it cannot be."""
    request = new_request(name, first=b"first")
    head = request.head()
    sent = head + request.seal(b"second")
    boundaries = range(len(head), len(sent)) if METHODS[name].raw else [len(head)]
    for length in range(len(sent)):
        reader = new_reader(name, in_one_piece=False)
        reader.feed(sent[:length])
        if length in boundaries:
            reader.end()
        else:
            with pytest.raises(WireError):
                reader.end()


@pytest.mark.parametrize("name", KEYED)
def test_the_answer(name):
    """Written and read; every changed bit and another request's salt are noticed."""
    method = METHODS[name]
    key = method.key(peers.secret(name))
    salt = bytes(method.key_bytes)
    writer = ResponseWriter(method, key, salt, time_s=NOW_S)
    sent = writer.greeting() + writer.seal(b"answer")
    new = lambda salt: ResponseReader(method, key, salt, lambda: NOW_S)
    assert new(salt).feed(sent) == b"answer"
    for bit in range(8 * (len(sent) - (len(b"answer") if method.raw else 0))):
        with pytest.raises(WireError):
            reader = new(salt)
            assert b"answer".startswith(reader.feed(flip(sent, bit)))
            reader.end()
    if method.edition == 2022:
        with pytest.raises(WireError):
            new(bytes([1]) * len(salt)).feed(sent)


@pytest.mark.parametrize("name", EDITION_2022)
@pytest.mark.parametrize("wrong", [
    {"time_s": NOW_S - 31}, {"time_s": NOW_S + 31}, {"kind": 1}, {"padding": b""},
    {"padding": bytes(901)}, {"padding": b"p", "padding_length": 2}, {"length": 9},
    {"padding": b"p", "padding_length": 901}], ids=str)
def test_wrong_requests(name, wrong):
    sent = new_request(name, **wrong).head()
    with pytest.raises(WireError):
        reader = new_reader(name)
        reader.feed(sent)
        reader.end()


@pytest.mark.parametrize("name", EDITION_2022)
@pytest.mark.parametrize("right", [
    {"time_s": NOW_S - 30}, {"time_s": NOW_S + 30}, {"padding": bytes(900)}, {"padding": b"p"},
    {"padding": b"", "first": b"f"}], ids=lambda right: f"{list(right)}")
def test_requests_just_right(name, right):
    reader = new_reader(name)
    reader.feed(new_request(name, **right).head())
    assert reader.target == TARGETS[0]


@pytest.mark.parametrize("name", EDITION_2022)
def test_the_head_must_come_in_one_piece(name):
    sent = new_request(name).head()
    with pytest.raises(WireError):
        new_reader(name).feed(sent[:40])


@pytest.mark.parametrize("name", KEYED)
def test_replay(name):
    """Refused while the salt is remembered; a wrong request's salt is not."""
    sent = new_request(name, first=b"first").head()
    salts = SaltMemory(lambda: NOW_S)
    with pytest.raises(WireError):
        new_reader(name, salts).feed(flip(sent, 8 * METHODS[name].key_bytes))
    new_reader(name, salts).feed(sent)
    with pytest.raises(WireError):
        new_reader(name, salts).feed(sent)


def test_salts_are_remembered_for_60_seconds():
    now_s = NOW_S
    salts = SaltMemory(lambda: now_s)
    salts.remember(b"a")
    now_s += 60
    with pytest.raises(WireError):
        salts.remember(b"a")
    now_s += 1
    salts.remember(b"a")


@pytest.mark.parametrize("header", ["80", "8001", "80010a0000029c40", "80010a0000029c4001",
                                    "80010a0000029c40010a00000100"])
def test_a_header_with_a_host_that_is_cut_short(header):
    """It always asks for more than there is."""
    header = bytes.fromhex(header)
    assert address.header_bytes(header) > len(header)


@pytest.mark.parametrize("header", ["800301780050", "8080", "8000", "80010a0000029c4080"])
def test_a_header_with_what_is_no_host(header):
    with pytest.raises(WireError):
        address.header_bytes(bytes.fromhex(header))


@pytest.mark.parametrize("writes, reads", [("auth-only", "2022-blake3-aes-256-gcm"),
                                           ("2022-blake3-aes-256-gcm", "auth-only")])
def test_auth_only_and_2022_do_not_read_each_other(writes, reads):
    """A recorded handshake of one means nothing to the other with the same key."""
    key = bytes(32)
    sent = Request(METHODS[writes], key, TARGETS[0], time_s=NOW_S).head()
    with pytest.raises(WireError):
        RequestReader(METHODS[reads], key, SaltMemory(), lambda: NOW_S).feed(sent)


def accept(listener):
    listener.settimeout(LIMIT_S)
    far, _ = listener.accept()
    far.settimeout(LIMIT_S)
    return far


@pytest.mark.parametrize("name", METHODS)
def test_client_and_server(host, ip, name):
    with peers.serve(host, ip, 0, name) as server, listen(host, ip) as listener:
        near = peers.tunnel(host, ip, port_of(server.listener), name, ip, port_of(listener))
        exchange(near, accept(listener), 3 * MB)
        assert (server.refused, server.unreachable) == ([], [])


@pytest.mark.parametrize("name", METHODS)
def test_a_name_and_payload_in_the_head(host, name):
    with peers.serve(host, "127.0.0.1", 0, name) as server, listen(host, "127.0.0.1") as listener:
        near = peers.tunnel(host, "127.0.0.1", port_of(server.listener), name, "localhost",
                            port_of(listener), payload=b"first", chunk_bytes=100)
        far = accept(listener)
        send_and_end(near, b"second" * 100)
        assert receive_all(far) == b"first" + b"second" * 100
        send_and_end(far, b"late answer")
        assert receive_all(near) == b"late answer"


@pytest.mark.parametrize("name", ["auth-only", "2022-blake3-aes-128-gcm"])
def test_auth_only_says_that_it_is_connected(host, name):
    """At once, and the others do not."""
    with peers.serve(host, "127.0.0.1", 0, name) as server, listen(host, "127.0.0.1") as listener:
        near = peers.tunnel(host, "127.0.0.1", port_of(server.listener), name, "127.0.0.1",
                            port_of(listener))
        far = accept(listener)
        if name == "auth-only":
            near.wait_connected()
        else:
            far.sendall(b"payload")
            near.wait_connected()
        send_and_end(far, b"")
        assert receive_all(near) == (b"" if name == "auth-only" else b"payload")


@pytest.mark.parametrize("side", ["client", "destination"])
@pytest.mark.parametrize("name", METHODS)
def test_a_reset_is_passed_on(host, name, side):
    with peers.serve(host, "127.0.0.1", 0, name) as server, listen(host, "127.0.0.1") as listener:
        near = peers.tunnel(host, "127.0.0.1", port_of(server.listener), name, "127.0.0.1",
                            port_of(listener))
        far = accept(listener)
        near.sendall(b"ping")
        assert receive(far, 4) == b"ping"
        if side == "client":
            reset(near.connected)
            receive_until_reset(far)
        else:
            reset(far)
            receive_until_reset(near)


@pytest.mark.parametrize("name", EDITION_2022)
def test_what_attackers_send(host, name):
    """A recorded request, one that is bent, one that is old, a part of one: each is reset."""
    with peers.serve(host, "127.0.0.1", 0, name) as server, listen(host, "127.0.0.1") as listener:
        address = "127.0.0.1", port_of(server.listener)
        target = "127.0.0.1", port_of(listener)
        recorded = peers.tunnel(host, *address, name, *target).request
        accept(listener).close()
        fresh = new_request(name, Target(*target), time_s=int(time.time())).head()
        old = new_request(name, Target(*target), time_s=int(time.time()) - 60).head()
        for count, data in enumerate((recorded, flip(fresh, 700), old, fresh[:40]), start=1):
            attacker = connect(host, *address)
            attacker.sendall(data)
            receive_until_reset(attacker)
            wait_until(lambda: len(server.refused) == count, LIMIT_S, f"{count} refused requests")
        assert len(server.requests) == 1


@pytest.mark.parametrize("name", METHODS)
def test_byte_by_byte(host, name):
    """For a server that allows it."""
    with (peers.serve(host, "127.0.0.1", 0, name, in_one_piece=False) as server,
          listen(host, "127.0.0.1") as listener):
        request = new_request(name, Target("127.0.0.1", port_of(listener)), b"first",
                              time_s=int(time.time()))
        near = connect(host, "127.0.0.1", port_of(server.listener))
        trickle(near, request.head() + request.seal(b"second"))
        near.shutdown(socket.SHUT_WR)
        assert receive_all(accept(listener)) == b"firstsecond"


@pytest.mark.parametrize("name", EDITION_2022)
@pytest.mark.parametrize("wrong", [{"kind": 0}, {"time_s": 1}], ids=str)
def test_wrong_answers(host, name, wrong):
    with (peers.serve(host, "127.0.0.1", 0, name, response=wrong) as server,
          listen(host, "127.0.0.1") as listener):
        near = peers.tunnel(host, "127.0.0.1", port_of(server.listener), name, "127.0.0.1",
                            port_of(listener))
        far = accept(listener)
        far.sendall(b"answer")
        with pytest.raises(WireError):
            near.recv(1)


@pytest.mark.parametrize("name", peers.DEBIANS_METHODS)
def test_client_with_ss_server(host, ip, name):
    with peers.ss_server(host, ip, 8388, name), listen(host, ip) as listener:
        near = peers.tunnel(host, ip, 8388, name, ip, port_of(listener))
        peers.carry(near, accept(listener), 3 * MB)


@pytest.mark.parametrize("name", peers.DEBIANS_METHODS)
def test_server_with_ss_local(host, ip, name):
    with (peers.serve(host, ip, 0, name) as server, listen(host, ip) as listener,
          peers.ss_client("ss-local", host, ip, 1080, ip, port_of(server.listener), name)):
        for target in (ip, "localhost") if ip == LOOPBACK[4] else (ip,):
            near = peers.connect_socks(host, ip, 1080, target, port_of(listener))
            peers.carry(near, accept(listener), 3 * MB)
        assert (server.refused, server.unreachable) == ([], [])


@pytest.mark.parametrize("name", peers.DEBIANS_METHODS)
def test_ss_server_with_another_password(host, name):
    """So a wrong key does not go unnoticed, and the tests above mean something."""
    with peers.ss_server(host, "127.0.0.1", 8388, name), listen(host, "127.0.0.1") as listener:
        method = METHODS[name]
        request = Request(method, method.key("another"), Target("127.0.0.1", port_of(listener)))
        opened = connect(host, "127.0.0.1", 8388)
        send_and_end(opened, request.head())
        assert opened.recv(1) == b""
        listener.setblocking(False)
        with pytest.raises(BlockingIOError):
            listener.accept()
