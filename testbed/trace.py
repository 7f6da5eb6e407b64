# SPDX-License-Identifier: GPL-3.0-or-later
"""When bytes arrived at a receiving program, to the millisecond, and what follows. Pure."""
import math
from bisect import bisect_left
from dataclasses import dataclass

# silence of this length at the end of a window has no end that anybody saw
_ENDLESS_S = 1.0
_RATE_STEP_S = 0.05
_RATE_WINDOW_S = 0.5


@dataclass
class Trace:
    """arrivals: [(millisecond of CLOCK_MONOTONIC, bytes in it)], rising, no empty ones. fate: what
    ended the flow before its time, or "" if it ran to the end."""
    arrivals: list
    fate: str = ""

    def longest_gap_s(self, begin_s, end_s):
        """The longest time without an arrival that reaches into this window; infinity if the flow
        was lost, or was silent when the window ended and for a second before."""
        begin, end = begin_s * 1e3, end_s * 1e3
        times = [ms for ms, _ in self.arrivals]
        inside = times[max(bisect_left(times, begin) - 1, 0):bisect_left(times, end)]
        last = inside[-1] if inside else begin
        if self.fate or end - last >= _ENDLESS_S * 1e3:
            return math.inf
        gaps = [later - earlier for earlier, later in zip(inside, inside[1:])]
        return max([*gaps, end - last]) / 1e3

    def bytes_between(self, begin_s, end_s):
        first, last = (bisect_left(self.arrivals, (time_s * 1e3,)) for time_s in (begin_s, end_s))
        return sum(count for _, count in self.arrivals[first:last])

    def rate_bps(self, begin_s, end_s):
        """Goodput in this window."""
        return self.bytes_between(begin_s, end_s) * 8 / (end_s - begin_s)

    def seconds_until(self, rate_bps, begin_s, end_s):
        """From begin until the flow has this goodput, in two windows of half a second one after the
        other, so that data that waited for a missing piece does not count as speed. Infinity if it
        was lost, or did not get there before the end."""
        steps = int((end_s - begin_s - 2 * _RATE_WINDOW_S) / _RATE_STEP_S)
        for at_s in (begin_s + step * _RATE_STEP_S for step in range(steps)):
            middle_s = at_s + _RATE_WINDOW_S
            if (self.rate_bps(at_s, middle_s) >= rate_bps
                    and self.rate_bps(middle_s, middle_s + _RATE_WINDOW_S) >= rate_bps):
                return math.inf if self.fate else at_s - begin_s
        return math.inf
