# SPDX-License-Identifier: GPL-3.0-or-later
"""The wire formats a second time, slow and plain, as something to measure src/shadowsocks against.

Written from the specifications alone: Shadowsocks AEAD (SIP004, SIP007), Shadowsocks 2022
(SIP022) and the paper of BLAKE3. It shares no code and no reading of them with the C. TCP alone.
What proves it is in tests/net/test_reference.py: published vectors, and Debian's programs, which
speak the methods of 2017.

auth-only is the handshake of 2022-blake3-aes-256-gcm in both directions, with a context of its
own for BLAKE3, so that the one means nothing to the other; then payload as it is. The server
answers as soon as it is connected, without payload in its head.

    blake3.py    BLAKE3                                              (pure)
    methods.py   names, keys, subkeys, one direction's AEAD          (pure)
    address.py   the address header                                  (pure)
    request.py   from client to server: Request, RequestReader       (pure)
    response.py  and back: ResponseWriter, ResponseReader            (pure)
    tunnel.py    a client: a socket through a server
    server.py    a server, and what it refused and why

Tests of attacks make a Request with whatever is wrong in it, or take the bytes of a right one:

    recorded = Tunnel(connected, method, secret, target).request
    another.sendall(recorded)                  as it was: a replay
    another.sendall(flip(recorded, bit=300))   bent
    another.sendall(recorded[:40])             cut
    trickle(another, recorded)                 byte by byte
    Tunnel(another, method, secret, target, time_s=0, padding=b"", padding_length=9, salt=salt)

By hand, from the root of the tree: python3 -m tests.reference server|client --help
"""
from .address import Target
from .methods import METHODS, WireError
from .request import Request, RequestReader, SaltMemory
from .response import ResponseReader, ResponseWriter
from .server import Server
from .tunnel import Tunnel, flip, trickle

__all__ = ["METHODS", "Request", "RequestReader", "ResponseReader", "ResponseWriter",
           "SaltMemory", "Server", "Target", "Tunnel", "WireError", "flip", "trickle"]
