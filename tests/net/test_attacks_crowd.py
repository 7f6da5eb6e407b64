# SPDX-License-Identifier: GPL-3.0-or-later
"""Crowds in front of a server: connections that say nothing, or too little, from one address and
from thousands, and come back as soon as they are thrown out; and peers that never read.

Honest clients are served meanwhile, and what the crowd costs the server is bounded.
"""
import os
import resource
import select
import selectors
import signal
import socket
import threading
import time
from contextlib import ExitStack

import pytest
from attackers import DEADLINE_S, KEYED, NOTHING, Victim, closing, outcome
from hosts import inside, listen, port_of
from processes import descriptors, memory_bytes, workers
from testbed import wait_until
from testbed.link import Link
from tests.reference import Target

CROWD = 10_000
MANY_ADDRESSES = 4000
CROWD_PER_S = 4000
HONEST = 40
# relay/service.c: so many may wait
LOBBY_MOST = 1024
# a flow that waits is one structure, of less than 1 KiB; twice that, and what the libraries keep
MEMORY_MOST = LOBBY_MOST * 2048 + (1 << 20)
SPARE = 64  # descriptors that a worker needs itself, and those of honest flows that are ending
DESCRIPTORS = 256
SMALL_CROWD = 500
NEVER_READ = 16
BLOCK = bytes(1 << 16)
# relay: a flow that is stuck holds one buffer (base/buffer.h), and next to nothing else
STUCK_BYTES = (66 << 10) + 8192


@pytest.fixture(scope="module")
def links():
    return [Link()]


@pytest.fixture(scope="module", autouse=True)
def many_descriptors():
    """For the crowd, which is in this process."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard < CROWD + 1000:
        pytest.skip(f"a process may open {hard} files, and a crowd of {CROWD} needs more")
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@pytest.fixture(scope="module")
def addresses(net):
    """As many as the client router has: 10.99.0.0/16, and the server knows the way there."""
    net.client.ip("route", "add", "local", "10.99.0.0/16", "dev", "lo")
    net.server.ip("route", "add", "10.99.0.0/16", "via", "10.10.1.1")
    return [f"10.99.{i // 250}.{1 + i % 250}" for i in range(MANY_ADDRESSES)]


class Crowd:
    """So many connections to a victim, kept up: those that are thrown out come again.

    sources: their addresses. says: one byte each second, or nothing. per_s: how many come in a
    second. A thread in the namespace of the client router does it all.
    """

    def __init__(self, victim, count, sources=(None,), says=b"", per_s=CROWD_PER_S):
        self._victim = victim
        self._count = count
        self._sources = sources
        self._says = says
        self._per_s = per_s
        self._selector = selectors.EpollSelector()
        self._started = 0
        self._is_over = False
        self.thrown_out = 0
        self._thread = threading.Thread(target=lambda: inside(victim.net.client, self._run))

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._is_over = True
        self._thread.join()

    def wait_there(self):
        """Until all of them have come once."""
        wait_until(lambda: self._started >= self._count, 30, "the crowd")

    def _run(self):
        began = last = time.monotonic()
        while not self._is_over:
            now = time.monotonic()
            if self._says and now - last >= 1:
                self._say()
                last = now
            due = min(int((now - began) * self._per_s) - self._started,
                      self._count - len(self._selector.get_map()), 200)
            for _ in range(due):
                self._open()
            for key, _ in self._selector.select(0.01):
                self._drop(key.fileobj)
        for key in list(self._selector.get_map().values()):
            key.fileobj.close()
        self._selector.close()

    def _open(self):
        source = self._sources[self._started % len(self._sources)]
        self._started += 1
        opened = socket.socket()
        opened.setblocking(False)
        if source:
            opened.bind((source, 0))
        opened.connect_ex((self._victim.ip, self._victim.port))
        self._selector.register(opened, selectors.EVENT_READ)

    def _drop(self, opened):
        self.thrown_out += 1
        self._selector.unregister(opened)
        opened.close()

    def _say(self):
        for key in list(self._selector.get_map().values()):
            try:
                key.fileobj.send(self._says)
            except OSError:
                pass


def only_worker(victim):
    worker, = workers(victim.daemon)
    return worker


def serve_meanwhile(victim, destination, sources=(None,)):
    """Honest clients, one after the other: each is served long before a deadline ends anybody's
    connection, so none had to wait for that."""
    for number in range(HONEST):
        mark = b"honest %d" % number
        began = time.monotonic()
        victim.greet(destination, mark, source=sources[number % len(sources)])
        assert time.monotonic() - began < DEADLINE_S / 2


@pytest.mark.parametrize("says", [b"", b"\x07"], ids=["silent", "slow"])
@pytest.mark.parametrize("source", ["one address", "many addresses"])
def test_crowd(net, addresses, destination, source, says):
    """10,000, silent or with a byte each second. The honest ones come from their address, too."""
    sources = addresses if source == "many addresses" else [None]
    with Victim(net, "aes-256-gcm") as victim:
        before = memory_bytes(only_worker(victim))
        with Crowd(victim, CROWD, sources, says) as crowd:
            crowd.wait_there()
            serve_meanwhile(victim, destination, sources)
            assert memory_bytes(only_worker(victim)) - before < MEMORY_MOST
            assert descriptors(only_worker(victim), "socket:") < LOBBY_MOST + SPARE
        assert crowd.thrown_out > CROWD - LOBBY_MOST - SPARE
        assert len([line for line in victim.daemon.log.splitlines() if "warning" in line]) <= 2


FEW = ["prlimit", f"--nofile={DESCRIPTORS}"]


@pytest.mark.parametrize("method", ["aes-256-gcm", "2022-blake3-aes-128-gcm"])
def test_few_descriptors(net, destination, method):
    """A crowd that is larger than what the server may open leaves enough of it. So few may wait
    that those who come pass quickly: the honest ones' first bytes must be there within 50 ms."""
    with Victim(net, method, under=FEW) as victim:
        with Crowd(victim, SMALL_CROWD, per_s=SMALL_CROWD) as crowd:
            crowd.wait_there()
            serve_meanwhile(victim, destination)
            assert descriptors(only_worker(victim), "socket:") < DESCRIPTORS / 2
        assert "out of descriptors" not in victim.daemon.log


@pytest.mark.parametrize("method", KEYED)
def test_heard_before_it_is_pushed_out(net, destination, method):
    """All of them are there when the worker looks: an honest one first, then more than may wait."""
    with Victim(net, method, under=FEW) as victim, ExitStack() as opened:
        os.kill(only_worker(victim), signal.SIGSTOP)
        honest = opened.enter_context(closing(victim.tunnel(destination.target, payload=b"here")))
        for _ in range(DESCRIPTORS // 2):
            opened.enter_context(victim.connect())
        os.kill(only_worker(victim), signal.SIGCONT)
        honest.shutdown(socket.SHUT_WR)
        assert honest.recv(1) == b""
        assert [arrival.data for arrival in destination.arrived] == [b"here"]


def test_many_that_never_end(net, destination):
    """With a right header, and then nothing: they end when `timeout` is over, not before."""
    with Victim(net, "2022-blake3-aes-256-gcm", keys={"timeout": 2}) as victim:
        idle = [victim.tunnel(destination.target, payload=b"and now?") for _ in range(200)]
        serve_meanwhile(victim, destination)
        for near in idle:
            with closing(near):
                assert outcome(near.connected) == NOTHING
        wait_until(lambda: descriptors(only_worker(victim), "socket:") < SPARE, 5,
                   "the server to let them go")


def fill_all(sending, quiet_s=0.5):
    """Send to all of them until nobody has taken anything for that long."""
    for opened in sending:
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, len(BLOCK))
        opened.setblocking(False)
    last = time.monotonic()
    while time.monotonic() < last + quiet_s:
        _, ready, _ = select.select([], sending, [], 0.05)
        for opened in ready:
            opened.send(BLOCK)
            last = time.monotonic()


@pytest.mark.parametrize("method", ["aes-256-gcm", "2022-blake3-chacha20-poly1305", "auth-only"])
def test_many_that_never_read(net, destination, method):
    """The destination sends all that anybody takes: the server holds no more than a buffer, or a
    pipe, for each."""
    with Victim(net, method) as victim, ExitStack() as opened:
        before = memory_bytes(only_worker(victim))
        listener = opened.enter_context(listen(net.host_b, net.host_b_ip))
        target = Target(net.host_b_ip, port_of(listener))
        for number in range(NEVER_READ):
            opened.enter_context(closing(victim.tunnel(target)))
        sending = [opened.enter_context(listener.accept()[0]) for _ in range(NEVER_READ)]
        fill_all(sending)
        assert memory_bytes(only_worker(victim)) - before < NEVER_READ * STUCK_BYTES + (1 << 20)
        serve_meanwhile(victim, destination)
