# SPDX-License-Identifier: GPL-3.0-or-later
"""Figures of several runs: median and spread, beside the goal."""
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
