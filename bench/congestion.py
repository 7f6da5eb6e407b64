# SPDX-License-Identifier: GPL-3.0-or-later
"""Which congestion control for the paths? Goodput bridged over the sum of the links' rates, with each.

And what a bridge leaves to others: a plain flow of cubic, between the routers over link 2, beside it."""
import os
import subprocess

from testbed.iperf import PORT, IperfRun, iperf
from testbed.lab import Lab
from testbed.link import Link
from testbed.mpbridge import Bridge
from testbed.topology import bridge
from testbed.wait import wait_until

from .report import figure, line

RUNS = int(os.environ.get("RUNS", 3))
SECONDS = 10
OMIT = 2
NAMES = ("cubic", "bbr")
ROWS = (
    # name, the links
    ("100 + 100 Mbit/s, 10 ms", (("100mbit", "10ms"), ("100mbit", "10ms"))),
    ("the same, 0.1 % loss", (("100mbit", "10ms", "0.1%"), ("100mbit", "10ms", "0.1%"))),
    ("the same, 0.5 % loss", (("100mbit", "10ms", "0.5%"), ("100mbit", "10ms", "0.5%"))),
    ("the same, 1 % loss", (("100mbit", "10ms", "1%"), ("100mbit", "10ms", "1%"))),
)


def bridged(links, name, flags):
    with Lab() as lab:
        net = bridge(lab, [Link(*link) for link in links])
        keys = {"congestion": name}
        with Bridge(net, client_keys=keys, server_keys=keys):
            result = iperf(net, SECONDS, OMIT, flags=flags)
        share = result.bps / sum(link.rate_bps for link in lab.links)
    line(f"  {name}: {result.mbit:.1f} Mbit/s")
    return share


def beside_a_neighbour(name):
    """What a neighbour's flow on link 2 keeps of what it has alone."""
    with Lab() as lab:
        net = bridge(lab, [Link("100mbit", "10ms"), Link("100mbit", "10ms")])
        net.server.popen(["iperf3", "-s", "-p", PORT + 1], stdout=subprocess.DEVNULL)
        wait_until(lambda: net.server.run(["ss", "-tlnH", f"sport = :{PORT + 1}"]).stdout, 5,
                   "iperf3 -s to listen")
        alone = neighbour(net).result().bps
        keys = {"congestion": name}
        with Bridge(net, client_keys=keys, server_keys=keys):
            flow = neighbour(net)
            iperf(net, SECONDS, OMIT)
            kept = flow.result().bps
    line(f"  {name}: {kept / 1e6:.1f} of {alone / 1e6:.1f} Mbit/s")
    return kept / alone


def neighbour(net):
    """From router to router, so that the bridge does not carry it."""
    class Routers:
        host_a = net.client
        host_b_ip = "10.10.2.2"
    return IperfRun(Routers, SECONDS, OMIT, port=PORT + 1, flags=("-C", "cubic"))


def main():
    for title, links in ROWS:
        for name in NAMES:
            for direction, flags in (("up", ()), ("down", ("-R",))):
                line(f"{title}, {name}, {direction}")
                figure(f"{title}, {name}, {direction}",
                       [bridged(links, name, flags) for _ in range(RUNS)])
    for name in NAMES:
        title = f"a neighbour's cubic beside {name}, kept"
        line(title)
        figure(title, [beside_a_neighbour(name) for _ in range(RUNS)])
