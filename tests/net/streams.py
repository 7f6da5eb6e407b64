# SPDX-License-Identifier: GPL-3.0-or-later
"""Payload that runs both ways until it is stopped; then each end must have all of it."""
import hashlib
import random
import socket
import threading
import time

from hosts import LIMIT_S, Background
from testbed import wait_until
from testbed.mpbridge import PORT

BLOCK_BYTES = 1 << 16
MB = 1 << 20
SENT, RECEIVED = 0, 1


class Stream:
    """rate_bps: of each direction, more than one link carries, so that both are needed."""

    def __init__(self, near, far, rate_bps=45e6):
        self._period_s = BLOCK_BYTES * 8 / rate_bps
        self._stop = threading.Event()
        self._received = [0, 0]
        for opened in (near, far):
            opened.settimeout(2 * LIMIT_S)
        self._receivers = [Background(self._receive, opened, index)
                           for index, opened in enumerate((far, near))]
        self._senders = [Background(self._send, opened) for opened in (near, far)]

    def _send(self, opened):
        """The digest of what was sent. Each block begins with its number."""
        sent, body = hashlib.sha256(), random.randbytes(BLOCK_BYTES - 8)
        next_s, number = time.monotonic(), 0
        while not self._stop.is_set():
            block = number.to_bytes(8, "big") + body
            opened.sendall(block)
            sent.update(block)
            number += 1
            # no catching up after a stall: it would only fill the routers' buffers
            next_s = max(next_s + self._period_s, time.monotonic() - self._period_s)
            time.sleep(max(0, next_s - time.monotonic()))
        opened.shutdown(socket.SHUT_WR)
        return sent.hexdigest()

    def _receive(self, opened, index):
        got = hashlib.sha256()
        while part := opened.recv(1 << 20):
            got.update(part)
            self._received[index] += len(part)
        return got.hexdigest()

    def wait_for_more(self, count=2 * MB, timeout_s=15):
        """Until that many bytes more have arrived at each end."""
        before = list(self._received)
        wait_until(lambda: all(now - old >= count for now, old in zip(self._received, before)),
                   timeout_s, f"{count} bytes more both ways")

    def stop(self, timeout_s=30):
        """End both directions in order; each end must have all that the other sent."""
        self._stop.set()
        sent = [sender.result(timeout_s) for sender in self._senders]
        got = [receiver.result(timeout_s) for receiver in self._receivers]
        assert got == sent


def progress(node, local):
    """{port: (bytes acknowledged, bytes received)} of the open subflows from that address."""
    return {subflow.local_port: (subflow.bytes("bytes_acked"), subflow.bytes("bytes_received"))
            for subflow in node.subflows(PORT)
            if subflow.is_mptcp and subflow.state == "ESTAB" and subflow.local == local}


def wait_for_rate(node, local, bits_per_s, timeout_s=60, ways=(SENT, RECEIVED)):
    """Until the subflows from that address carry that much payload together, in each of these
    directions, from one look to the next, a second later. The time is for a busy machine."""
    last = None

    def is_fast():
        nonlocal last
        before, last = last, (time.monotonic(),
                              [sum(counts) for counts in zip((0, 0), *progress(node, local).values())])
        return before and all((last[1][way] - before[1][way]) * 8 >=
                              bits_per_s * (last[0] - before[0]) for way in ways)

    wait_until(is_fast, timeout_s, f"subflows from {local} to carry {bits_per_s:g} bit/s", 1)


def wait_until_carries(node, local, count=MB // 2, timeout_s=10):
    """Until a subflow from that address, old or new, has moved that much more in each direction."""
    before = progress(node, local)

    def grown():
        for port, counts in progress(node, local).items():
            if all(now - old >= count for now, old in zip(counts, before.get(port, (0, 0)))):
                return True
        return False

    wait_until(grown, timeout_s, f"a subflow from {local} to carry payload both ways", 0.1)
