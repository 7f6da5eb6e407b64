# SPDX-License-Identifier: GPL-3.0-or-later
"""A clock that a test moves under a running program; see clock.c."""
import os
import struct
import time

from .link import find_built


class Clock:
    """under: the command to run a program with, so that its clocks are this one's."""

    def __init__(self, lab):
        self._file = os.open(lab.directory / "clock", os.O_RDWR | os.O_CREAT, 0o600)
        self.ahead_s = 0
        self.move(0)
        self.under = ["env", f"LD_PRELOAD={_library(lab)}", f"MOVED_CLOCK={lab.directory}/clock"]

    def move(self, ahead_s):
        """From now on the time is so many seconds ahead of the machine's."""
        os.pwrite(self._file, struct.pack("=q", ahead_s), 0)
        self.ahead_s = ahead_s

    def time(self):
        """What the program takes for the time."""
        return time.time() + self.ahead_s

    def close(self):
        os.close(self._file)


def _library(lab):
    return find_built(lab, "clock.so", "clock.c", ("-shared", "-fPIC"))
