# SPDX-License-Identifier: GPL-3.0-or-later
"""A link that is there every other second, for a minute: is the good one still worth what it is?"""
import time

from testbed.mpbridge import Bridge
from testbed.talk import Talkers

from ..cases import detail
from ..report import figure, line
from .scene import (Outage, alone_bps, fast_links, repeat, routers, turn, wait_for_paths,
                    watched_flow)

RUNS = 4
FLAP_S = 60
PERIOD_S = 1
TALKERS = 10


def flap(lab, outage):
    """(begin, end) of the minute. Each second the link goes or comes; it is back at the end."""
    begin_s = time.monotonic()
    for step in range(FLAP_S // PERIOD_S):
        if step % 2 == 0:
            outage.begin(lab)
        else:
            outage.end(lab)
        time.sleep(max(0, begin_s + (step + 1) * PERIOD_S - time.monotonic()))
    end_s = time.monotonic()
    outage.end(lab)
    return begin_s, end_s


def measure(outage, direction):
    """(goodput over that of the good link alone, flows that were lost)."""
    with routers(fast_links()) as net:
        good_bps = alone_bps(net, 3 - outage.link, direction, 5)
        with Bridge(net):
            wait_for_paths(net)
            talkers = Talkers(net, TALKERS)
            with watched_flow(net, direction) as flow:
                begin_s, end_s = flap(net.lab, outage)
                trace = flow.finish()
            lost = talkers.finish()["lost"] + bool(trace.fate)
    ratio = trace.rate_bps(begin_s, end_s) / good_bps
    detail(f"{outage.kind}, {direction}, link {outage.link}: {ratio:.3f} of "
           f"{good_bps / 1e6:.1f} Mbit/s, {lost} flows lost, longest silence "
           f"{trace.longest_gap_s(begin_s, end_s):.2f} s")
    return ratio, lost


def row(kind):
    title = f"flapping, {kind}"
    line(title)

    def measure_turn(number):
        link, direction = turn(number)
        return measure(Outage(kind, link), direction)
    runs = repeat(measure_turn, RUNS, missed=(0, TALKERS + 1))
    figure(title + ": goodput / the good link alone", [ratio for ratio, _ in runs], 0.95)
    figure(title + f": flows lost, of {TALKERS + 1} a run", [sum(lost for _, lost in runs)], 0,
           at_most=True)


def main():
    for kind in ("carrier", "blackhole"):
        row(kind)
