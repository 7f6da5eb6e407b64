# SPDX-License-Identifier: GPL-3.0-or-later
"""python3 -m tests.reference server|client: the reference by hand, over plain TCP.

    server --listen ADDRESS --port N --method M --secret S
    client --server ADDRESS --port N --method M --secret S HOST PORT

The client carries its input to the target and prints what comes back. The server tells on its
standard error what it refuses. It connects to whatever it is asked to: keep it from others.
"""
import argparse
import socket
import sys
import threading
import time

from .address import Target
from .methods import METHODS, WireError
from .server import Server
from .tunnel import Tunnel


def _parse():
    parser = argparse.ArgumentParser(prog="tests.reference", description=__doc__.splitlines()[0])
    roles = parser.add_subparsers(dest="role", required=True)
    server = roles.add_parser("server")
    client = roles.add_parser("client")
    server.add_argument("--listen", default="127.0.0.1", metavar="ADDRESS")
    client.add_argument("--server", default="127.0.0.1", metavar="ADDRESS")
    for role in (server, client):
        role.add_argument("--port", type=int, default=8388)
        role.add_argument("--method", choices=METHODS, required=True)
        role.add_argument("--secret", default="", help="a password, or a key in base64")
    client.add_argument("--first", default="", help="payload for the head of the request")
    client.add_argument("--chunk-bytes", type=int, help="payload in a chunk, at most")
    client.add_argument("--late-s", type=int, default=0, help="how long ago the request was made")
    client.add_argument("host")
    client.add_argument("host_port", type=int)
    return parser.parse_args()


def _serve(arguments):
    listener = socket.create_server((arguments.listen, arguments.port), family=socket.AF_INET6
                                    if ":" in arguments.listen else socket.AF_INET)
    with Server(listener, arguments.method, arguments.secret,
                tell=lambda line: print(line, file=sys.stderr)):
        print(f"listening at {arguments.listen} port {arguments.port}", file=sys.stderr)
        threading.Event().wait()


def _send_input(tunnel):
    while data := sys.stdin.buffer.read1(1 << 16):
        tunnel.sendall(data)
    tunnel.shutdown(socket.SHUT_WR)


def _connect(arguments):
    connected = socket.create_connection((arguments.server, arguments.port))
    tunnel = Tunnel(connected, arguments.method, arguments.secret,
                    Target(arguments.host, arguments.host_port), arguments.first.encode(),
                    time_s=int(time.time()) - arguments.late_s, chunk_bytes=arguments.chunk_bytes)
    threading.Thread(target=_send_input, args=[tunnel], daemon=True).start()
    while data := tunnel.recv(1 << 16):
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()


def main():
    """The arguments, then one of the two."""
    arguments = _parse()
    run = {"server": _serve, "client": _connect}[arguments.role]
    try:
        run(arguments)
    except KeyboardInterrupt:
        pass
    except (OSError, WireError) as error:
        sys.exit(str(error))


main()
