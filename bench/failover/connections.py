# SPDX-License-Identifier: GPL-3.0-or-later
"""New connections while a link is dead: does each one work, and how much longer does it take?

Nothing else runs over the links, so the short connections themselves are all there is to notice the
outage by. They begin on one link, as a rule, so the two links are separate rows."""
import random
import statistics
import time

from testbed.knock import Knocks

from ..cases import detail
from ..report import figure, line, percentile, spread
from .scene import Outage, bonded, fast_links, repeat

RUNS = 6
RTT = "5ms"
EARLY_S, OUTAGE_S = 0.5, 3.0
CALM_S = (2.0, 3.0)
EARLY_GOAL_MS, LATER_GOAL_MS = 150, 10
KINDS = (("carrier", "both"), ("blackhole", "both"), ("blackhole", "ab"), ("blackhole", "ba"))
FAILED = [float("inf")]


def added_ms(knocks, calm_s):
    """By how much each took longer than calm_s; infinity if it failed."""
    return [float("inf") if knock.latency_s is None else (knock.latency_s - calm_s) * 1e3
            for knock in knocks]


def measure(outage):
    """(added latencies of the first half second, those of the rest), in ms."""
    with bonded(fast_links(RTT)) as (net, _):
        knocks = Knocks(net)
        time.sleep(random.uniform(*CALM_S))
        begin_s = outage.begin(net.lab)
        time.sleep(OUTAGE_S)
        seen = knocks.finish()
    calm_s = statistics.median(knock.latency_s for knock in seen
                               if knock.begin_s < begin_s - 0.1 and knock.latency_s)
    during = [knock for knock in seen if knock.begin_s >= begin_s]
    early = [knock for knock in during if knock.begin_s < begin_s + EARLY_S]
    later = during[len(early):]
    result = added_ms(early, calm_s), added_ms(later, calm_s)
    errors = [knock.error for knock in during if knock.error]
    added = [percentile(values, 95) for values in result]
    detail(f"{outage.kind} {outage.way}, link {outage.link}: {calm_s * 1e3:.1f} ms before; "
           f"added p95 {added[0]:.1f} early, {added[1]:.1f} later; "
           f"{len(errors)} of {len(during)} failed {sorted(set(errors))}")
    return result


def row(kind, way, link):
    title = f"new, {kind}{'' if way == 'both' else f' {way}'}, link {link}"
    line(title)
    runs = repeat(lambda _: measure(Outage(kind, link, way)), RUNS, missed=(FAILED, FAILED))
    early = [value for run in runs for value in run[0]]
    later = [value for run in runs for value in run[1]]
    work = [sum(value != float("inf") for value in [*run[0], *run[1]]) / len([*run[0], *run[1]])
            for run in runs]
    figure(title + ": share that works", [min(work)], 1)
    what = f"connections in {len(runs)} runs"
    spread(title + f": added, first {EARLY_S:g} s", early, EARLY_GOAL_MS, " ms", what)
    spread(title + ": added, later", later, LATER_GOAL_MS, " ms", what)


def main():
    for kind, way in KINDS:
        for link in (1, 2):
            row(kind, way, link)
