# SPDX-License-Identifier: GPL-3.0-or-later
"""A competitor comes and goes again: what it keeps, when we have left, and when we are back."""
import time
from dataclasses import dataclass

from testbed.dumbbell import Arrivals
from testbed.lab import LabError
from testbed.voice import Voice

from ..cases import detail
from ..report import figure, line, percentile
from .scene import FEW, RUNS, flow, rows, scene, some_phase, title, wait_until_time

COMPETITOR_S = 15  # long enough for a window of cubic to grow at a round trip of 50 ms
ALONE_S = 8
WARM_UP_S = 2
AFTER_S = 5
LEFT_SHARE, BACK_SHARE = 0.2, 0.8
_WINDOW_S = 0.2
OURS, THEIRS, OTHER_WAY = 0, 1, 2
MANY = 20


@dataclass
class Visit:
    """One competitor's visit, in shares of the link's rate and seconds."""
    solo: float  # what the competitor has alone
    kept: float  # of that
    alone: float
    beside: float
    left_s: float
    back_s: float
    other_way: float  # alone, of what comes back to us
    voice_ms: list


def visit(rtt, queue, name, count, stall=None, own=1, flags=()):
    """A visit of `count` flows, beside `own` ones of ours, with such flags of iperf3's."""
    alone_s = ALONE_S + some_phase()
    with scene(rtt, queue, stall=stall) as (net, scavenger):
        link_bps = net.link.rate_bps
        with Arrivals(*(net.nodes[node] for node in ("d1", "d2", "s1"))) as seen:
            solo_at = time.monotonic()
            flow(net, 2, name, COMPETITOR_S, count).result()
            time.sleep(1)
            begin = time.monotonic()
            ours = flow(net, 1, scavenger, alone_s + COMPETITOR_S + AFTER_S + 2, own, flags)
            voice = Voice(net.pair(2), ALONE_S - 1)
            wait_until_time(begin + alone_s)
            came = time.monotonic()
            flow(net, 2, name, COMPETITOR_S, count).result()
            wait_until_time(time.monotonic() + AFTER_S)
            ours.process.kill_group()
        nearly = came + COMPETITOR_S - 1
        gone = nearly + seen.first(THEIRS, nearly, _WINDOW_S, lambda bps: bps < link_bps * 0.02)
        solo = seen.rate_bps(THEIRS, solo_at, solo_at + COMPETITOR_S)
        result = Visit(
            solo / link_bps,
            seen.rate_bps(THEIRS, came, came + COMPETITOR_S) / solo,
            seen.rate_bps(OURS, begin + WARM_UP_S, came) / link_bps,
            seen.rate_bps(OURS, came + 2, came + COMPETITOR_S - 1) / link_bps,
            seen.first(OURS, came, _WINDOW_S, lambda bps: bps < link_bps * LEFT_SHARE),
            seen.first(OURS, gone, _WINDOW_S, lambda bps: bps > link_bps * BACK_SHARE),
            seen.rate_bps(OTHER_WAY, begin + WARM_UP_S, came) / link_bps,
            voice.added_ms())
    detail(f"solo {result.solo:.3f}, kept {result.kept:.3f}, beside {result.beside:.3f}, "
           f"alone {result.alone:.3f}, left {result.left_s:.2f} s, back {result.back_s:.2f} s, "
           f"voice {percentile(result.voice_ms, 95):.1f} ms")
    if len(result.voice_ms) < (ALONE_S - 2) * 40:
        raise LabError("most of the voice was lost")
    return result


def row(rtt, queue, name, count, goal, beside="", **ours):
    what = f"{count} x {name}{beside}, {title(rtt, queue)}"
    line(what)
    visits = [visit(rtt, queue, name, count, **ours) for _ in range(RUNS)]
    figure(f"{what}: kept", [one.kept for one in visits], goal)
    figure("  alone", [one.alone for one in visits], 0.9)
    if ours.get("flags"):
        figure("  alone, the other way", [one.other_way for one in visits], 0.9)
    figure("  left", [one.left_s for one in visits], 1, at_most=True, unit=" s")
    figure("  back", [one.back_s for one in visits], 3, at_most=True, unit=" s")
    figure("  voice, p95 of the added delay", [percentile(one.voice_ms, 95) for one in visits], 10,
           at_most=True, unit=" ms")


def cubic():
    for rtt, queue in rows():
        row(rtt, queue, "cubic", 1, 0.95)


def crowd():
    for count in (2, 5):
        for rtt, queue in rows(FEW):
            row(rtt, queue, "cubic", count, 0.95)


def reno():
    for rtt, queue in rows(FEW):
        row(rtt, queue, "reno", 1, 0.95)


def bbr():
    for rtt, queue in rows():
        row(rtt, queue, "bbr", 1, 0.9)


def many():
    for rtt, queue in rows(FEW):
        row(rtt, queue, "cubic", 1, 0.95, f" beside {MANY} flows of ours", own=MANY)


def both():
    """What we send has a queue, and what comes to us has one, which is not in the way of others."""
    for rtt, queue in rows(FEW):
        row(rtt, queue, "cubic", 1, 0.95, " beside ours both ways", flags=("--bidir",))


def radio():
    """A link that stalls for up to 20 ms some times a second, as a radio that waits for its turn."""
    for rtt, queue in rows(((10, 50), (50, 50))):
        what = f"1 x cubic, {title(rtt, queue)}, stalls of up to 20 ms"
        line(what)
        visits = [visit(rtt, queue, "cubic", 1, "20ms") for _ in range(RUNS)]
        figure(f"{what}: kept", [one.kept for one in visits], 0.95)
        figure("  alone, of what cubic has", [one.alone / one.solo for one in visits], 0.9)
        figure("  left", [one.left_s for one in visits], 1, at_most=True, unit=" s")
        figure("  back", [one.back_s for one in visits], 3, at_most=True, unit=" s")
