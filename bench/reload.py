# SPDX-License-Identifier: GPL-3.0-or-later
"""Reloads and upgrades under load: connections lost or broken, the time without interception after a flush, and
what TPROXY costs a new connection against REDIRECT."""
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path

from testbed.lab import Lab
from testbed.link import Link
from testbed.mpbridge import Bridge, binary, config_text
from testbed.topology import bridge
from testbed.wait import wait_until

from .report import figure, line

LOAD, ECHO = (Path(__file__).with_name(name) for name in ("load.py", "echo.py"))
PORT = 5600
FLOWS = 200
RELOADS = int(os.environ.get("RELOADS", 50))
UPGRADES = int(os.environ.get("UPGRADES", 5))
PAUSE_S = 0.4
RUNS = int(os.environ.get("RUNS", 3))
SHORT = 3000
LINKS = [{"rate": "300mbit"}, {"rate": "300mbit"}]


def intercept(mode="auto"):
    return {"local_address": None, "intercept": {"interfaces": ["lan"], "mode": mode}}


@contextmanager
def scene(mode="auto"):
    """(network, bridge), with the echo server in host B."""
    with Lab() as lab:
        net = bridge(lab, [Link(**link) for link in LINKS])
        server = net.host_b.popen([sys.executable, ECHO, PORT], stdout=subprocess.PIPE, text=True)
        server.stdout.readline()
        with Bridge(net, client_keys=intercept(mode), redirect=False) as both:
            yield net, both


@contextmanager
def load(net):
    """FLOWS flows; afterwards the dict that it yields has how many were done, and the failures."""
    counts = {}
    process = net.host_a.popen([sys.executable, LOAD, "run", net.host_b_ip, PORT, FLOWS],
                               stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    process.stdout.readline()
    yield counts
    process.stdin.close()
    counts.update(json.loads(process.stdout.read()))
    process.wait()


def has_table(net):
    return net.client.run(["nft", "list", "table", "inet", "mpbridge"],
                          check=False).returncode == 0


def flush(net, _both, _number):
    """Seconds until the table is back."""
    net.client.run(["nft", "flush", "ruleset"])
    begin = time.monotonic()
    wait_until(lambda: has_table(net), 5, "the table to come back")
    return time.monotonic() - begin


def reload_client(net, both, number):
    keys = {**intercept(), "timeout": 300 + number}
    net.client.write_file("client.json", config_text(net.server_ips, keys))
    _hang_up(both.client)


def reload_server(net, both, number):
    keys = {"timeout": 300 + number}
    net.server.write_file("server.json", config_text(net.server_ips, keys))
    _hang_up(both.server)


def _hang_up(daemon, word="reloaded:"):
    done = daemon.log.count(word)
    daemon.process.send_signal(signal.SIGHUP)
    wait_until(lambda: daemon.log.count(word) > done, 10, "the reload")


def upgrade(_net, both, number):
    """The client's program and the server's by turns: the file is replaced, as a package does it."""
    daemon = (both.client, both.server)[number % 2]
    draft = binary().with_suffix(".new")
    shutil.copy2(binary(), draft)
    os.replace(draft, binary())
    _hang_up(daemon, "upgraded to")


@contextmanager
def own_program():
    """The daemons run from a copy of the program, which may be replaced."""
    before = os.environ.get("MPBRIDGE")
    with tempfile.TemporaryDirectory() as directory:
        copy = shutil.copy2(binary(), directory)
        os.environ["MPBRIDGE"] = copy
        try:
            yield
        finally:
            os.environ.pop("MPBRIDGE")
            if before:
                os.environ["MPBRIDGE"] = before


def lost(act, count):
    """(connections lost or broken, what act() returned each time)"""
    with own_program(), scene() as (net, both), load(net) as counts:
        time.sleep(1)
        results = []
        for number in range(count):
            results.append(act(net, both, number))
            time.sleep(PAUSE_S)
    line(f"  {counts}")
    return sum(counts.values()) - counts["done"], results


def busy_seconds():
    """Processor time of the whole machine so far, idle and waiting left out."""
    fields = Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:]
    return (sum(map(int, fields[:8])) - int(fields[3]) - int(fields[4])) / os.sysconf("SC_CLK_TCK")


def cost(mode):
    """Microseconds of the machine for each of many short connections."""
    with scene(mode) as (net, _):
        argv = [sys.executable, LOAD, "short", net.host_b_ip, PORT, SHORT]
        net.host_a.run(argv)
        before = busy_seconds()
        net.host_a.run(argv)
        return (busy_seconds() - before) / SHORT * 1e6


def main():
    for name, act, times in (("firewall reloads", flush, RELOADS),
                             ("reloads of the client", reload_client, RELOADS),
                             ("reloads of the server", reload_server, RELOADS),
                             ("upgrades at each end", upgrade, 2 * UPGRADES)):
        title = f"{times // 2 if act is upgrade else times} {name}, {FLOWS} flows: lost or broken"
        line(title)
        count, results = lost(act, times)
        figure(title, [count], 0, at_most=True)
        if act is flush:
            figure("without interception after a flush", results, 1, at_most=True, unit=" s")
    title = "CPU for a new connection, TPROXY against REDIRECT"
    line(title)
    pairs = [(cost("tproxy"), cost("redirect")) for _ in range(RUNS)]
    for tproxy, redirect in pairs:
        line(f"  {tproxy:.0f} us, {redirect:.0f} us")
    figure(title, [tproxy / redirect for tproxy, redirect in pairs])
