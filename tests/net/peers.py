# SPDX-License-Identifier: GPL-3.0-or-later
"""Far ends of other makes: Debian's ss-server, ss-local and ss-redir, and tests/reference.

Debian's shadowsocks-libev 3.3.5 speaks the methods of 2017; it has no "none".
"""
import base64
import ipaddress
import socket

from hosts import (connect, exchange_exactly, inside, listen, receive, receive_all)
from testbed.libev import libev_program
from tests import reference
from tests.reference.server import dial

DEBIANS_METHODS = [name for name, method in reference.METHODS.items() if method.edition == 2017]


def secret(method):
    """What stands in the files of both sides: a password, or the key itself in base64."""
    method = reference.METHODS[method]
    if method.edition == 2022:
        return base64.b64encode(bytes(range(100, 100 + method.key_bytes))).decode()
    return "correct horse battery staple" if method.edition else ""


def serve(node, address, port, method, **options):
    """A reference.Server there; port 0 lets the kernel choose. options: see there."""
    return reference.Server(listen(node, address, port), method, secret(method),
                            dial=lambda *target: inside(node, lambda: dial(*target)), **options)


def tunnel(node, address, port, method, target_host, target_port, source=None, **options):
    """A reference.Tunnel from there, by the server at that address and port. source: (address,
    port) of the host that it is for."""
    return reference.Tunnel(connect(node, address, port), method, secret(method),
                            reference.Target(target_host, target_port, source), **options)


def carry(near, far, count):
    """count bytes each way at once, then an end: Debian's programs make of one direction's end an
    end of both, so nothing can be sent after it."""
    exchange_exactly(near, far, count)
    near.shutdown(socket.SHUT_WR)
    assert receive_all(far) == b""


def ss_server(node, address, port, method):
    """Debian's server at that address."""
    return libev_program("ss-server", node, port, server=address, server_port=port, method=method,
                         password=secret(method))


def ss_client(name, node, address, port, server_address, server_port, method):
    """ss-local or ss-redir at `address` and `port`, with that server."""
    return libev_program(name, node, port, local_address=address, local_port=port,
                         server=server_address, server_port=server_port, method=method,
                         password=secret(method))


def connect_socks(node, address, port, target_host, target_port):
    """A socket through the SOCKS5 proxy there (RFC 1928), to an address or a name."""
    opened = connect(node, address, port)
    opened.sendall(b"\x05\x01\x00")
    assert receive(opened, 2) == b"\x05\x00"
    opened.sendall(b"\x05\x01\x00" + _socks_address(target_host) + target_port.to_bytes(2, "big"))
    assert receive(opened, 10)[:4] == b"\x05\x00\x00\x01"
    return opened


def _socks_address(host):
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return bytes([3, len(host)]) + host.encode()
    return bytes([1 if address.version == 4 else 4]) + address.packed
