# SPDX-License-Identifier: GPL-3.0-or-later
"""splice() against copying: CPU seconds per gigabyte of both relays together, on unshaped links."""
from testbed.iperf import iperf
from testbed.lab import Lab
from testbed.link import Link
from testbed.mpbridge import Bridge
from testbed.topology import bridge

from . import processes
from .report import figure, line

RUNS = 5
SECONDS = 5


def cost(net, mode, flags):
    """CPU seconds per GB, and Gbit/s."""
    keys = {"forward": mode}
    with Bridge(net, client_keys=keys, server_keys=keys) as both:
        pids = processes.of_bridge(both)
        before = processes.cpu_seconds(pids)
        result = iperf(net, SECONDS, flags=flags)
        spent = processes.cpu_seconds(pids) - before
    return spent / (result.bytes / 1e9), result.bps / 1e9


def compare(links, flags):
    """One pair of runs: the ratio of splice to copy."""
    with Lab() as lab:
        net = bridge(lab, [Link() for _ in range(links)])
        splice, splice_gbit = cost(net, "auto", flags)
        copy, copy_gbit = cost(net, "copy", flags)
    line(f"  splice {splice:.3f} s/GB at {splice_gbit:.1f} Gbit/s, "
         f"copy {copy:.3f} s/GB at {copy_gbit:.1f} Gbit/s")
    return splice / copy


def main():
    for links in (1, 2):
        for name, flags in (("up", ()), ("down", ("-R",))):
            title = f"CPU per GB, splice / copy, {links} path{'s'[:links - 1]}, {name}"
            line(title)
            figure(title, [compare(links, flags) for _ in range(RUNS)], 0.65, at_most=True)
