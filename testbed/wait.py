# SPDX-License-Identifier: GPL-3.0-or-later
"""Waiting for facts, never for seconds."""
import time


class LabError(Exception):
    """What went wrong, in a sentence for the person who started the program."""


def wait_until(predicate, timeout_s, what, step_s=0.02):
    """Call predicate until it returns something true, and return that.

    After timeout_s seconds: LabError, "timed out after N s waiting for `what`".
    """
    end = time.monotonic() + timeout_s
    while True:
        result = predicate()
        if result:
            return result
        if time.monotonic() >= end:
            raise LabError(f"timed out after {timeout_s:g} s waiting for {what}")
        time.sleep(step_s)
