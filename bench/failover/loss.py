# SPDX-License-Identifier: GPL-3.0-or-later
"""Random loss on both links: goodput bridged over that of each link alone, summed.

What a link alone can do is measured with the same loss, by plain TCP from host to host with each
congestion control that the kernel offers, and the best of them counts. Without the loss the goal
would be about the loss and not about the bond; with the default congestion control, a router that
chooses a better one would be measured against a figure that it can beat with one link."""
from testbed.link import Link
from testbed.state import congestion_controls

from ..cases import detail
from ..report import figure, line
from .scene import DIRECTIONS, alone_bps, bridged_bps, repeat, routers

RUNS = 3
SECONDS = 10
SETTINGS = {"rate": "100mbit", "rtt": "10ms", "loss": "0.5%"}
GOAL = 0.9


def best_alone(net, number, direction):
    """(bit/s, name of the congestion control)"""
    return max((alone_bps(net, number, direction, SECONDS / 2, ("-C", control)), control)
               for control in congestion_controls(net.host_a))


def measure(direction):
    with routers([Link(**SETTINGS) for _ in range(2)]) as net:
        each = [best_alone(net, number, direction) for number in (1, 2)]
        both = bridged_bps(net, direction, SECONDS)
    detail(f"{direction}: " + " + ".join(f"{bps / 1e6:.1f} ({control})"
                                                 for bps, control in each)
           + f" alone, {both / 1e6:.1f} bridged")
    return both / sum(bps for bps, _ in each)


def main():
    for direction in DIRECTIONS:
        title = f"0.5 % loss on both, {direction}, of the best sum"
        line(title)
        figure(title, repeat(lambda _: measure(direction), RUNS, 0), GOAL)
