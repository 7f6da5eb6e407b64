# SPDX-License-Identifier: GPL-3.0-or-later
"""User memory of an idle flow: both ends together, with 4,000 of them. No method lets one
hold a buffer: with a cipher it has two keys and two counters more at each end, and its salts."""
import subprocess
from pathlib import Path

from testbed.lab import Lab
from testbed.link import Link
from testbed.mpbridge import Bridge
from testbed.topology import bridge

from . import processes
from .ciphers import secret
from .report import figure, line

FLOWS = 4000
WARM_UP_FLOWS = 50
RUNS = 3
PORT = 7000
# goals, in bytes: a buffer would be more than a hundred times that
METHODS = {"none": 1024, "2022-blake3-aes-256-gcm": 1536}
PYTHON = "/usr/bin/python3"
IDLE, ECHO = (Path(__file__).with_name(name) for name in ("idle.py", "echo.py"))


def open_flows(net, count):
    """The process that holds them, once all have carried a byte each way."""
    holder = net.host_a.popen([PYTHON, IDLE, net.host_b_ip, PORT, count],
                              stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    if holder.stdout.readline() != "open\n":
        raise SystemExit(f"{count} connections could not be opened")
    return holder


def measure(method):
    """Bytes a flow."""
    keys = {"method": method, "password": secret(method)}
    with Lab() as lab:
        net = bridge(lab, [Link(), Link()])
        with Bridge(net, client_keys=keys, server_keys=keys) as both:
            serve = net.host_b.popen([PYTHON, ECHO, PORT], stdout=subprocess.PIPE,
                                      stderr=subprocess.DEVNULL)
            serve.stdout.readline()
            pids = processes.of_bridge(both)
            open_flows(net, WARM_UP_FLOWS)
            before = processes.private_bytes(pids)
            holder = open_flows(net, FLOWS)
            after = processes.private_bytes(pids)
            holder.kill_group()
    line(f"  {before / 1024:.0f} KiB before, {after / 1024:.0f} KiB with {FLOWS} flows more")
    return (after - before) / FLOWS


def main():
    for method, goal in METHODS.items():
        title = f"user memory of an idle flow, both ends, {method}"
        line(f"{title}, {FLOWS} flows")
        figure(title, [measure(method) for _ in range(RUNS)], goal, at_most=True, unit=" bytes")
