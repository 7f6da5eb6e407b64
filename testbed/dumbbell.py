# SPDX-License-Identifier: GPL-3.0-or-later
"""Two senders and two receivers that share one link: who gets how much of it, and when?

    s1 --+           +-- d1      s<i> is 10.1.<i>.1, d<i> is 10.2.<i>.1
         r1 == w == r2
    s2 --+           +-- d2
"""
import threading
import time
from bisect import bisect_left

from .lab import LabError
from .link import Link, find_built

_STEP_S = 0.05


class Dumbbell:
    """link: the shared one, not yet attached."""

    def __init__(self, lab, link):
        self.nodes = {name: lab.node(name) for name in ("s1", "s2", "r1", "r2", "d1", "d2")}
        for i in (1, 2):
            self._join(lab, f"s{i}", "r1", f"a{i}", f"10.1.{i}")
            self._join(lab, f"d{i}", "r2", f"b{i}", f"10.2.{i}")
        self.link = lab.add_link(link.attach(lab, self.nodes["r1"], self.nodes["r2"], "w", "w"))
        self._connect_routers()

    def _join(self, lab, host, router, device, net):
        Link().attach(lab, self.nodes[host], self.nodes[router], "eth0", device).create()
        self.nodes[host].ip("addr", "add", f"{net}.1/24", "dev", "eth0")
        self.nodes[router].ip("addr", "add", f"{net}.2/24", "dev", device)
        self.nodes[host].ip("route", "add", "default", "via", f"{net}.2")

    def _connect_routers(self):
        for i, (router, far) in enumerate((("r1", 2), ("r2", 1)), 1):
            self.nodes[router].ip("addr", "add", f"10.9.9.{i}/24", "dev", "w")
        for router, far, via in (("r1", 2, "10.9.9.2"), ("r2", 1, "10.9.9.1")):
            for i in (1, 2):
                self.nodes[router].ip("route", "add", f"10.{far}.{i}.0/24", "via", via)

    def pair(self, number):
        """Sender and receiver 1 or 2."""
        return Pair(self.nodes[f"s{number}"], self.nodes[f"d{number}"], f"10.2.{number}.1")


class Pair:
    """Two nodes, as testbed.iperf and testbed.voice want a network to be."""

    def __init__(self, host_a, host_b, host_b_ip):
        self.host_a, self.host_b, self.host_b_ip = host_a, host_b, host_b_ip


class Arrivals:
    """What arrives at devices, sampled twenty times a second until close(). Times are those of
    time.monotonic(), sizes those of frames."""

    def __init__(self, *nodes):
        self._nodes = nodes
        self.times, self.bytes = [], [[] for _ in nodes]
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._sample)
        self._thread.start()

    def _sample(self):
        while not self._end.wait(_STEP_S):
            for node, values in zip(self._nodes, self.bytes):
                values.append(node.device_bytes("eth0")[0])
            self.times.append(time.monotonic())

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._end.set()
        self._thread.join()

    def rate_bps(self, node, begin, end):
        """Mean rate at the node with that index between two times."""
        first = min(bisect_left(self.times, begin), len(self.times) - 2)
        last = max(min(bisect_left(self.times, end), len(self.times) - 1), first + 1)
        values = self.bytes[node]
        return (values[last] - values[first]) * 8 / (self.times[last] - self.times[first])

    def first(self, node, begin, window_s, is_so):
        """Seconds from `begin` until a window of that length begins whose rate is as wanted;
        infinity if there is none."""
        for at in self.times[bisect_left(self.times, begin):]:
            if at + window_s > self.times[-1]:
                break
            if is_so(self.rate_bps(node, at, at + window_s)):
                return at - begin
        return float("inf")


class Scavenger:
    """The congestion control of src/bpf, loaded by the program of testbed/scavenger.c."""

    def __init__(self, lab):
        path = find_built(lab, "scavenger", None)
        self._process = lab.popen([path], stdin=-1, stdout=-1, stderr=-1, text=True)
        self.name = self._process.stdout.readline().strip()
        if not self.name:
            raise LabError(self._process.stderr.read().strip() or "no scavenger was loaded")
