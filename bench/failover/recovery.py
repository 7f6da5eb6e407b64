# SPDX-License-Identifier: GPL-3.0-or-later
"""A link comes back: how long until the flow that ran all the time uses both again?

The sum to reach is that of plain TCP over each link alone, measured first in the same laboratory.
"""
import math
import time

from testbed.link import Link
from testbed.mpbridge import Bridge

from ..cases import detail
from ..report import figure, line, spread
from .scene import (Outage, alone_bps, fast_links, repeat, routers, turn, wait_for_paths,
                    watched_flow)

SHARE = 0.9
GOAL_S = 2
WATCH_S = 15
NEAR_S, NEAR_RUNS = 3, 6
# outage in seconds, runs; link 1 is the path of the initial subflow
SHORT_ROWS = ((1, 8), (20, 4))
LONG_ROWS = ((300, 2),)


def near_links():
    """Without a delay, and with plain veth: one end tells the other of a lost carrier."""
    return [Link("100mbit") for _ in range(2)]


def measure(links, outage, outage_s, direction):
    """Seconds from the end of the outage: (until the goodput is there, of the longest silence),
    and the goodput at the end as a share of that before."""
    with routers(links) as net:
        each = [alone_bps(net, number, direction, 3) for number in (1, 2)]
        with Bridge(net):
            wait_for_paths(net)
            with watched_flow(net, direction) as flow:
                begin_s = outage.begin(net.lab)
                time.sleep(outage_s)
                back_s = outage.end(net.lab)
                time.sleep(WATCH_S)
                trace = flow.finish()
    silence = trace.longest_gap_s(back_s, back_s + WATCH_S - 0.01)
    took = trace.seconds_until(SHARE * sum(each), back_s, back_s + WATCH_S)
    before = trace.rate_bps(begin_s - 1, begin_s) / 1e6
    after = trace.rate_bps(back_s + WATCH_S / 2, back_s + WATCH_S) / 1e6
    detail(f"{direction}, link {outage.link}: {took:.2f} s; silent for {silence:.2f} s; "
           f"sum {sum(each) / 1e6:.0f} Mbit/s, {before:.0f} before, "
           f"{after:.0f} at the end; {trace.fate or 'alive'}")
    return took, silence, after / before


def row(outage_s, runs, kind="blackhole", make_links=fast_links):
    title = f"link back after {outage_s} s of {kind}" + (
        ", no delay" if make_links is near_links else "")
    line(title)

    def measure_turn(number):
        link, direction = turn(number)
        return measure(make_links(), Outage(kind, link), outage_s, direction)
    figures = repeat(measure_turn, runs, missed=(math.inf, math.inf, 0))
    spread(title, [took for took, _, _ in figures], GOAL_S, " s")
    spread(f"  longest silence in the {WATCH_S} s afterwards",
           [silence for _, silence, _ in figures], unit=" s")
    figure("  goodput at their end / before the outage", [share for _, _, share in figures])


def short():
    for outage_s, runs in SHORT_ROWS:
        row(outage_s, runs)
    row(NEAR_S, NEAR_RUNS, "carrier", near_links)


def long():
    for outage_s, runs in LONG_ROWS:
        row(outage_s, runs)
