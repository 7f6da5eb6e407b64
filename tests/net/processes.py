# SPDX-License-Identifier: GPL-3.0-or-later
"""What /proc says about the processes of a testbed.mpbridge.Daemon."""
import os
from pathlib import Path


def workers(daemon):
    """The pids of its workers."""
    pid = daemon.process.pid
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def status(pid):
    """/proc/PID/status as a dict of texts."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return {name: value.strip() for name, _, value in (line.partition(":") for line in lines)}


def descriptors(pid, kind):
    """How many of its open files are of that kind: "socket:", "pipe:"."""
    count = 0
    for path in Path(f"/proc/{pid}/fd").iterdir():
        try:
            count += os.readlink(path).startswith(kind)
        except FileNotFoundError:
            pass
    return count


def memory_bytes(pid):
    """User memory that is its own part: Pss."""
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) * 1024
    raise ValueError(f"process {pid} has no Pss")


def is_gone(pid):
    """Ended, collected or not."""
    try:
        return status(pid)["State"].startswith("Z")
    except FileNotFoundError:
        return True
