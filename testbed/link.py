# SPDX-License-Identifier: GPL-3.0-or-later
"""Links between two namespaces: bare veth, veth with a rate, or the emulator.

The end of router A (the client's) is `a`, the other is `b`; directions are "ab", "ba" and "both".
Buffers: a link with a rate drops what would wait longer than `queue` (50 ms by default; real links
lie between 10 ms and a second), in both kinds.
"""
import os
import subprocess
from pathlib import Path

from . import units
from .lab import LabError, run
from .wait import wait_until

_FRAME_BYTES = 1514
_QUEUE_MIN_FRAMES = 20
_DIRECTIONS = {"ab": ("a",), "ba": ("b",), "both": ("a", "b")}


def find_built(lab, name, source, flags=()):
    """The path of a program of the laboratory: from the build that MPBRIDGE or build/ names, or
    compiled now. Without a source it has to be of a build."""
    source = Path(__file__).with_name(source) if source else None
    root = Path(__file__).parent.parent
    builds = [Path(os.environ["MPBRIDGE"]).parent] if "MPBRIDGE" in os.environ else []
    for build in [*builds, root / "build"]:
        for path in (build / "testbed" / name, build / name):
            if path.exists() and (not source or path.stat().st_mtime >= source.stat().st_mtime):
                return path
    if not source:
        raise LabError(f"{name} has not been built")
    path = lab.directory / name
    if not path.exists():
        run(["cc", "-D_GNU_SOURCE", "-O2", *flags, "-o", path, source])
    return path


class Link:
    """What a link is like, and, once attach() and create() have run, the link itself.

    rate: "100mbit" each way, or None: as fast as the machine. rtt: what the link adds to a round
    trip, "5ms", half of it each way. loss: "0.5%" each way. queue: "50ms" or "64kb". reorder: share
    of the frames that come reorder_by later. stall: for so long at most the wire stops, stall_every
    apart in the mean. With rtt, loss, reorder, stall or emulated=True the link is an emulated one,
    else a veth pair.
    """

    def __init__(self, rate=None, rtt=None, loss=None, queue="50ms", reorder=None, reorder_by="5ms",
                 stall=None, stall_every="200ms", emulated=False):
        self.rate_bps = units.rate_bps(rate) if rate else 0
        self.rtt_s = units.seconds(rtt) if rtt else 0.0
        self.loss = units.share(loss) if loss else 0.0
        self.reorder = units.share(reorder) if reorder else 0.0
        self.reorder_by_s = units.seconds(reorder_by)
        self.stall_s = units.seconds(stall) if stall else 0.0
        self.stall_every_s = units.seconds(stall_every)
        self.queue_bytes = self._parse_queue(queue)
        self.is_emulated = emulated or bool(self.rtt_s or self.loss or self.reorder or self.stall_s)
        self._wire = None

    @classmethod
    def parse(cls, text):
        """'100mbit/5ms' or '100mbit/5ms/0.1%' -> Link"""
        fields = text.split("/")
        if not 1 <= len(fields) <= 3:
            raise ValueError(f"'{text}' is not RATE/ROUND-TRIP/LOSS, as 20mbit/30ms/0.1%")
        return cls(*fields)

    def _parse_queue(self, queue):
        try:
            limit = int(units.seconds(queue) * self.rate_bps / 8)
        except ValueError:
            limit = units.size_bytes(queue)
        return max(limit, _QUEUE_MIN_FRAMES * _FRAME_BYTES)

    @property
    def text(self):
        """'100 Mbit/s, 5 ms'"""
        rate = f"{self.rate_bps / 1e6:g} Mbit/s" if self.rate_bps else "unshaped"
        return f"{rate}, {self.rtt_s * 1e3:g} ms" if self.rtt_s else rate

    def attach(self, lab, node_a, node_b, device_a, device_b):
        """Say between which devices of which nodes it shall be; Lab.add_link() then makes it."""
        kind = _EmulatedWire if self.is_emulated else _VethWire
        self._wire = kind(self, lab, (node_a, device_a), (node_b, device_b))
        return self

    def create(self):
        """Make both devices, up and without addresses."""
        self._wire.create()

    @property
    def ends(self):
        """((node, device), (node, device)) of a and b."""
        return self._wire.ends

    def down(self):
        """Take the carrier away: from both ends of an emulated link. Of a veth, b is set down."""
        self._wire.down()

    def up(self):
        """Undo down(), static routes included; both ends have their carrier when this returns."""
        self._wire.up()

    def blackhole(self, on=True, direction="both"):
        """Swallow every frame; the carrier stays. On a veth the frames that wait are lost, too."""
        self._wire.blackhole(on, direction)

    def change(self, direction="both", **settings):
        """At run time, emulated links only: rate="20mbit", delay="5ms" (one way!), loss="1%",
        queue, reorder, stall."""
        self._wire.change(direction, settings)

    def counters(self):
        """(bytes a to b, bytes b to a), Ethernet headers included, counted where they arrive."""
        (node_a, device_a), (node_b, device_b) = self._wire.ends
        return node_b.device_bytes(device_b)[0], node_a.device_bytes(device_a)[0]


class _VethWire:
    """A veth pair; tbf on both ends if there is a rate."""

    def __init__(self, link, lab, end_a, end_b):
        self.link = link
        self.lab = lab
        self.ends = (end_a, end_b)
        self._routes = []

    def create(self):
        (node_a, device_a), (node_b, device_b) = self.ends
        run(["ip", "link", "add", device_a, "netns", node_a.namespace, "type", "veth",
             "peer", "name", device_b, "netns", node_b.namespace])
        for node, device in self.ends:
            node.ip("link", "set", device, "up")
            self._shape(node, device)

    def _shape(self, node, device):
        # tbf splits a GSO frame that is longer than the burst, so a short burst keeps the pace even
        burst = max(10 * _FRAME_BYTES, self.link.rate_bps // 8 // 1000)
        if self.link.rate_bps:
            _tc(node, "replace", device, "tbf", "rate", f"{self.link.rate_bps}bit",
                "burst", burst, "limit", self.link.queue_bytes + burst)
        else:
            _tc(node, "replace", device, "noqueue")

    def down(self):
        node, device = self.ends[1]
        self._routes = _static_routes(node, device)
        node.ip("link", "set", device, "down")

    def up(self):
        node, device = self.ends[1]
        node.ip("link", "set", device, "up")
        _wait_for_carrier(self.ends)
        for family, route in self._routes:
            node.ip(family, "route", "replace", *route.split(), "dev", device)
        self._routes = []

    def blackhole(self, on, direction):
        for name, (node, device) in zip("ab", self.ends):
            if name in _DIRECTIONS[direction] and on:
                _tc(node, "replace", device, "blackhole")
            elif name in _DIRECTIONS[direction]:
                self._shape(node, device)

    def change(self, _direction, _settings):
        raise LabError("only an emulated link can change; make it with Link(..., emulated=True)")


def _tc(node, verb, device, *words):
    run(["tc", "-n", node.namespace, "qdisc", verb, "dev", device, "root", *words])


def _wait_for_carrier(ends):
    for node, device in ends:
        wait_until(lambda: "LOWER_UP" in node.ip("link", "show", device), 5,
                   f"the carrier of {device} in {node.name}")


def _static_routes(node, device):
    """[("-4", "192.168.2.0/24 via 10.10.1.2"), ...]: what setting the device down removes."""
    routes = []
    for family in ("-4", "-6"):
        text = node.ip(family, "route", "show", "dev", device, "proto", "boot")
        words = (line.replace(" linkdown", "").partition(" pref ")[0].strip()
                 for line in text.splitlines())
        routes += [(family, route) for route in words]
    return routes


class _EmulatedWire:
    """Two TAP devices with emulator.c between them, driven over its standard input."""

    def __init__(self, link, lab, end_a, end_b):
        self.link = link
        self.lab = lab
        self.ends = (end_a, end_b)
        self._process = None

    def create(self):
        (node_a, device_a), (node_b, device_b) = self.ends
        self._process = self.lab.popen(
            [find_built(self.lab, "emulator", "emulator.c"), node_a.path, device_a, node_b.path, device_b],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        if self._process.stdout.readline() != "ready\n":
            raise LabError(self._process.stderr.read().strip() or "the emulator did not start")
        for node, device in self.ends:
            node.ip("link", "set", device, "mtu", "1500", "txqueuelen", "2000", "up")
        self._configure()

    def _configure(self):
        link = self.link
        self._command("both", "rate_bps", link.rate_bps)
        self._command("both", "queue_bytes", link.queue_bytes if link.rate_bps else 0)
        self._command("both", "delay_us", round(link.rtt_s * 1e6 / 2))
        self._command("both", "loss_ppm", round(link.loss * 1e6))
        self._command("both", "reorder_ppm", round(link.reorder * 1e6))
        self._command("both", "reorder_us", round(link.reorder_by_s * 1e6))
        self._command("both", "stall_every_us", round(link.stall_every_s * 1e6))
        self._command("both", "stall_us", round(link.stall_s * 1e6))

    def _command(self, *words):
        line = " ".join(map(str, words))
        try:
            self._process.stdin.write(line + "\n")
            self._process.stdin.flush()
            answer = self._process.stdout.readline().strip()
        except BrokenPipeError:
            answer = "it has ended"
        if answer != "ok":
            raise LabError(f"the emulator refused '{line}': {answer or 'it has ended'}")

    def down(self):
        for end in "ab":
            self._command(end, "carrier", 0)

    def up(self):
        for end in "ab":
            self._command(end, "carrier", 1)
        _wait_for_carrier(self.ends)

    def blackhole(self, on, direction):
        self._command(direction, "blackhole", int(on))

    def change(self, direction, settings):
        parsers = {
            "rate": lambda text: ("rate_bps", units.rate_bps(text)),
            "delay": lambda text: ("delay_us", round(units.seconds(text) * 1e6)),
            "loss": lambda text: ("loss_ppm", round(units.share(text) * 1e6)),
            "queue": lambda text: ("queue_bytes", units.size_bytes(text)),
            "reorder": lambda text: ("reorder_ppm", round(units.share(text) * 1e6)),
            "stall": lambda text: ("stall_us", round(units.seconds(text) * 1e6)),
        }
        for name, value in settings.items():
            self._command(direction, *parsers[name](value))
