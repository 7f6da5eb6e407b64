# SPDX-License-Identifier: GPL-3.0-or-later
"""What benches of several cases share: which of them run, what is told of a run, and directions."""
import os
import sys

from .report import line

IPERF_FLAGS = {"upload": (), "download": ("-R",)}


def run_cases(cases):
    """Those that CASES names, or all of {name: function}."""
    names = os.environ.get("CASES", "").split() or list(cases)
    if unknown := [name for name in names if name not in cases]:
        sys.exit(f"there is no case {', '.join(unknown)}; there are: {', '.join(cases)}")
    for name in names:
        cases[name]()


def detail(text):
    """A line about one run, if VERBOSE is set."""
    if os.environ.get("VERBOSE", "0") not in ("", "0"):
        line("  " + text)
