# SPDX-License-Identifier: GPL-3.0-or-later
"""A second link that is slow, far, lossy or bloated beside a good one: it must not cost anything,
and where the two are alike in delay it must add."""
from testbed.link import Link

from ..cases import detail
from ..report import figure, line
from .scene import DIRECTIONS, alone_bps, bridged_bps, repeat, routers

RUNS = 3
SECONDS = 10
FIRST = ("100mbit", "10ms")
OF_FIRST, OF_SUM = 0.98, 0.9
ROWS = (
    # second link, its settings, is it alike in delay?
    ("10 Mbit/s 200 ms", {"rate": "10mbit", "rtt": "200ms"}, False),
    ("20 Mbit/s 50 ms", {"rate": "20mbit", "rtt": "50ms"}, False),
    ("100 Mbit/s 100 ms", {"rate": "100mbit", "rtt": "100ms"}, False),
    ("5 Mbit/s 600 ms 2 %", {"rate": "5mbit", "rtt": "600ms", "loss": "2%"}, False),
    ("1 Mbit/s, 1 s of buffer", {"rate": "1mbit", "rtt": "10ms", "queue": "1s"}, False),
    ("60 Mbit/s 15 ms", {"rate": "60mbit", "rtt": "15ms"}, True),
)


def measure(name, settings, is_alike, direction):
    """Goodput over that of the first link alone, or over the sum."""
    with routers([Link(*FIRST), Link(**settings)]) as net:
        each = [alone_bps(net, number, direction, SECONDS) for number in ((1, 2) if is_alike else (1,))]
        both = bridged_bps(net, direction, SECONDS)
    detail(f"{name}, {direction}: " + " + ".join(f"{bps / 1e6:.1f}" for bps in each)
           + f" alone, {both / 1e6:.1f} bridged")
    return both / sum(each)


def main():
    for name, settings, is_alike in ROWS:
        for direction in DIRECTIONS:
            title = f"100/10 + {name}, {direction}, of {'sum' if is_alike else 'first'}"
            line(title)
            figure(title, repeat(lambda _: measure(name, settings, is_alike, direction), RUNS, 0),
                   OF_SUM if is_alike else OF_FIRST)
