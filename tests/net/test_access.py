# SPDX-License-Identifier: GPL-3.0-or-later
"""Who may use a server and where to; and what a server survives from those who send it rubbish.

The tests speak to a server themselves, as its client would: an address header, then payload.
"""
import ipaddress
import socket
import struct
import time

import pytest
from conftest import Mode
from hosts import (Background, connect, digest, listen, payload, port_of, receive, receive_all,
                   receive_until_reset, send_and_end)
from testbed.mpbridge import PORT, Daemon, config_text

pytestmark = pytest.mark.parametrize("mode", [Mode(4), Mode(6)], ids=str, indirect=True,
                                     scope="module")

MPTCP = 262
PROMPT_S = 1
HEADER_DEADLINE_S = 10
DENIED = {4: "192.168.2.128/25", 6: "fd00:2::80/121"}
DENIED_IP = {4: "192.168.2.129", 6: "fd00:2::81"}
FORBIDDEN = {
    4: ["127.0.0.1", "0.0.0.0", "169.254.1.1", "224.0.0.1", "255.255.255.255"],
    6: ["::1", "::", "fe80::1", "ff02::1", "::ffff:127.0.0.1"],
}


def header(ip, port):
    """The address header, RFC 1928's form."""
    address = ipaddress.ip_address(ip)
    return bytes([1 if address.version == 4 else 4]) + address.packed + struct.pack(">H", port)


def name_header(name, port):
    return bytes([3, len(name)]) + name.encode() + struct.pack(">H", port)


class Server:
    """A server on its own, and connections to it from its client router."""

    def __init__(self, net, family, keys=None):
        self.net = net
        self.family = family
        self.b_ip = net.host_b_ip if family == 4 else net.host_b_ip6
        server_ips = net.server_ips if family == 4 else net.server_ips6
        self.ip = server_ips[0]
        # each worker limits what it says for itself, so one of them tells what is said
        text = config_text(server_ips, {"local_address": None, "workers": 1, **(keys or {})})
        self.daemon = Daemon(net.server, "server", text)
        self.daemon.forget_log()

    def __enter__(self):
        self.daemon.start().wait_ready()
        return self

    def __exit__(self, *_):
        assert self.daemon.stop() == 0

    def connect(self, node=None, protocol=MPTCP):
        return connect(node or self.net.client, self.ip, PORT, protocol)

    def ask(self, first_bytes):
        """What comes before the reset that follows these bytes."""
        with self.connect() as opened:
            try:
                opened.sendall(first_bytes)
            except ConnectionError:
                return b""
            return receive_until_reset(opened)

    def works(self):
        """Whether it still carries a flow."""
        with listen(self.net.host_b, self.b_ip) as listener, self.connect() as near:
            near.sendall(header(self.b_ip, port_of(listener)) + b"hello")
            far, _ = listener.accept()
            with far:
                return receive(far, 5) == b"hello"

    def warnings(self):
        return [line for line in self.daemon.log.splitlines() if "warning" in line]


@pytest.fixture
def server(net, family):
    with Server(net, family) as server:
        yield server


@pytest.fixture
def listener(net, server):
    with listen(net.host_b, server.b_ip) as listener:
        listener.settimeout(5)
        yield listener


def accept(listener):
    far, _ = listener.accept()
    far.settimeout(5)
    return far


@pytest.mark.parametrize("protocol", [0, MPTCP], ids=["tcp", "mptcp"])
def test_connected_peer_is_served(server, listener, protocol):
    data = payload(100_000)
    with server.connect(protocol=protocol) as near:
        near.sendall(header(server.b_ip, port_of(listener)))
        sender = Background(send_and_end, near, data)
        with accept(listener) as far:
            assert digest(receive_all(far)) == digest(data)
            far.sendall(b"thanks")
        assert receive_all(near) == b"thanks"
        sender.result()


def test_address_in_text_is_taken(server, listener):
    with server.connect() as near:
        near.sendall(name_header(server.b_ip, port_of(listener)) + b"x")
        with accept(listener) as far:
            assert receive(far, 1) == b"x"


def test_header_byte_by_byte(server, listener):
    with server.connect() as near:
        near.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for value in header(server.b_ip, port_of(listener)) + b"first":
            near.send(bytes([value]))
            time.sleep(0.002)  # a segment of its own
        with accept(listener) as far:
            assert receive(far, 5) == b"first"


def test_distant_peer_is_refused(server, net, family):
    """With method none; told once, though it tries again and again."""
    for _ in range(20):
        start = time.monotonic()
        with pytest.raises(ConnectionResetError):
            with server.connect(net.host_a) as opened:
                opened.sendall(header(server.b_ip, 80))
                opened.recv(1)
        assert time.monotonic() - start < PROMPT_S
    host_a = "192.168.1.2" if family == 4 else "fd00:1::2"
    assert len(server.warnings()) == 1 and host_a in server.warnings()[0], server.warnings()
    assert server.works()


def test_allow_admits_a_distant_peer_and_nobody_else(net, family):
    allowed = "192.168.1.0/24" if family == 4 else "fd00:1::/64"
    with Server(net, family, {"allow": [allowed]}) as server:
        with listen(net.host_b, server.b_ip) as listener, server.connect(net.host_a) as near:
            near.sendall(header(server.b_ip, port_of(listener)) + b"x")
            with accept(listener) as far:
                assert receive(far, 1) == b"x"
        with pytest.raises(ConnectionResetError):
            with server.connect(net.client) as opened:
                opened.recv(1)


def test_forbidden_destinations(server, net, family):
    """Something listens there, and must not be reached."""
    trap = listen(net.server, "::" if family == 6 else "0.0.0.0")
    with trap:
        for ip in FORBIDDEN[family]:
            start = time.monotonic()
            assert server.ask(header(ip, port_of(trap)) + b"x") == b"", ip
            assert time.monotonic() - start < PROMPT_S, ip
        trap.settimeout(0.2)
        with pytest.raises(TimeoutError):
            trap.accept()


def test_server_itself_is_no_destination(server, net, family):
    for ip in net.server_ips if family == 4 else net.server_ips6:
        assert server.ask(header(ip, PORT)) == b""
    assert server.works()


def test_denied_destination(net, family):
    net.host_b.ip("address", "add", DENIED_IP[family], "dev", "eth0",
                  *(["nodad"] if family == 6 else []))
    with Server(net, family, {"deny": [DENIED[family]]}) as server:
        with listen(net.host_b, DENIED_IP[family]) as trap:
            assert server.ask(header(DENIED_IP[family], port_of(trap)) + b"x") == b""
            trap.settimeout(0.2)
            with pytest.raises(TimeoutError):
                trap.accept()
        assert server.works()


def test_refused_destinations_are_told_once(server, family):
    for _ in range(10):
        for ip in FORBIDDEN[family]:
            server.ask(header(ip, 80))
    assert len([line for line in server.warnings() if "refused" in line]) == 1


@pytest.mark.parametrize("rest", [b"", b"\xff" * 300, b" / HTTP/1.1\r\n\r\n"],
                         ids=["alone", "0xff", "text"])
def test_every_first_byte(server, rest):
    """Bytes that begin no header are refused at once; the others need more, which never comes."""
    for value in range(256):
        if value in (1, 3, 4) and rest != b"\xff" * 300 or value == 0x80 and rest == b"":
            continue
        start = time.monotonic()
        assert server.ask(bytes([value]) + rest) == b"", value
        assert time.monotonic() - start < PROMPT_S, value
    assert 1 <= len(server.warnings()) <= 2, server.warnings()
    assert server.works()


def test_header_cut_off(server):
    whole = header(server.b_ip, 80)
    for length in range(1, len(whole)):
        with server.connect() as opened:
            send_and_end(opened, whole[:length])
            assert receive_until_reset(opened) == b""
    assert len(server.warnings()) == 1
    assert server.works()


def test_port_zero_and_empty_name(server):
    assert server.ask(header(server.b_ip, 0)) == b""
    assert server.ask(b"\x03\x00\x00\x50") == b""
    assert server.ask(name_header("no such/name", 80)) == b""


def test_header_that_never_comes(server):
    """A peer that says nothing, or not enough, is let go at the deadline."""
    start = time.monotonic()
    silent, half = server.connect(), server.connect()
    half.sendall(header(server.b_ip, 80)[:4])
    for opened in (silent, half):
        opened.settimeout(HEADER_DEADLINE_S + 4)
        with opened:
            assert receive_until_reset(opened) == b""
            assert HEADER_DEADLINE_S - 1 < time.monotonic() - start < HEADER_DEADLINE_S + 3
    assert server.works()
