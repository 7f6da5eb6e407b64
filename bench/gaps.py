# SPDX-License-Identifier: GPL-3.0-or-later
"""Pauses of an RTO (200 ms) in a bulk transfer on unshaped links: how many, and do they come from us?

Plain TCP through the same routers, over one link and with no proxy at all, is measured in the same run."""
import time
from itertools import product

from testbed.iperf import IperfRun, start_server
from testbed.lab import Lab
from testbed.link import Link
from testbed.mpbridge import Bridge
from testbed.topology import bridge

from .report import figure, line

RUNS = 3
SECONDS = 6
PAUSE_S = 0.1
STEP_S = 0.01


def pauses(net, flags):
    """(pauses of PAUSE_S or longer at the receiving host, Gbit/s)."""
    host = net.host_a if "-R" in flags else net.host_b
    server = start_server(net)
    run = IperfRun(net, SECONDS, flags=flags)
    count, last_bytes, last_change, is_paused = 0, 0, None, False
    while run.is_running():
        received = host.device_bytes("eth0")[0]
        now = time.monotonic()
        if received - last_bytes > 100_000 or last_change is None:
            last_bytes, last_change, is_paused = received, now, False
        elif now - last_change >= PAUSE_S and not is_paused and received > 10_000_000:
            count, is_paused = count + 1, True
        time.sleep(STEP_S)
    result = run.result()
    server.kill_group()
    # the silence after the end is one that we counted, if the process lived on for so long
    return max(0, count - is_paused), result.bps / 1e9


def measure(links, flags):
    with Lab() as lab:
        net = bridge(lab, [Link() for _ in range(links)])
        plain, plain_gbit = pauses(net, flags)
        with Bridge(net):
            bridged, bridged_gbit = pauses(net, flags)
        counters = net.server.mptcp_counters()
    line(f"  plain TCP: {plain} at {plain_gbit:.1f} Gbit/s; bridged: {bridged} at "
         f"{bridged_gbit:.1f} Gbit/s; MPTCPRetrans {counters.get('MPTcpExtMPTCPRetrans')}")
    return plain, bridged


def main():
    for links, (name, flags) in product((1, 2), (("up", ()), ("down", ("-R",)))):
        title = f"pauses of {PAUSE_S:g} s or more in {SECONDS} s, {name}, links: {links}"
        line(title)
        both = [measure(links, flags) for _ in range(RUNS)]
        figure(title + ", plain TCP", [plain for plain, _ in both])
        figure(title + ", bridged", [bridged for _, bridged in both], 0, at_most=True)
