# SPDX-License-Identifier: GPL-3.0-or-later
"""Sockets in the hosts of a laboratory, used from the test itself.

A socket belongs for good to the namespace of the thread that made it. So a thread goes there, makes
it, and ends; after that every thread may use the socket.
"""
import fcntl
import hashlib
import random
import select
import socket
import struct
import termios
import time
from concurrent.futures import ThreadPoolExecutor

from testbed import wait_until
from testbed.state import in_namespace

LIMIT_S = 10


def inside(node, function):
    """What function() returns, or raises, on a thread in the namespace of that node."""
    return in_namespace(node.path, function)


def open_socket(node, ip, protocol=0):
    """A TCP socket there, of the address's family."""
    family = socket.AF_INET6 if ":" in ip else socket.AF_INET
    opened = inside(node, lambda: socket.socket(family, socket.SOCK_STREAM, protocol))
    opened.settimeout(LIMIT_S)
    return opened


def connect(node, ip, port, protocol=0, source=None):
    """A connected socket; no connection within LIMIT_S raises. source: an address to come from."""
    opened = open_socket(node, ip, protocol)
    if source:
        opened.bind((source, 0))
    opened.connect((ip, port))
    return opened


def listen(node, ip, port=0, backlog=1024):
    """A listening socket; port 0 lets the kernel choose."""
    opened = open_socket(node, ip)
    opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    opened.bind((ip, port))
    opened.listen(backlog)
    return opened


def port_of(opened):
    return opened.getsockname()[1]


def wait_listening(node, port):
    """Until a program there listens on that port."""
    wait_until(lambda: node.run(["ss", "-tlnH", f"sport = :{port}"]).stdout, 5,
               f"something to listen on port {port}")


class Ends:
    """Host A and host B for one family; everything it opened is closed at the end."""

    def __init__(self, net, family):
        self.net = net
        self.family = family
        self.b_ip = net.host_b_ip if family == 4 else net.host_b_ip6
        self._opened = []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close_all()

    def close_all(self):
        for opened in self._opened:
            opened.close()
        self._opened = []

    def keep(self, opened):
        """Close it at the end, too."""
        self._opened.append(opened)
        return opened

    def listen(self, port=0, backlog=1024):
        """A listening socket in host B."""
        return self.keep(listen(self.net.host_b, self.b_ip, port, backlog))

    def connect(self, port, protocol=0):
        """From host A to a port of host B: the router takes it, so this says nothing about B."""
        return self.keep(connect(self.net.host_a, self.b_ip, port, protocol))

    def accept(self, listener):
        """The next connection that reached host B."""
        listener.settimeout(LIMIT_S)
        accepted, _ = listener.accept()
        accepted.settimeout(LIMIT_S)
        return self.keep(accepted)

    def pair(self, listener=None, protocol=0):
        """(host A's socket, host B's), connected over the bridge."""
        listener = listener or self.listen()
        near = self.connect(port_of(listener), protocol)
        return near, self.accept(listener)


def payload(count, seed=0):
    """Bytes that look random, the same for the same seed."""
    return random.Random(seed).randbytes(count)


def digest(data):
    """Short, so that an assertion that fails can be read."""
    return hashlib.sha256(data).hexdigest()[:16], len(data)


def receive(opened, count):
    """Exactly count bytes; EOFError if the stream ends before."""
    parts, missing = [], count
    while missing:
        part = opened.recv(min(missing, 1 << 20))
        if not part:
            raise EOFError(f"a clean end, {missing} of {count} bytes early")
        parts.append(part)
        missing -= len(part)
    return b"".join(parts)


def receive_all(opened):
    """Everything up to a clean end."""
    parts = []
    while part := opened.recv(1 << 20):
        parts.append(part)
    return b"".join(parts)


def receive_until_reset(opened):
    """What came before ECONNRESET; EOFError if the stream ended cleanly instead."""
    parts = []
    try:
        while part := opened.recv(1 << 20):
            parts.append(part)
    except ConnectionResetError:
        return b"".join(parts)
    raise EOFError(f"a clean end after {sum(map(len, parts))} bytes, where a reset was to come")


def expect_reset(ends, port):
    """A new connection of host A to that port of host B is reset: perhaps before connect() returns."""
    try:
        receive_until_reset(ends.connect(port))
    except ConnectionResetError:
        pass


def reset(opened):
    """Close with RST."""
    opened.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    opened.close()


class Background:
    """function(*args) on a thread. result() waits, and raises what the function raised."""

    def __init__(self, function, *args):
        self._executor = ThreadPoolExecutor(1)
        self._future = self._executor.submit(function, *args)
        self._executor.shutdown(wait=False)

    def is_done(self):
        return self._future.done()

    def result(self, timeout_s=2 * LIMIT_S):
        return self._future.result(timeout_s)


def exchange(near, far, count, seed=0):
    """count bytes both ways at once, then a clean end both ways; each side must have all of it."""
    _exchange(near, far, count, seed, send_and_end, receive_all)


def exchange_exactly(near, far, count, seed=0):
    """The same without the ends."""
    _exchange(near, far, count, seed, lambda opened, data: opened.sendall(data),
              lambda opened: receive(opened, count))


def _exchange(near, far, count, seed, send, receive_it):
    up, down = payload(count, seed), payload(count, seed + 1)

    def talk(opened, data):
        sender = Background(send, opened, data)
        got = receive_it(opened)
        sender.result()
        return got

    other = Background(talk, far, down)
    got_down = talk(near, up)
    assert digest(got_down) == digest(down)
    assert digest(other.result()) == digest(up)


def send_and_end(opened, data):
    """All of it, and then the end of this direction."""
    opened.sendall(data)
    opened.shutdown(socket.SHUT_WR)


def echoes(near, far, text=b"still there?"):
    """Whether a running flow carries bytes, both ways."""
    for source, destination in ((near, far), (far, near)):
        source.sendall(text)
        if receive(destination, len(text)) != text:
            return False
    return True


def fill(opened, quiet_s=0.5, limit_bytes=256 << 20):
    """Send until nothing has been taken for quiet_s: how many bytes were taken."""
    opened.setblocking(False)
    block, sent = bytes(1 << 16), 0
    last = time.monotonic()
    while time.monotonic() < last + quiet_s and sent < limit_bytes:
        select.select([], [opened], [], 0.05)
        try:
            sent += opened.send(block)
            last = time.monotonic()
        except BlockingIOError:
            pass
    opened.settimeout(LIMIT_S)
    return sent


def unacknowledged(opened):
    """Bytes that the peer's kernel has not acknowledged."""
    return _ioctl_int(opened, termios.TIOCOUTQ)


def unread(opened):
    """Bytes that wait to be read."""
    return _ioctl_int(opened, termios.FIONREAD)


def _ioctl_int(opened, request):
    return struct.unpack("i", fcntl.ioctl(opened, request, struct.pack("i", 0)))[0]
