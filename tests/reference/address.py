# SPDX-License-Identifier: GPL-3.0-or-later
"""The address header, RFC 1928 section 5: kind, address, port. And mpbridge's own form of it, with
0x80 and the address of a host before that."""
import ipaddress
from dataclasses import dataclass

from .methods import WireError

_IPV4, _NAME, _IPV6, _SOURCE = 1, 3, 4, 0x80


@dataclass(frozen=True)
class Target:
    """Where a connection is to go. host: an address as text, or a name. source: (address, port) of
    the host that it is from, or None."""
    host: str
    port: int
    source: tuple = None

    def header(self):
        if self.source:
            return bytes([_SOURCE]) + Target(*self.source).header() + self._plain_header()
        return self._plain_header()

    def _plain_header(self):
        port = self.port.to_bytes(2, "big")
        try:
            address = ipaddress.ip_address(self.host)
        except ValueError:
            name = self.host.encode()
            return bytes([_NAME, len(name)]) + name + port
        return bytes([_IPV4 if address.version == 4 else _IPV6]) + address.packed + port


def header_bytes(start):
    """How long the header is that begins so, or how much of it must be there to know that."""
    if not start or start[0] != _SOURCE:
        return _plain_bytes(start)
    if len(start) > 1 and start[1] == _NAME:
        raise WireError("a host that is a name")
    before = 1 + _plain_bytes(start[1:])
    return before if len(start) < before else before + _plain_bytes(start[before:])


def _plain_bytes(start):
    if not start:
        return 1
    kind = start[0]
    if kind == _IPV4:
        return 1 + 4 + 2
    if kind == _IPV6:
        return 1 + 16 + 2
    if kind != _NAME:
        raise WireError(f"no such kind of address: {kind}")
    return 2 if len(start) < 2 else 2 + start[1] + 2


def parse(header):
    """The Target of a whole header, and nothing but it."""
    if header[0] != _SOURCE:
        return _parse_plain(header)
    before = 1 + _plain_bytes(header[1:])
    source = _parse_plain(header[1:before])
    target = _parse_plain(header[before:])
    return Target(target.host, target.port, (source.host, source.port))


def _parse_plain(header):
    kind, host, port = header[0], header[1:-2], int.from_bytes(header[-2:], "big")
    if kind != _NAME:
        return Target(str(ipaddress.ip_address(bytes(host))), port)
    if len(host) == 1:
        raise WireError("an empty name")
    try:
        return Target(host[1:].decode("ascii"), port)
    except UnicodeDecodeError:
        raise WireError("a name that is not ASCII") from None


def split(data):
    """(Target, the rest) of data that begins with a header; WireError if it is cut short."""
    length = header_bytes(data)
    if length > len(data):
        raise WireError("the address header is cut short")
    return parse(data[:length]), data[length:]
