# SPDX-License-Identifier: GPL-3.0-or-later
"""A link dies under a running flow: the longest silence at the program that receives it."""
import math
import time

from testbed.trace import Trace

from ..cases import detail
from ..report import line, spread
from .scene import (Outage, bonded, fast_links, repeat, turn, wait_until_flowing,
                    watched_flow)

RUNS = 20
LEAST_S, MOST_S = 3, 20
BEFORE_S = 1
RTTS = ("1ms", "5ms", "10ms")
FAR_RTT = "100ms"
WAYS = {"both": "both directions", "ab": "only a to b", "ba": "only b to a"}


def stall_ms(rtt, outage, direction):
    """One run in a laboratory of its own: (after the outage began, in the second before)."""
    with bonded(fast_links(rtt)) as (net, _), watched_flow(net, direction) as flow:
        begin_s = outage.begin(net.lab)
        wait_until_flowing(flow, begin_s, LEAST_S, MOST_S)
        end_s = time.monotonic()
        trace = flow.finish()
    stall = trace.longest_gap_s(begin_s, end_s - 0.01) * 1e3
    calm = Trace(trace.arrivals).longest_gap_s(begin_s - BEFORE_S, begin_s) * 1e3
    detail(f"{direction}, {rtt}, link {outage.link}: {stall:.0f} ms; "
           f"{calm:.0f} ms in the second before, at "
           f"{trace.rate_bps(begin_s - BEFORE_S, begin_s) / 1e6:.0f} Mbit/s; after a second "
           f"{trace.rate_bps(begin_s + 1, end_s) / 1e6:.0f}; {trace.fate or 'alive'}")
    return stall, calm


def row(title, kind, way, rtts, goal_ms):
    """RUNS runs: link, direction and round trip in turn. A second figure, without a goal, tells how
    long the same flows stood while nothing was wrong."""
    line(title)

    def measure(number):
        link, direction = turn(number)
        return stall_ms(rtts[number % len(rtts)], Outage(kind, link, way), direction)
    runs = repeat(measure, RUNS, missed=(math.inf, math.inf))
    spread(title, [stall for stall, _ in runs], goal_ms, " ms")
    spread("  in the second before", [calm for _, calm in runs], unit=" ms")


def carrier():
    row("stall, carrier lost", "carrier", "both", RTTS, 100)


def blackhole():
    for way, text in WAYS.items():
        row(f"stall, blackhole, {text}", "blackhole", way, RTTS, 300)


def far():
    for way, text in WAYS.items():
        row(f"stall, blackhole, {text}, RTT 100 ms", "blackhole", way, (FAR_RTT,), 500)
