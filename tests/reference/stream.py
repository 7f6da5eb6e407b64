# SPDX-License-Identifier: GPL-3.0-or-later
"""What both directions have in common: chunks, and bytes that come in pieces of any size."""
from .methods import TAG_BYTES, WireError

LENGTH_BYTES = 2 + TAG_BYTES
TIME_LIMIT_S = 30
_WHATEVER = 0


def seal(method, cipher, data, chunk_bytes=None):
    """Payload as it goes over the wire after the head. chunk_bytes: in each chunk, at most."""
    if cipher is None or method.raw:
        return data
    size = chunk_bytes or method.chunk_max
    return b"".join(cipher.seal_chunk(data[i:i + size]) for i in range(0, len(data), size))


def check_header(kind, time_s, expected_kind, now_s):
    """Type and time, both from an authentic header of 2022."""
    if kind != expected_kind:
        raise WireError(f"a header of type {kind}, where {expected_kind} was to come")
    if abs(time_s - now_s) > TIME_LIMIT_S:
        raise WireError(f"a time that is {abs(time_s - now_s):.0f} s from ours")


class Reader:
    """One direction, received. feed() takes bytes and returns the payload in them; end() is told
    of the end of the stream. Both raise WireError.

    Theory of operation. _read(), the subclass's, is the format from its first byte to its last: it
    yields how many bytes it wants and is sent exactly these, or yields _WHATEVER for what there
    is. It calls _deliver() with payload. _may_end says whether the stream may end where it is now,
    with nothing in the buffer.
    """

    def __init__(self, method, one_piece_bytes=0):
        """one_piece_bytes: how many the first call of feed() must bring, by SIP022 3.1.4."""
        self.method = method
        self._one_piece_bytes = one_piece_bytes
        self._may_end = False
        self._buffer = bytearray()
        self._payload = bytearray()
        self._steps = self._read()
        self._wanted = next(self._steps)

    def feed(self, data):
        if len(data) < self._one_piece_bytes:
            raise WireError("the salt and the first header did not come in one piece")
        self._one_piece_bytes = 0
        self._buffer += data
        while self._buffer and len(self._buffer) >= self._wanted:
            count = self._wanted or len(self._buffer)
            part = bytes(self._buffer[:count])
            del self._buffer[:count]
            self._wanted = self._steps.send(part)
        payload = bytes(self._payload)
        self._payload.clear()
        return payload

    def end(self):
        if self._buffer or not self._may_end:
            raise WireError("the stream is cut short")

    def _read(self):
        raise NotImplementedError

    def _deliver(self, payload):
        self._payload += payload

    def _read_raw(self):
        self._may_end = True
        while True:
            self._deliver((yield _WHATEVER))

    def _read_chunk(self, cipher):
        """Returns the payload of the next chunk."""
        sealed = yield LENGTH_BYTES
        self._may_end = False
        length = int.from_bytes(cipher.open(sealed, "a length"), "big")
        if length > self.method.chunk_max:
            raise WireError(f"a chunk of {length} bytes")
        return cipher.open((yield length + TAG_BYTES), "a chunk")

    def _read_chunks(self, cipher):
        while True:
            self._may_end = True
            self._deliver((yield from self._read_chunk(cipher)))
