# SPDX-License-Identifier: GPL-3.0-or-later
"""A bulk flow between the hosts, watched by the program that receives it: how long did it stand?

As a program: `testbed.stall serve|connect send|receive PORT [ADDRESS]` is one end of the flow. The
receiving end prints a Trace as JSON when its standard input ends; the sending end goes on until it
is killed.
"""
import gc
import json
import os
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

from .trace import Trace
from .wait import LabError

PORT = 5400
_BLOCK_BYTES = 1 << 20
_CONNECT_LIMIT_S = 10
_END_LIMIT_S = 30
_ROOT = Path(__file__).parent.parent


class Flow:
    """One flow over the bridge: an "upload" from host A to host B, or a "download"."""

    def __init__(self, net, direction, ip=None, port=PORT):
        is_up = direction == "upload"
        serve = _start(net.host_b, "serve", "receive" if is_up else "send", port)
        if serve.stdout.readline() != "ready\n":
            raise LabError("the destination of the flow does not listen")
        connect = _start(net.host_a, "connect", "send" if is_up else "receive", port,
                         ip or net.host_b_ip)
        self.receiving_host = net.host_b if is_up else net.host_a
        self._ends = (serve, connect)
        self._receiver = serve if is_up else connect

    def finish(self):
        """End it; the Trace of all that arrived."""
        try:
            output, _ = self._receiver.communicate("", timeout=_END_LIMIT_S)
            fields = json.loads(output)
        except (subprocess.TimeoutExpired, json.JSONDecodeError):
            raise LabError("the receiver of the flow did not come to an end") from None
        finally:
            self.kill()
        return Trace([tuple(pair) for pair in fields["arrivals"]], fields["fate"])

    def kill(self):
        for end in self._ends:
            end.kill_group()


def _start(node, *words):
    return node.popen(["/usr/bin/python3", "-m", "testbed.stall", *words], cwd=_ROOT, text=True,
                      stdin=subprocess.PIPE, stdout=subprocess.PIPE)


def _accept(listener):
    with listener:
        opened, _ = listener.accept()
    return opened


def _send(opened):
    block = bytes(_BLOCK_BYTES)
    while True:
        opened.sendall(block)


def _receive(open_flow, trace):
    """Runs on a thread of its own; the main one waits for the end of the standard input."""
    buffer = bytearray(_BLOCK_BYTES)
    arrivals = trace.arrivals
    last_ms, total = None, 0
    try:
        opened = open_flow()
        while count := opened.recv_into(buffer):
            now_ms = time.monotonic_ns() // 1_000_000
            total = total + count if now_ms == last_ms else count
            if now_ms == last_ms:
                arrivals[-1] = (now_ms, total)
            else:
                arrivals.append((now_ms, total))
            last_ms = now_ms
        trace.fate = "it ended"
    except OSError as error:
        trace.fate = str(error)


def _watch(open_flow):
    trace = Trace([])
    gc.disable()
    threading.Thread(target=_receive, args=(open_flow, trace), daemon=True).start()
    sys.stdin.read()
    arrivals, fate = list(trace.arrivals), trace.fate
    print(json.dumps({"arrivals": arrivals, "fate": fate}), flush=True)
    os._exit(0)


def _main(role, task, port, address=None):
    if role == "serve":
        listener = socket.create_server(("::", int(port)), family=socket.AF_INET6,
                                        dualstack_ipv6=True)
        print("ready", flush=True)

    def open_flow():
        if role == "serve":
            return _accept(listener)
        opened = socket.create_connection((address, int(port)), _CONNECT_LIMIT_S)
        opened.settimeout(None)
        return opened

    if task == "receive":
        _watch(open_flow)
    try:
        _send(open_flow())
    except OSError:
        pass  # the receiver tells what became of the flow


if __name__ == "__main__":
    _main(*sys.argv[1:])
