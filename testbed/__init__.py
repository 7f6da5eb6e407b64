# SPDX-License-Identifier: GPL-3.0-or-later
"""The laboratory: routers, hosts and links in network namespaces. Python's own library, root.

    with Lab() as lab:
        net = bridge(lab, [Link("100mbit", "5ms"), Link("60mbit", "10ms")])
        with Bridge(net):
            print(iperf(net, seconds=5).mbit)
            lab.link(1).blackhole()

demo, bench/ and tests/net/ are built on it.
"""
from .iperf import iperf
from .lab import Lab, LabError, Node, sweep
from .link import Link
from .mpbridge import Bridge
from .topology import bridge, rented, rented_routers, routers
from .wait import wait_until

__all__ = ["Bridge", "Lab", "LabError", "Link", "Node", "bridge", "iperf", "rented", "rented_routers",
           "routers", "sweep", "wait_until"]
