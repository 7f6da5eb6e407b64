# SPDX-License-Identifier: GPL-3.0-or-later
"""From server to client.

    none    payload...
    2017    salt, chunk(payload)...
    2022    salt, sealed(type 1, time u64, the request's salt, length u16), sealed(payload),
            chunk(payload)...
    auth-only: the same with a length of 0, at once, and then payload as it is
"""
import secrets
import struct
import time

from .methods import TAG_BYTES, WireError
from .stream import Reader, check_header, seal

TYPE = 1


def _fixed_header(method):
    return struct.Struct(f">BQ{method.key_bytes}sH")


class ResponseWriter:
    """A response to be sent: greeting() once the destination is connected, then seal().

    The arguments after request_salt are as those of Request; kind and request_salt can be wrong.
    """

    def __init__(self, method, key, request_salt, salt=None, time_s=None, chunk_bytes=None,
                 kind=TYPE):
        self.method = method
        self.salt = secrets.token_bytes(method.key_bytes) if salt is None else salt
        self._request_salt = request_salt
        self._time_s = int(time.time()) if time_s is None else time_s
        self._chunk_bytes = chunk_bytes
        self._kind = kind
        self._cipher = method.cipher(key, self.salt) if method.edition else None
        self._is_begun = method.edition == 0

    def greeting(self):
        """What is sent before there is payload."""
        return self._head(b"") if self.method.raw else b""

    def _head(self, payload):
        """The first bytes; payload: of the first chunk. The salt goes out with it."""
        self._is_begun = True
        if self.method.edition == 2017:
            return self.salt + self._cipher.seal_chunk(payload)
        fixed = _fixed_header(self.method).pack(self._kind, self._time_s, self._request_salt,
                                                len(payload))
        return self.salt + self._cipher.seal(fixed) + self._cipher.seal(payload)

    def seal(self, payload):
        """payload is not empty."""
        head = b""
        if not self._is_begun:
            count = self._chunk_bytes or self.method.chunk_max
            head, payload = self._head(payload[:count]), payload[count:]
        return head + seal(self.method, self._cipher, payload, self._chunk_bytes)


class ResponseReader(Reader):
    """A response, received. is_begun: its head was whole and right. A stream that ends before its
    first byte is an answer without payload, but not with auth-only, which says that it connected.
    """

    def __init__(self, method, key, request_salt, clock=time.time, in_one_piece=True):
        self.is_begun = False
        self.salt = None
        self._key = key
        self._request_salt = request_salt
        self._clock = clock
        strict = in_one_piece and method.edition == 2022
        count = method.key_bytes + _fixed_header(method).size + TAG_BYTES
        super().__init__(method, count if strict else 0)

    def _read(self):
        if self.method.edition == 0:
            self.is_begun = True
            return (yield from self._read_raw())
        self._may_end = not self.method.raw
        self.salt = yield self.method.key_bytes
        self._may_end = False
        cipher = self.method.cipher(self._key, self.salt)
        if self.method.edition == 2022:
            yield from self._read_head_2022(cipher)
        else:
            self._deliver((yield from self._read_chunk(cipher)))
        self.is_begun = True
        yield from self._read_raw() if self.method.raw else self._read_chunks(cipher)

    def _read_head_2022(self, cipher):
        header = _fixed_header(self.method)
        fixed = cipher.open((yield header.size + TAG_BYTES), "the header of the response")
        kind, time_s, request_salt, length = header.unpack(fixed)
        check_header(kind, time_s, TYPE, self._clock())
        if request_salt != self._request_salt:
            raise WireError("an answer to another request")
        if self.method.raw and length:
            raise WireError("payload in the header of auth-only")
        self._deliver(cipher.open((yield length + TAG_BYTES), "the first chunk"))
