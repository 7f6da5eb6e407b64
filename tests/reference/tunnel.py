# SPDX-License-Identifier: GPL-3.0-or-later
"""A client: a connection to a server becomes one to a target. And what attackers do to bytes."""
import socket
import struct
import time

from .methods import METHODS, WireError
from .request import Request
from .response import ResponseReader

_BLOCK_BYTES = 1 << 16


class Tunnel:
    """A stream to `target` (a Target) through a connected socket; used like a socket.

    The request goes out at once. payload: what is to be in its head; the rest: see Request.
    recv() raises WireError, and resets the connection, when the answer is not right.
    """

    def __init__(self, connected, method, secret, target, payload=b"", clock=time.time,
                 in_one_piece=True, **request):
        method = METHODS[method]
        key = method.key(secret)
        self.connected = connected
        self._writer = Request(method, key, target, payload, **{"time_s": int(clock()), **request})
        self._reader = ResponseReader(method, key, self._writer.salt, clock, in_one_piece)
        self._received = bytearray()
        self.request = self._writer.head()
        connected.sendall(self.request)

    def sendall(self, data):
        self.connected.sendall(self._writer.seal(data))

    def recv(self, count):
        """Up to count bytes; b"" at the end, if the stream may end there."""
        try:
            while not self._received:
                data = self.connected.recv(_BLOCK_BYTES)
                if not data:
                    self._reader.end()
                    return b""
                self._received += self._reader.feed(data)
        except WireError:
            abort(self.connected)
            raise
        part = bytes(self._received[:count])
        del self._received[:count]
        return part

    def wait_connected(self):
        """Until the server has answered with a right head, which only auth-only sends at once."""
        while not self._reader.is_begun:
            data = self.connected.recv(_BLOCK_BYTES)
            if not data:
                raise EOFError("the server ended the connection")
            self._received += self._reader.feed(data)

    def shutdown(self, how):
        self.connected.shutdown(how)

    def setsockopt(self, *option):
        self.connected.setsockopt(*option)

    def settimeout(self, timeout_s):
        self.connected.settimeout(timeout_s)

    def close(self):
        self.connected.close()


def abort(opened):
    """Close with RST, whatever was read or not."""
    opened.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    opened.close()


def flip(data, bit):
    """The same with one bit changed; bit 0 is the lowest of the first byte."""
    changed = bytearray(data)
    changed[bit // 8] ^= 1 << bit % 8
    return bytes(changed)


def trickle(connected, data):
    """Send it byte by byte, each in a segment of its own."""
    connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    for byte in data:
        connected.sendall(bytes([byte]))
