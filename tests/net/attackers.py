# SPDX-License-Identifier: GPL-3.0-or-later
"""Attackers of a server, and who must not notice them: its honest clients, and the destination.

They stand in the client router, so that they are as near to the server as anybody can be, and
speak plain TCP. What they send is made by tests/reference.
"""
import selectors
import socket
import struct
import threading
from contextlib import contextmanager
from pathlib import Path

import peers
from hosts import connect, listen, port_of
from observe import end
from testbed import state, wait_until
from testbed.mpbridge import PORT, Daemon, config_text
from tests.reference import METHODS, Request, Target, Tunnel

KEYED = [name for name, method in METHODS.items() if method.edition]
EDITION_2017 = [name for name in KEYED if METHODS[name].edition == 2017]
EDITION_2022 = [name for name in KEYED if METHODS[name].edition == 2022]
DEADLINE_S = 10
_PATIENCE_S = DEADLINE_S + 5
_BLOCK_BYTES = 1 << 16
_TCP_INFO_BYTES = 240


class Destination:
    """Listens in host B, keeps what came over each connection and how it ended, and answers the
    end with the end. arrived: [Arrival], in the order of accept(). greeting: what it says first."""

    def __init__(self, net):
        self.arrived = []
        self.greeting = b""
        self._listener = listen(net.host_b, net.host_b_ip)
        self._listener.setblocking(False)
        self.target = Target(net.host_b_ip, port_of(self._listener))
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._listener, selectors.EVENT_READ)
        self._is_closed = False
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def close(self):
        self._is_closed = True
        self._thread.join()
        for key in list(self._selector.get_map().values()):
            key.fileobj.close()
        self._selector.close()

    def _run(self):
        while not self._is_closed:
            for key, _ in self._selector.select(0.05):
                if key.data:
                    self._read(key.fileobj, key.data)
                else:
                    self._accept()

    def _accept(self):
        accepted, _ = self._listener.accept()
        accepted.setblocking(False)
        if self.greeting:
            accepted.send(self.greeting)
        self.arrived.append(Arrival())
        self._selector.register(accepted, selectors.EVENT_READ, self.arrived[-1])

    def _read(self, opened, arrival):
        try:
            data = opened.recv(_BLOCK_BYTES)
        except ConnectionResetError:
            data, ending = None, "reset"
        else:
            ending = "end"
        if data:
            arrival.data += data
            return
        arrival.ending = ending
        self._selector.unregister(opened)
        opened.close()


class Arrival:
    """data: what came. ending: None, "end" or "reset"."""

    def __init__(self):
        self.data = b""
        self.ending = None

    def __repr__(self):
        return f"({self.data[:40]!r}, {self.ending})"


class Victim:
    """A server of one method, alone; its clock is `clock`, a testbed.clock.Clock, or the machine's.
    keys: for its file. port: its own, so that several can run. under: what it is run with."""

    def __init__(self, net, method, clock=None, keys=None, port=PORT, under=(),
                 flags=()):
        self.net = net
        self.method = METHODS[method]
        self.secret = peers.secret(method)
        self.key = self.method.key(self.secret)
        self.ip = net.server_ips[0]
        self.port = port
        self._clock = clock
        # each worker limits what it says for itself, so one of them tells what is said
        config = config_text(net.server_ips,
                             {"local_address": None, "method": method, "password": self.secret,
                              "server_port": port, "workers": 1, **(keys or {})})
        self.daemon = Daemon(net.server, "server", config, flags, name=f"victim-{method}",
                             under=[*under, *(clock.under if clock else ())])

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        end(self.daemon)

    def start(self):
        self.daemon.forget_log()
        self.daemon.start().wait_ready()

    def restart(self, number, forget=False, ahead_s=0):
        """Ended by that signal. forget: without the file that has the salts. ahead_s: so much
        later."""
        self.daemon.stop(number)
        if forget:
            self.memory().unlink()
        if ahead_s:
            self._clock.move(ahead_s)
        self.start()

    def memory(self):
        """The file that has the salts, see salts_file.h."""
        cookie = state.cookie(self.net.server.path)
        return Path(f"/run/mpbridge/{cookie}.salts-{self.port}")

    def now_s(self):
        return int(self._clock.time()) if self._clock else None

    def connect(self, source=None):
        opened = connect(self.net.client, self.ip, self.port, source=source)
        opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return opened

    def request(self, target, payload=b"", **wrong):
        """A reference.Request with its key and by its clock."""
        wrong = {"time_s": self.now_s(), **wrong}
        return Request(self.method, self.key, target, payload, **wrong)

    def tunnel(self, target, source=None, **options):
        """An honest client."""
        options = {**({"clock": self._clock.time} if self._clock else {}), **options}
        return Tunnel(self.connect(source), self.method.name, self.secret, target, **options)

    def greet(self, destination, mark, source=None):
        """An honest client: a few bytes and the end, and it waits for the end that answers it."""
        with closing(self.tunnel(destination.target, source)) as near:
            near.sendall(mark)
            near.shutdown(socket.SHUT_WR)
            assert near.recv(1) == b""

    def serves(self, destination, mark, source=None):
        """Whether it serves an honest client, and nothing has arrived since the call but that: so
        whatever was sent before came to nothing."""
        before = len(destination.arrived)
        self.greet(destination, mark, source)
        arrived = destination.arrived[before:]
        return [(arrival.data, arrival.ending) for arrival in arrived] == [(mark, "end")]


@contextmanager
def closing(opened):
    try:
        yield opened
    finally:
        opened.close()


def outcome(opened, patience_s=_PATIENCE_S):
    """(what came from the server, "end" or "reset")"""
    opened.settimeout(patience_s)
    got = b""
    try:
        while part := opened.recv(_BLOCK_BYTES):
            got += part
    except ConnectionResetError:
        return got, "reset"
    return got, "end"


def give_up(opened):
    """The attacker ends its direction."""
    try:
        opened.shutdown(socket.SHUT_WR)
    except OSError:
        pass  # the server was faster


def attempt(victim, data):
    """Sends that, in one piece, and the end: the outcome."""
    with victim.connect() as opened:
        opened.sendall(data)
        give_up(opened)
        return outcome(opened)


NOTHING = (b"", "reset")


def tcp_info(opened):
    """(bytes that the server's kernel has acknowledged, its window in bytes)"""
    info = opened.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _TCP_INFO_BYTES)
    return struct.unpack_from("=Q", info, 120)[0], struct.unpack_from("=I", info, 228)[0]


def is_acknowledged(opened):
    info = opened.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _TCP_INFO_BYTES)
    return struct.unpack_from("=I", info, 24)[0] == 0


def wait_acknowledged(opened):
    wait_until(lambda: is_acknowledged(opened), 5, "the server's kernel to acknowledge")
