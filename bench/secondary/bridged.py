# SPDX-License-Identifier: GPL-3.0-or-later
"""The whole bridge: two links, the second one secondary, and a competitor that comes and goes there.

The competitor runs between the two routers, over the second link alone. What the primary has by
itself is measured with the same bridge, whose second link is a backup then."""
import time
from contextlib import contextmanager

from testbed.dumbbell import Arrivals, Pair
from testbed.iperf import IperfRun, start_server
from testbed.lab import Lab
from testbed.link import Link
from testbed.mpbridge import Bridge
from testbed.topology import bridge

from ..cases import IPERF_FLAGS, detail
from ..report import figure, line
from .scene import RATE, RUNS, rows, some_phase, title, wait_until_time

ALONE_S, COMPETITOR_S, AFTER_S = 9, 15, 6
WARM_UP_S = 3
ROWS = ((0.2, 20), (10, 50), (50, 20), (50, 50))
_THEIR_PORT = 5301
_WINDOW_S = 0.25


def routers(net):
    """The two routers over link 2."""
    return Pair(net.client, net.server, "10.10.2.2")


@contextmanager
def running(net, role):
    keys = {"paths": [{"interface": "wan1"}, {"interface": "wan2", "role": role}]}
    with Bridge(net, client_keys=keys):
        time.sleep(1)  # the first greetings
        yield


def competitor(net, direction):
    return IperfRun(routers(net), COMPETITOR_S, port=_THEIR_PORT,
                    flags=("-C", "cubic", *IPERF_FLAGS[direction]))


def primary_bps(net, direction):
    """What the bridge carries without the second link."""
    with running(net, "backup"):
        run = IperfRun(net, ALONE_S, omit=WARM_UP_S, flags=IPERF_FLAGS[direction])
        return run.result().bps


def visit(rtt, queue, direction):
    """(kept, both links of their sum, goodput beside of the primary's alone, seconds until back)"""
    alone_s = ALONE_S + some_phase()
    with Lab() as lab:
        net = bridge(lab, [Link(RATE, f"{rtt}ms", queue=f"{queue}ms", emulated=True)
                           for _ in range(2)])
        start_server(net)
        start_server(routers(net), _THEIR_PORT)
        solo = competitor(net, direction).result().bps
        primary = primary_bps(net, direction)
        receiver = net.host_b if direction == "upload" else net.host_a
        with running(net, "secondary"), Arrivals(receiver) as seen:
            begin = time.monotonic()
            ours = IperfRun(net, alone_s + COMPETITOR_S + AFTER_S + 2, flags=IPERF_FLAGS[direction])
            wait_until_time(begin + alone_s)
            came = time.monotonic()
            theirs = competitor(net, direction).result().bps
            gone = time.monotonic()
            wait_until_time(gone + AFTER_S)
            ours.process.kill_group()
        link_bps = net.lab.links[0].rate_bps
        alone = seen.rate_bps(0, begin + WARM_UP_S, came)
        beside = seen.rate_bps(0, came + 1, came + COMPETITOR_S - 0.5)
        back_s = seen.first(0, gone, _WINDOW_S, lambda bps: bps > primary + 0.8 * link_bps * 0.95)
    detail(f"{direction}: solo {solo / 1e6:.1f}, kept {theirs / 1e6:.1f}; primary alone "
           f"{primary / 1e6:.1f}, both {alone / 1e6:.1f}, beside {beside / 1e6:.1f} Mbit/s; "
           f"back after {back_s:.2f} s")
    return theirs / solo, alone / (2 * link_bps), beside / primary, back_s


def main():
    for rtt, queue in rows(ROWS):
        for direction in IPERF_FLAGS:
            what = f"bridge, {direction}, {title(rtt, queue)}"
            line(what)
            visits = [visit(rtt, queue, direction) for _ in range(RUNS)]
            figure(f"{what}: kept", [one[0] for one in visits], 0.95)
            figure("  both links, of their rates", [one[1] for one in visits], 0.9)
            figure("  beside, of the primary alone", [one[2] for one in visits], 0.98)
            figure("  back", [one[3] for one in visits], 3, at_most=True, unit=" s")
