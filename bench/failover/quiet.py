# SPDX-License-Identifier: GPL-3.0-or-later
"""Nothing is wrong: is a path declared down all the same, and what does it cost to look?"""
import os
import re
import time

from testbed.link import Link
from testbed.stall import Flow

from .. import processes
from ..cases import detail
from ..report import figure, line
from .scene import bonded, fast_links, repeat

IDLE_S = 60
IDLE_GOAL_PERCENT = 0.2
ALARM_RUNS = 1
ALARM_S = 300
BLOATED = {"rate": "20mbit", "rtt": "10ms", "queue": "300ms"}
# what a daemon says of a path that it gives up; "suspect" alone is not that
DOWN = re.compile(r"path .*(does not answer|not used|unreachable|\bdown\b|\bdead\b|\bguarded\b)")


def drop_icmp(net):
    for node in (net.client, net.server):
        for chain in ("INPUT", "OUTPUT", "FORWARD"):
            node.run(["iptables", "-A", chain, "-p", "icmp", "-j", "DROP"])


def count_alarms(_number):
    """Lines of both daemons, after both paths were in use and while all queues are full."""
    with bonded([Link(**BLOATED) for _ in range(2)]) as (net, both):
        drop_icmp(net)
        before = [len(daemon.log.splitlines()) for daemon in (both.client, both.server)]
        flows = [Flow(net, "upload"), Flow(net, "download", port=5401)]
        time.sleep(int(os.environ.get("SECONDS", ALARM_S)))
        said = [text for daemon, old in zip((both.client, both.server), before)
                for text in daemon.log.splitlines()[old:]]
        traces = [flow.finish() for flow in flows]
    for text in said:
        line("  " + text)
    last_s = traces[0].arrivals[-1][0] / 1e3
    detail(" and ".join(f"{trace.rate_bps(last_s - 10, last_s) / 1e6:.1f}" for trace in traces)
           + f" Mbit/s up and down at the end; {[trace.fate or 'alive' for trace in traces]}")
    return sum(bool(DOWN.search(text)) for text in said)


def false_alarms():
    seconds = int(os.environ.get("SECONDS", ALARM_S))
    title = f"false alarms in {seconds} s: full queues of 300 ms, no ICMP"
    line(title)
    alarms = repeat(count_alarms, ALARM_RUNS)
    figure(title, [max(alarms)], 0, at_most=True)


def idle_percent(_number):
    """Of a core: (client, server), each with its workers."""
    with bonded(fast_links()) as (_, both):
        time.sleep(5)
        families = [processes.family(daemon.process.pid) for daemon in (both.client, both.server)]
        before = [processes.run_seconds(pids) for pids in families]
        begin_s = time.monotonic()
        time.sleep(IDLE_S)
        took_s = time.monotonic() - begin_s
        spent = [processes.run_seconds(pids) - old for pids, old in zip(families, before)]
    return [100 * seconds / took_s for seconds in spent]


def idle():
    line(f"CPU of idle daemons, {IDLE_S} s")
    runs = repeat(idle_percent, 2, missed=(float("inf"), float("inf")))
    for index, role in enumerate(("client", "server")):
        figure(f"CPU of an idle {role}, two paths", [run[index] for run in runs],
               IDLE_GOAL_PERCENT, at_most=True, unit=" %")
