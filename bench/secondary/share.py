# SPDX-License-Identifier: GPL-3.0-or-later
"""Two scavengers of two machines on one link, the second later: do both get something of it?"""
import time

from testbed.dumbbell import Arrivals, Scavenger

from ..cases import detail
from ..report import figure, line
from .scene import RUNS, flow, rows, scene, title, wait_until_time

LATER_S = 5
SETTLE_S = 15
MEASURE_S = 30


def two(rtt, queue):
    """(the smaller rate over the larger one, the share of the link that both use)."""
    with scene(rtt, queue) as (net, first):
        second = Scavenger(net.nodes["s2"].lab).name
        with Arrivals(net.nodes["d1"], net.nodes["d2"]) as seen:
            begin = time.monotonic()
            total_s = LATER_S + SETTLE_S + MEASURE_S
            runs = [flow(net, 1, first, total_s)]
            wait_until_time(begin + LATER_S)
            runs.append(flow(net, 2, second, total_s - LATER_S))
            for run in runs:
                run.result()
        window = begin + LATER_S + SETTLE_S, begin + total_s - 0.5
        rates = [seen.rate_bps(node, *window) for node in (0, 1)]
        detail(f"the first {rates[0] / 1e6:.1f}, the later {rates[1] / 1e6:.1f} Mbit/s")
        return min(rates) / max(rates), sum(rates) / net.link.rate_bps


def main():
    for rtt, queue in rows(((0.2, 50), (10, 50), (50, 50))):
        what = f"two scavengers, {title(rtt, queue)}"
        line(what)
        both = [two(rtt, queue) for _ in range(RUNS)]
        figure(f"{what}: less over more", [ratio for ratio, _ in both], 0.5)
        figure("  used by both", [used for _, used in both], 0.9)
