# SPDX-License-Identifier: GPL-3.0-or-later
"""A transfer between two builds of tests/loopback: loopback.py CLIENT SERVER, each a line of words

They run in this network namespace, which is a new one (unshare --net), with each method. Random bytes go
to a host that echoes them, and what comes back has to be the same. (Where mpbridge itself starts,
transfer.py has it carry the same.)
"""
import base64
import os
import shlex
import socket
import subprocess
import sys
import threading

METHODS = ("none", "auth-only", "2022-blake3-aes-128-gcm", "2022-blake3-aes-256-gcm", "2022-blake3-chacha20-poly1305",
           "chacha20-ietf-poly1305", "aes-256-gcm")
SIZE = 1 << 20
LIMIT_S = 60
HOST = ("192.0.2.1", 7000)


def echo(listener):
    while True:
        near, _ = listener.accept()
        with near:
            while data := near.recv(1 << 16):
                near.sendall(data)


def start(words, role, method):
    key = base64.b64encode(bytes(16 if "aes-128" in method else 32)).decode()
    flags = ["-s", HOST[0], "-p", "8388", "-l", "1080", "-b", "127.0.0.1", "-m", method,
             *([] if method == "none" else ["-k", key])]
    process = subprocess.Popen([*shlex.split(words), role, *map(str, HOST), *flags],
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    if process.stdout.readline() != "ready\n":
        sys.exit(f"{role}, {method}: does not start: {process.stderr.read()}")
    return process


def send(near, data):
    near.sendall(data)
    near.shutdown(socket.SHUT_WR)


def transfer():
    """Whether what comes back is what was sent."""
    data = os.urandom(SIZE)
    with socket.create_connection(("127.0.0.1", 1080), LIMIT_S) as near:
        sender = threading.Thread(target=send, args=[near, data])
        sender.start()
        heard = bytearray()
        while piece := near.recv(1 << 16):
            heard += piece
        sender.join()
    return heard == data


def run(client, server, method):
    ends = [start(server, "server", method), start(client, "client", method)]
    try:
        is_same = transfer()
    except OSError as error:
        is_same = error
    for end in ends:
        end.terminate()
    said = "".join(end.communicate()[1] for end in ends)
    if is_same is not True:
        sys.exit(f"{method}: {is_same}, client {client}, server {server}\n{said}")


def main():
    client, server = sys.argv[1:]
    for words in (["link", "set", "lo", "up"], ["address", "add", HOST[0] + "/32", "dev", "lo"]):
        subprocess.run(["ip", *words], check=True)
    with socket.create_server(HOST) as listener:
        threading.Thread(target=echo, args=[listener], daemon=True).start()
        for method in METHODS:
            run(client, server, method)


if __name__ == "__main__":
    main()
