# SPDX-License-Identifier: GPL-3.0-or-later
"""What the cases share: the link, its rows, and flows on it."""
import os
import random
import time
from contextlib import contextmanager

from testbed.dumbbell import Dumbbell, Scavenger
from testbed.iperf import PORT, IperfRun, start_server
from testbed.lab import Lab
from testbed.link import Link

RUNS = int(os.environ.get("RUNS", 1))
RATE = os.environ.get("RATE", "50mbit")
_ALL = tuple((rtt, queue) for rtt in (0.2, 10, 50) for queue in (20, 50, 200))
# some of each, where a row takes long or differs little
FEW = ((0.2, 50), (10, 50), (50, 20), (50, 200))
_PHASE_S = 2


def rows(default=_ALL):
    """(round trip, buffer) in ms."""
    chosen = os.environ.get("ROWS", "").split()
    return [tuple(map(float, row.split("/"))) for row in chosen] or list(default)


def title(rtt, queue):
    return f"{RATE}, {rtt:g} ms, buffer {queue:g} ms"


@contextmanager
def scene(rtt, queue, loss=None, stall=None):
    """A Dumbbell with servers, and the scavenger's name."""
    with Lab() as lab:
        net = Dumbbell(lab, Link(RATE, f"{rtt}ms", loss, f"{queue}ms", stall=stall, emulated=True))
        for number in (1, 2):
            start_server(net.pair(number))
        yield net, Scavenger(lab).name


def flow(net, number, name, seconds, count=1, flags=()):
    """Flows from sender `number` with that congestion control."""
    return IperfRun(net.pair(number), seconds, port=PORT,
                    flags=("-C", name, "-P", str(count), *flags))


def some_phase():
    """Seconds: it makes a difference where in our rhythm, of slowdowns above all, others begin."""
    return random.uniform(0, _PHASE_S)


def wait_until_time(moment):
    """Until a moment of time.monotonic() that the schedule of a run names."""
    time.sleep(max(0, moment - time.monotonic()))
