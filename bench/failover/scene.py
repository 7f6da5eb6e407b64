# SPDX-License-Identifier: GPL-3.0-or-later
"""What the cases share: an outage, a bonded flow to watch, and repeated runs."""
import math
import os
import random
import time
from contextlib import contextmanager
from dataclasses import dataclass

from testbed.iperf import iperf
from testbed.lab import Lab, LabError
from testbed.link import Link
from testbed.mpbridge import PORT, Bridge
from testbed.stall import Flow
from testbed.topology import bridge
from testbed.wait import wait_until

from ..cases import IPERF_FLAGS
from ..report import line

DIRECTIONS = ("upload", "download")
OMIT_S = 2
_JOIN_LIMIT_S = 15
_SPEED_LIMIT_S = 20
_SPEED_STEP_S = 0.25
_SPEED_SHARE = 0.3
_WARM_UP_S = (1.0, 3.0)


@dataclass(frozen=True)
class Outage:
    """kind: "carrier" or "blackhole". link: 1, 2. way: "ab", "ba" or "both", of a blackhole."""
    kind: str
    link: int
    way: str = "both"

    def begin(self, lab):
        """The moment just before it began."""
        moment = time.monotonic()
        if self.kind == "carrier":
            lab.link(self.link).down()
        else:
            lab.link(self.link).blackhole(True, self.way)
        return moment

    def end(self, lab):
        """The moment at which it is over."""
        if self.kind == "carrier":
            lab.link(self.link).up()
        else:
            lab.link(self.link).blackhole(False, self.way)
        return time.monotonic()


def turn(number):
    """(link, direction) of a run: all four within four runs, both of each within two."""
    return 1 + number % 2, DIRECTIONS[(number + number // 2) % 2]


def repeat(measure, default, missed=math.inf):
    """[measure(0), measure(1), ...] for RUNS runs, or the default number. A run that fails is
    told, and counts as `missed`."""
    values = []
    for number in range(int(os.environ.get("RUNS", default))):
        try:
            values.append(measure(number))
        except LabError as error:
            line(f"  run {number + 1} failed: {error}")
            values.append(missed)
    return values


@contextmanager
def routers(links):
    """The Network of two routers with these links."""
    with Lab() as lab:
        yield bridge(lab, links)


@contextmanager
def bonded(links, **keys):
    """The Network with client and server running in it, and both paths in use."""
    with routers(links) as net:
        with Bridge(net, **keys) as both:
            wait_for_paths(net)
            yield net, both


def joined(net):
    """Subflows of MPTCP that are open on the client."""
    return [subflow for subflow in net.client.subflows(PORT)
            if subflow.is_mptcp and subflow.state == "ESTAB"]


def wait_for_paths(net):
    """Until a new connection gets both paths; whatever the daemons say about them."""
    flow = Flow(net, "download", port=5399)
    try:
        wait_until(lambda: len(joined(net)) >= 2, _JOIN_LIMIT_S, "a connection to use both links")
    finally:
        flow.kill()
    wait_until(lambda: not joined(net), _JOIN_LIMIT_S, "the first connection to end")


@contextmanager
def watched_flow(net, direction):
    """A Flow that has been running over both links for a moment that is never the same."""
    flow = Flow(net, direction)
    try:
        wait_until(lambda: _uses_both(net, direction), _SPEED_LIMIT_S, "both links to be used")
        time.sleep(random.uniform(*_WARM_UP_S))
        yield flow
    finally:
        flow.kill()


def _uses_both(net, direction):
    """Whether each link carries a good part of what it can, in this direction."""
    index = DIRECTIONS.index(direction)
    before = [link.counters()[index] for link in net.lab.links]
    time.sleep(_SPEED_STEP_S)
    moved = [link.counters()[index] - old for link, old in zip(net.lab.links, before)]
    return all(8 * count / _SPEED_STEP_S >= _SPEED_SHARE * link.rate_bps
               for count, link in zip(moved, net.lab.links))


def wait_until_flowing(flow, begin_s, least_s, most_s, quiet_s=0.3):
    """From begin on at least least_s, and until bytes arrive at the host again, or most_s."""
    time.sleep(max(0, begin_s + least_s - time.monotonic()))
    while time.monotonic() < begin_s + most_s:
        before = flow.receiving_host.device_bytes("eth0")[0]
        time.sleep(quiet_s)
        if flow.receiving_host.device_bytes("eth0")[0] - before > 100_000:
            return


def alone_bps(net, number, direction, seconds, flags=()):
    """Goodput of plain TCP over one link, without the program: to be called while none runs. For as
    long as bridged_bps() and with the same start left out: bbr rests for 0.2 s in every 10 s."""
    net.route_over(number)
    return iperf(net, seconds, OMIT_S, flags=(*IPERF_FLAGS[direction], *flags)).bps


def bridged_bps(net, direction, seconds):
    """Goodput over the program, the start of the flow left out. Both paths are in use before,
    unless the program keeps flows away from one of them."""
    with Bridge(net):
        try:
            wait_for_paths(net)
        except LabError as error:
            detail(f"goes on all the same: {error}")
        return iperf(net, seconds, OMIT_S, flags=IPERF_FLAGS[direction]).bps


def fast_links(rtt="5ms", count=2):
    """Links of 100 Mbit/s, emulated, so that both ends lose the carrier when one does."""
    return [Link("100mbit", rtt, emulated=True) for _ in range(count)]
