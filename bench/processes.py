# SPDX-License-Identifier: GPL-3.0-or-later
"""What the processes of a bridge use: CPU time and memory, from /proc."""
import os
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")


def family(pid):
    """A supervisor and its workers."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [pid, *(int(child) for child in children)]


def of_bridge(bridge):
    """The processes of both ends."""
    return family(bridge.client.process.pid) + family(bridge.server.process.pid)


def cpu_seconds(pids):
    """User and system time so far."""
    ticks = 0
    for pid in pids:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        ticks += int(fields[11]) + int(fields[12])
    return ticks / TICKS


def run_seconds(pids):
    """Time on a processor so far, to the nanosecond: of programs with one thread."""
    return sum(int(Path(f"/proc/{pid}/schedstat").read_text().split()[0]) for pid in pids) / 1e9


def private_bytes(pids):
    """Proportional set size: what the processes' own memory takes, shared pages divided."""
    kilobytes = 0
    for pid in pids:
        rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
        kilobytes += next(int(line.split()[1]) for line in rollup.splitlines()
                          if line.startswith("Pss:"))
    return kilobytes * 1024
