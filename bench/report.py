# SPDX-License-Identifier: GPL-3.0-or-later
"""Figures of several runs: median and spread, beside the goal."""
import math
import statistics
import sys


def line(text):
    """A line of progress, at once, on stderr: the figures alone go to stdout."""
    print(text, file=sys.stderr, flush=True)


def figure(name, values, goal=None, at_most=False, unit=""):
    """Prints a figure's median, minimum and maximum, and whether the median reaches the goal."""
    median = statistics.median(values)
    text = (f"{name:<52} {median:8.3f}{unit}  ({min(values):.3f} to {max(values):.3f}, "
            f"{len(values)} runs)")
    if goal is not None:
        is_met = median <= goal if at_most else median >= goal
        text += f"  goal {'<=' if at_most else '>='} {goal:g}{unit}: {'met' if is_met else 'MISSED'}"
    print(text, flush=True)


def percentile(values, percent):
    """The smallest of the values that `percent` of them do not exceed (nearest rank)."""
    rank = math.ceil(len(values) * percent / 100)
    return sorted(values)[max(rank, 1) - 1]


def spread(name, values, most=None, unit="", what="runs"):
    """Prints the median, the 95th percentile and the maximum, and whether the percentile is at
    most `most`. A value of infinity is something that did not happen."""
    median, high = statistics.median(values), percentile(values, 95)
    text = (f"{name:<52} {median:8.1f}{unit}  (p95 {high:.1f}, max {max(values):.1f}, "
            f"{len(values)} {what})")
    if most is not None:
        text += f"  goal p95 <= {most:g}{unit}: {'met' if high <= most else 'MISSED'}"
    print(text, flush=True)
