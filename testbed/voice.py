# SPDX-License-Identifier: GPL-3.0-or-later
"""A voice stream: a packet every 20 ms, and how long each was on its way.

As a program: `testbed.voice hear PORT` prints the delays in ms, one a line, when nothing has come
for a second; `testbed.voice speak ADDRESS PORT SECONDS` sends. Both must share a clock.
"""
import socket
import struct
import sys
import time
from pathlib import Path

from .wait import LabError

PORT = 7000
_PERIOD_S = 0.02
_PAYLOAD = bytes(160)  # G.711, 20 ms
_ROOT = Path(__file__).parent.parent


class Voice:
    """One that speaks from host A to host B of a network for some seconds, from now on."""

    def __init__(self, net, seconds):
        program = ["/usr/bin/python3", "-m", "testbed.voice"]
        self._hear = net.host_b.popen([*program, "hear", PORT], cwd=_ROOT, stdout=-1, text=True)
        self._hear.stdout.readline()
        net.host_a.popen([*program, "speak", net.host_b_ip, PORT, seconds], cwd=_ROOT)
        self._limit_s = seconds + 10

    def added_ms(self):
        """What the queue added to each packet: its delay beyond the least of all."""
        output, _ = self._hear.communicate(timeout=self._limit_s)
        delays = [float(word) for word in output.split()]
        if not delays:
            raise LabError("nothing was heard")
        return [delay - min(delays) for delay in delays]


def _hear(port):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as heard:
        heard.bind(("", port))
        print("ready", flush=True)
        delays = []
        while True:
            heard.settimeout(1 if delays else 10)
            try:
                sent, = struct.unpack("d", heard.recv(512)[:8])
            except TimeoutError:
                break
            delays.append((time.monotonic() - sent) * 1e3)
    print("\n".join(f"{delay:.2f}" for delay in delays))


def _speak(address, port, seconds):
    end = time.monotonic() + seconds
    due = time.monotonic()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as spoken:
        while due < end:
            spoken.sendto(struct.pack("d", time.monotonic()) + _PAYLOAD, (address, port))
            due += _PERIOD_S
            time.sleep(max(0, due - time.monotonic()))


if __name__ == "__main__":
    if sys.argv[1] == "hear":
        _hear(int(sys.argv[2]))
    else:
        _speak(sys.argv[2], int(sys.argv[3]), float(sys.argv[4]))
