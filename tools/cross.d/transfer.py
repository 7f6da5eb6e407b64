# SPDX-License-Identifier: GPL-3.0-or-later
"""A bridge of one build of mpbridge, with one worker, in namespaces: transfer.py PROGRAM

Once it is ready, and has nothing to do, the memory that it takes is printed (Pss of supervisor and
worker) and compared with MEMORY_MOST. Then a host sends random bytes with each method, and what
another host echoes has to be the same.
"""
import base64
import os
import sys

from bench import processes
from testbed.lab import Lab
from testbed.link import Link
from testbed.mpbridge import Bridge
from testbed.topology import bridge

METHODS = ("none", "2022-blake3-aes-256-gcm", "chacha20-ietf-poly1305")
MEMORY_MOST = 1.5 * (1 << 20)
SIZE = 2 << 20
PORT = 7000
PYTHON = "/usr/bin/python3"
ECHO = """
import socket
with socket.create_server(("", %d)) as listener:
    print("ready", flush=True)
    while True:
        near, _ = listener.accept()
        with near:
            while data := near.recv(1 << 16):
                near.sendall(data)
"""
SEND = """
import hashlib, os, socket, sys, threading
data = os.urandom(%d)
with socket.create_connection((sys.argv[1], %d), 20) as opened:
    def send():
        opened.sendall(data)
        opened.shutdown(socket.SHUT_WR)
    sender = threading.Thread(target=send)
    sender.start()
    heard = hashlib.sha256()
    while piece := opened.recv(1 << 16):
        heard.update(piece)
    sender.join()
print("same" if heard.digest() == hashlib.sha256(data).digest() else "different")
"""


def measure(both, method):
    """Prints it; whether it is little enough."""
    is_good = True
    for daemon in (both.client, both.server):
        most = processes.private_bytes(processes.family(daemon.process.pid))
        print(f"memory of an idle {daemon.role} with one worker, {method}: {most / 1024:.0f} KiB")
        is_good = is_good and most <= MEMORY_MOST
    return is_good


def transfer(net, method):
    key = base64.b64encode(bytes(32)).decode()
    keys = {"method": method, "workers": 1, "password": "" if method == "none" else key}
    with Bridge(net, client_keys=keys, server_keys=keys) as both:
        if not measure(both, method):
            sys.exit(f"more than {MEMORY_MOST / 1024:.0f} KiB")
        answer = net.host_a.run([PYTHON, "-c", SEND % (SIZE, PORT), net.host_b_ip]).stdout.strip()
        if answer != "same":
            sys.exit(f"{method}: what came back is {answer}\n{both.client.log}{both.server.log}")


def main():
    os.environ["MPBRIDGE"] = sys.argv[1]
    with Lab() as lab:
        net = bridge(lab, [Link(), Link()])
        echo = net.host_b.popen([PYTHON, "-c", ECHO % PORT], stdout=-1, text=True)
        assert echo.stdout.readline() == "ready\n"
        for method in METHODS:
            transfer(net, method)


if __name__ == "__main__":
    main()
