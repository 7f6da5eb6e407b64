# SPDX-License-Identifier: GPL-3.0-or-later
"""The sum of the links: goodput bridged over goodput of each link alone, summed."""
from testbed.iperf import iperf
from testbed.lab import Lab
from testbed.link import Link
from testbed.mpbridge import Bridge
from testbed.topology import bridge

from .report import figure, line

RUNS = 3
SECONDS = 7
OMIT = 1
CASES = (
    # name, links, iperf3 flags, goal
    ("100 + 100 Mbit/s, one stream, up", ("100mbit", "100mbit"), (), 0.97),
    ("100 + 100 Mbit/s, one stream, down", ("100mbit", "100mbit"), ("-R",), 0.97),
    ("100 + 100 Mbit/s, four streams, up", ("100mbit", "100mbit"), ("-P", "4"), 0.97),
    ("100 + 100 Mbit/s, four streams, down", ("100mbit", "100mbit"), ("-P", "4", "-R"), 0.97),
    ("100 + 20 Mbit/s, one stream, up", ("100mbit", "20mbit"), (), 0.95),
    ("100 + 20 Mbit/s, one stream, down", ("100mbit", "20mbit"), ("-R",), 0.95),
)


def alone(net, number, flags):
    net.route_over(number)
    return iperf(net, SECONDS, OMIT, flags=flags).mbit


def bridged(net, flags):
    with Bridge(net):
        return iperf(net, SECONDS, OMIT, flags=flags).mbit


def measure(links, flags):
    """One run: each link alone, then both; the ratio."""
    with Lab() as lab:
        net = bridge(lab, [Link.parse(text) for text in links])
        each = [alone(net, number, flags) for number in range(1, len(links) + 1)]
        both = bridged(net, flags)
    line("  " + " + ".join(f"{mbit:.1f}" for mbit in each) + f" alone, {both:.1f} bridged")
    return both / sum(each)


def main():
    for name, links, flags, goal in CASES:
        line(name)
        figure(name, [measure(links, flags) for _ in range(RUNS)], goal)
