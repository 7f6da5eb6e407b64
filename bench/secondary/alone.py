# SPDX-License-Identifier: GPL-3.0-or-later
"""Nobody else is there, but the link is not what it was: how much of it do we use?"""
import time

from testbed.dumbbell import Arrivals

from ..cases import detail
from ..report import figure, line
from .scene import RATE, RUNS, flow, scene, wait_until_time

BEFORE_S = 5
ADAPT_S = 20
AFTER_S = 10
LOSS_S = 15


def lossy(rtt):
    with scene(rtt, 50, "0.5%") as (net, scavenger):
        with Arrivals(net.nodes["d1"]) as seen:
            begin = time.monotonic()
            flow(net, 1, scavenger, LOSS_S).result()
        return seen.rate_bps(0, begin + 2, begin + LOSS_S) / net.link.rate_bps


def changed(rtt, share=1, **settings):
    """The use of the link from ADAPT_S after the change on; `share` of its rate is left then."""
    with scene(rtt, 50) as (net, scavenger):
        left_bps = net.link.rate_bps * share
        with Arrivals(net.nodes["d1"]) as seen:
            begin = time.monotonic()
            ours = flow(net, 1, scavenger, BEFORE_S + ADAPT_S + AFTER_S)
            wait_until_time(begin + BEFORE_S)
            net.link.change(**settings)
            change = time.monotonic()
            ours.result()
        took_s = seen.first(0, change + 0.5, 2, lambda bps: bps > left_bps * 0.9)
        detail(f"used to 0.9 after {took_s + 0.5:.1f} s")
        return seen.rate_bps(0, change + ADAPT_S, change + ADAPT_S + AFTER_S - 1) / left_bps


def main():
    for rtt in (10, 50):
        what = f"0.5 % of the packets lost, {RATE}, {rtt} ms: used"
        line(what)
        figure(what, [lossy(rtt) for _ in range(RUNS)], 0.9)
        what = f"0.4 of {RATE} left, {rtt} ms: used after {ADAPT_S} s"
        line(what)
        slower = f"{float(RATE.removesuffix('mbit')) * 0.4:g}mbit"
        figure(what, [changed(rtt, 0.4, rate=slower) for _ in range(RUNS)], 0.9)
        what = f"40 ms longer, {RATE}, {rtt} ms: used after {ADAPT_S} s"
        line(what)
        figure(what, [changed(rtt, delay=f"{rtt / 2 + 20}ms") for _ in range(RUNS)], 0.9)
