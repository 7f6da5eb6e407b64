# SPDX-License-Identifier: GPL-3.0-or-later
"""From client to server.

    none    address, payload...
    2017    salt, chunk(address, payload...), chunk(payload)...
    2022    salt, sealed(type 0, time u64, length u16),
            sealed(address, padding length u16, padding, payload), chunk(payload)...
    auth-only: as 2022, and then payload as it is
"""
import secrets
import struct
import threading
import time
from collections import OrderedDict

from . import address
from .methods import TAG_BYTES, WireError
from .stream import Reader, check_header, seal

TYPE = 0
PADDING_MAX = 900
_FIXED = struct.Struct(">BQH")
_SALT_LIFE_S = 60


class Request:
    """A request to be sent: head() first, then seal() of what follows.

    Left out, salt and padding are random, time_s is now, and padding is there if no payload is.
    chunk_bytes: of payload in a chunk, at most. For tests of what a server refuses, these can be
    wrong: kind, length and padding_length, whatever else the headers hold.
    """

    def __init__(self, method, key, target, payload=b"", salt=None, time_s=None, padding=None,
                 chunk_bytes=None, kind=TYPE, length=None, padding_length=None):
        self.method = method
        self.target = target
        self.salt = secrets.token_bytes(method.key_bytes) if salt is None else salt
        self._payload = payload
        self._time_s = int(time.time()) if time_s is None else time_s
        self._padding = self._some_padding() if padding is None else padding
        self._chunk_bytes = chunk_bytes
        self._kind = kind
        self._length = length
        self._padding_length = len(self._padding) if padding_length is None else padding_length
        self._cipher = method.cipher(key, self.salt) if method.edition else None

    def _some_padding(self):
        return b"" if self._payload else secrets.token_bytes(1 + secrets.randbelow(PADDING_MAX))

    def head(self):
        """The first bytes, to be sent in one write."""
        if self.method.edition < 2022:
            return self.salt + self.seal(self.target.header() + self._payload)
        variable = (self.target.header() + self._padding_length.to_bytes(2, "big") +
                    self._padding + self._payload)
        length = len(variable) if self._length is None else self._length
        fixed = _FIXED.pack(self._kind, self._time_s, length)
        return self.salt + self._cipher.seal(fixed) + self._cipher.seal(variable)

    def seal(self, payload):
        return seal(self.method, self._cipher, payload, self._chunk_bytes)


class SaltMemory:
    """The salts of the last 60 seconds, exactly."""

    def __init__(self, clock=time.time):
        self._clock = clock
        self._seen = OrderedDict()
        self._lock = threading.Lock()

    def remember(self, salt):
        """WireError if it came before."""
        with self._lock:
            now_s = self._clock()
            while self._seen and next(iter(self._seen.values())) < now_s - _SALT_LIFE_S:
                self._seen.popitem(last=False)
            if salt in self._seen:
                raise WireError("a salt that came before")
            self._seen[salt] = now_s


class RequestReader(Reader):
    """A request, received. target is None until the head is whole; salt and padding are its own.
    in_one_piece=False lets the head of 2022 come in pieces, which SIP022 forbids."""

    def __init__(self, method, key, salts, clock=time.time, in_one_piece=True):
        self.target = None
        self.salt = None
        self.padding = None
        self._key = key
        self._salts = salts
        self._clock = clock
        strict = in_one_piece and method.edition == 2022
        super().__init__(method, method.key_bytes + _FIXED.size + TAG_BYTES if strict else 0)

    def _read(self):
        if self.method.edition == 0:
            return (yield from self._read_none())
        self.salt = yield self.method.key_bytes
        cipher = self.method.cipher(self._key, self.salt)
        if self.method.edition == 2017:
            yield from self._read_head_2017(cipher)
        else:
            yield from self._read_head_2022(cipher)
        yield from self._read_raw() if self.method.raw else self._read_chunks(cipher)

    def _read_none(self):
        header = b""
        while (length := address.header_bytes(header)) > len(header):
            header += yield length - len(header)
        self.target = address.parse(header)
        yield from self._read_raw()

    def _read_head_2017(self, cipher):
        """The address may be spread over chunks: they are cut without regard to it."""
        plain = yield from self._read_chunk(cipher)
        self._salts.remember(self.salt)
        while address.header_bytes(plain) > len(plain):
            plain += yield from self._read_chunk(cipher)
        self.target, payload = address.split(plain)
        self._deliver(payload)

    def _read_head_2022(self, cipher):
        fixed = cipher.open((yield _FIXED.size + TAG_BYTES), "the fixed header")
        kind, time_s, length = _FIXED.unpack(fixed)
        check_header(kind, time_s, TYPE, self._clock())
        self._salts.remember(self.salt)
        variable = cipher.open((yield length + TAG_BYTES), "the variable header")
        target, rest = address.split(variable)
        if len(rest) < 2:
            raise WireError("no length of the padding")
        length = int.from_bytes(rest[:2], "big")
        padding, payload = rest[2:2 + length], rest[2 + length:]
        if length > PADDING_MAX or length > len(padding):
            raise WireError(f"a padding of {length} bytes, of which {len(padding)} are there")
        if not padding and not payload:
            raise WireError("neither padding nor payload")
        self.target, self.padding = target, padding
        self._deliver(payload)
