# SPDX-License-Identifier: GPL-3.0-or-later
"""One half of the bridge is ours and the other is not: every method, in both roles and families.

The others are Debian's ss-server, ss-redir and ss-local, and tests/reference, which
test_reference.py has tried against them. They speak plain TCP, so there is one path. Debian's
programs have no half-close and pass no reset on, so that is tried with the reference alone.
"""
import itertools
from contextlib import nullcontext
from dataclasses import dataclass

import peers
import pytest
from conftest import running
from hosts import (Background, Ends, digest, exchange, payload, port_of, receive, receive_all,
                   receive_until_reset, reset, send_and_end)
from testbed.mpbridge import (LOCAL_PORT, PORT, Daemon, add_redirect, config_text,
                              remove_redirect)
from tests.reference import METHODS

BYTES = 3 << 20
SOCKS_PORT = 1081
NAME = "destination.example"
ROUTER = {4: "192.168.1.1", 6: "fd00:1::1"}
HTTP_ANSWER = b"HTTP/1.0 200 OK\r\nContent-Length: %d\r\n\r\n"


@dataclass(frozen=True)
class Case:
    """What the other is, client or server; what is spoken, and over which family."""
    role: str
    peer: str
    method: str
    family: int

    def __str__(self):
        return f"{self.peer}-{self.role}-{self.method}-ipv{self.family}"

    def pick(self, for_ipv4, for_ipv6):
        return for_ipv4 if self.family == 4 else for_ipv6

    def is_keyed(self):
        return METHODS[self.method].edition > 0

    def is_reference(self):
        return self.peer == "reference"


def cases(role, peer, methods):
    return [Case(role, peer, *rest) for rest in itertools.product(methods, (4, 6))]


REFERENCE_SERVERS = cases("server", "reference", METHODS)
REFERENCE_CLIENTS = cases("client", "reference", METHODS)
SS_LOCALS = cases("client", "ss-local", peers.DEBIANS_METHODS)
SERVERS = REFERENCE_SERVERS + cases("server", "ss-server", peers.DEBIANS_METHODS)
CLIENTS = (REFERENCE_CLIENTS + SS_LOCALS + cases("client", "ss-redir", peers.DEBIANS_METHODS))


def of(cases):
    """A mark: a test, or a class of them, for each of these."""
    return pytest.mark.parametrize("case", cases, ids=str, indirect=True, scope="module")


@pytest.fixture(scope="module")
def case(request):
    return request.param


@pytest.fixture(scope="module")
def redirected(net):
    """With the firewall rules of the recipe."""
    add_redirect(net.client)
    yield
    remove_redirect(net.client)


def our_daemon(net, case, role, key, under=()):
    """key: under which name the secret stands in the file."""
    node = net.client if role == "client" else net.server
    config = config_text(case.pick(net.server_ips, net.server_ips6),
                         {"local_address": case.pick("0.0.0.0", "::"), "password": None,
                          "method": case.method, key: peers.secret(case.method)})
    return running(Daemon(node, role, config, name=f"{role}-{case}", under=under))


@pytest.fixture(scope="module")
def far_server(net, case, redirected):
    """The other's server, and our client. What the reference refused was wrong."""
    start = peers.serve if case.is_reference() else peers.ss_server
    with start(net.server, case.pick("0.0.0.0", "::"), PORT, case.method) as server:
        with our_daemon(net, case, "client", "password"):
            yield server
        assert not case.is_reference() or server.refused == []


def with_a_name(net, case):
    """A command that runs another one with the name of host B in its /etc/hosts."""
    ip = case.pick(net.host_b_ip, net.host_b_ip6)
    path = net.server.write_file(f"hosts-{case.family}", f"127.0.0.1 localhost\n{ip} {NAME}\n")
    return ["unshare", "-m", "sh", "-c", 'mount --bind "$0" /etc/hosts && exec "$@"', path]


@pytest.fixture(scope="module")
def far_client(net, case, redirected):
    """The other's client, and our server."""
    server_ip = case.pick(net.server_ips, net.server_ips6)[0]
    local = case.pick("0.0.0.0", "::")
    port = SOCKS_PORT if case.peer == "ss-local" else LOCAL_PORT
    client = nullcontext() if case.is_reference() else peers.ss_client(
        case.peer, net.client, local, port, server_ip, PORT, case.method)
    key = "key" if METHODS[case.method].edition == 2022 else "password"
    with our_daemon(net, case, "server", key, with_a_name(net, case)), client:
        yield


@pytest.fixture
def ends(net, case):
    """Sockets in the two hosts, closed after the test."""
    with Ends(net, case.family) as ends:
        yield ends


def connect_by(net, case, ends, listener, host=None, **options):
    """(near, far) by the client of that case to a listener in host B. options: of a Tunnel."""
    target = host or ends.b_ip, port_of(listener)
    if case.peer == "ss-redir":
        near = ends.connect(target[1])
    elif case.peer == "ss-local":
        near = peers.connect_socks(net.host_a, ROUTER[case.family], SOCKS_PORT, *target)
    else:
        server_ip = case.pick(net.server_ips, net.server_ips6)[0]
        near = peers.tunnel(net.client, server_ip, PORT, case.method, *target, **options)
    return ends.keep(near), ends.accept(listener)


def carries(case, near, far):
    """3 MB each way, and the ends."""
    if case.is_reference():
        exchange(near, far, BYTES)
    else:
        peers.carry(near, far, BYTES)


def half_closes(near, far):
    """The end of the one direction, and 3 MB against it after that."""
    send_and_end(near, b"question")
    assert receive_all(far) == b"question"
    sending = Background(send_and_end, far, payload(BYTES))
    assert digest(receive_all(near)) == digest(payload(BYTES))
    sending.result()


def passes_reset_on(near, far):
    """After payload both ways, so that all three connections are there."""
    near.sendall(b"ping")
    assert receive(far, 4) == b"ping"
    far.sendall(b"pong")
    assert receive(near, 4) == b"pong"
    reset(near)
    receive_until_reset(far)


@of(SERVERS)
class TestOurClient:
    def test_payload(self, case, far_server, ends):
        carries(case, *ends.pair())

    def test_server_first(self, far_server, ends):
        """The destination speaks first, and the host never does."""
        near, far = ends.pair()
        send_and_end(far, b"220 ready\r\n")
        assert receive_all(near) == b"220 ready\r\n"


@of(REFERENCE_SERVERS)
class TestOurClientInDetail:
    def test_half_close(self, far_server, ends):
        listener = ends.listen()
        half_closes(*ends.pair(listener))
        half_closes(*reversed(ends.pair(listener)))

    def test_reset(self, far_server, ends):
        listener = ends.listen()
        passes_reset_on(*ends.pair(listener))
        passes_reset_on(*reversed(ends.pair(listener)))


    def test_salts_and_paddings_differ(self, case, far_server, ends):
        """SIP022 3.1.4: a head without payload has a padding of random length."""
        listener = ends.listen()
        for _ in range(4):
            ends.pair(listener)
        heads = [head for head in far_server.requests if not head.target.host.endswith(".invalid")]
        assert len({head.salt for head in heads}) == (len(heads) if case.is_keyed() else 1)
        if METHODS[case.method].edition == 2022:
            assert len({len(head.padding) for head in heads[-4:]}) > 1


@of(CLIENTS)
class TestOurServer:
    def test_payload(self, net, case, far_client, ends):
        carries(case, *connect_by(net, case, ends, ends.listen()))

    def test_server_first(self, net, case, far_client, ends):
        near, far = connect_by(net, case, ends, ends.listen())
        send_and_end(far, b"220 ready\r\n")
        assert receive_all(near) == b"220 ready\r\n"


@of(REFERENCE_CLIENTS)
class TestOurServerInDetail:
    def test_half_close(self, net, case, far_client, ends):
        listener = ends.listen()
        half_closes(*connect_by(net, case, ends, listener))
        half_closes(*reversed(connect_by(net, case, ends, listener)))

    def test_reset(self, net, case, far_client, ends):
        listener = ends.listen()
        passes_reset_on(*connect_by(net, case, ends, listener))
        passes_reset_on(*reversed(connect_by(net, case, ends, listener)))

    def test_payload_in_the_head_and_small_chunks(self, net, case, far_client, ends):
        """The first payload comes with the address, and chunks are cut where it suits nobody."""
        first, rest = payload(1000, 1), payload(50_000, 2)
        near, far = connect_by(net, case, ends, ends.listen(), payload=first, chunk_bytes=1021)
        send_and_end(near, rest)
        assert digest(receive_all(far)) == digest(first + rest)

    def test_name(self, net, case, far_client, ends):
        near, far = connect_by(net, case, ends, ends.listen(), NAME)
        exchange(near, far, 100_000)


@of(SS_LOCALS)
def test_curl_asks_for_a_name(net, case, far_client, ends, tmp_path):
    """curl -> ss-local -> our server, which looks the name up."""
    listener = ends.listen()
    data = payload(BYTES)

    def answer():
        opened = ends.accept(listener)
        request = b""
        while not request.endswith(b"\r\n\r\n"):
            request += receive(opened, 1)
        send_and_end(opened, HTTP_ANSWER % len(data) + data)
        return request

    answering = Background(answer)
    router = ROUTER[4] if case.family == 4 else f"[{ROUTER[6]}]"
    net.host_a.run(["curl", "-sSf", "--max-time", 15, "-o", tmp_path / "got", "--socks5-hostname",
                    f"{router}:{SOCKS_PORT}", f"http://{NAME}:{port_of(listener)}/"])
    assert answering.result().startswith(b"GET / ")
    assert digest((tmp_path / "got").read_bytes()) == digest(data)
