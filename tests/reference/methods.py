# SPDX-License-Identifier: GPL-3.0-or-later
"""The methods: how long keys are, how they are made, and what one direction is sealed with."""
import base64
import binascii
import hashlib
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM, ChaCha20Poly1305
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from . import blake3

TAG_BYTES = 16
NONCE_BYTES = 12


class WireError(Exception):
    """What came is not what the specification says; or a key is none."""


@dataclass(frozen=True)
class Method:
    """edition: 0 without a cipher, 2017 or 2022. raw: what follows the handshake is not sealed.
    context: what BLAKE3 derives subkeys for. The salt is as long as the key."""
    name: str
    edition: int
    aead: type = None
    key_bytes: int = 0
    context: str = None
    raw: bool = False

    @property
    def chunk_max(self):
        """Bytes of payload in one chunk."""
        return 0x3FFF if self.edition == 2017 else 0xFFFF

    def key(self, secret):
        """The key from what stands in a configuration: a password, or base64 of the key itself."""
        if self.edition == 0:
            return b""
        if self.edition == 2017:
            return password_key(secret.encode(), self.key_bytes)
        try:
            key = base64.b64decode(secret, validate=True)
        except binascii.Error:
            raise WireError(f"the key of {self.name} is not base64") from None
        if len(key) != self.key_bytes:
            raise WireError(f"{self.name} wants a key of {self.key_bytes} bytes, not {len(key)}")
        return key

    def cipher(self, key, salt):
        """The Cipher of the direction that begins with this salt."""
        if self.edition == 2017:
            subkey = HKDF(hashes.SHA1(), self.key_bytes, salt, b"ss-subkey").derive(key)
        else:
            subkey = blake3.derive_key(self.context, key + salt, self.key_bytes)
        return Cipher(self.aead(subkey))


class Cipher:
    """One direction of one connection: each operation has the next nonce, counted from 0."""

    def __init__(self, aead):
        self._aead = aead
        self._count = 0

    def _nonce(self):
        nonce = self._count.to_bytes(NONCE_BYTES, "little")
        self._count += 1
        return nonce

    def seal(self, plain):
        return self._aead.encrypt(self._nonce(), plain, None)

    def open(self, sealed, what):
        """what: its name in a WireError."""
        try:
            return self._aead.decrypt(self._nonce(), sealed, None)
        except InvalidTag:
            raise WireError(f"{what} is not authentic") from None

    def seal_chunk(self, plain):
        """A chunk: its length, sealed, and then itself, sealed."""
        return self.seal(len(plain).to_bytes(2, "big")) + self.seal(plain)


def password_key(password, length):
    """EVP_BytesToKey of OpenSSL with MD5, no salt, one round."""
    key = digest = b""
    while len(key) < length:
        digest = hashlib.md5(digest + password).digest()
        key += digest
    return key[:length]


_SESSION = "shadowsocks 2022 session subkey"
_AUTH_ONLY = "mpbridge auth-only session subkey"

METHODS = {method.name: method for method in (
    Method("none", 0),
    Method("aes-128-gcm", 2017, AESGCM, 16),
    Method("aes-256-gcm", 2017, AESGCM, 32),
    Method("chacha20-ietf-poly1305", 2017, ChaCha20Poly1305, 32),
    Method("2022-blake3-aes-128-gcm", 2022, AESGCM, 16, _SESSION),
    Method("2022-blake3-aes-256-gcm", 2022, AESGCM, 32, _SESSION),
    Method("2022-blake3-chacha20-poly1305", 2022, ChaCha20Poly1305, 32, _SESSION),
    Method("auth-only", 2022, AESGCM, 32, _AUTH_ONLY, raw=True),
)}
