# SPDX-License-Identifier: GPL-3.0-or-later
"""Ciphers against Debian's ss-redir and ss-server, and against each other: CPU seconds per gigabyte
of both relays together, and goodput, over one unshaped link.

All that is compared runs in one round, one after the other, with the same load; a figure is the
ratio of two of them, so that what else the machine does hits both. Every other round runs in the
opposite order. Much depends on the library that ss-server has for a method: Debian's takes libsodium
for chacha20-ietf-poly1305 and, where the processor has AES, for aes-256-gcm, and mbed TLS for
aes-128-gcm.
"""
import base64
from contextlib import contextmanager
from dataclasses import dataclass
from typing import NamedTuple

from testbed.iperf import IperfRun, start_server
from testbed.lab import Lab
from testbed.libev import libev
from testbed.link import Link
from testbed.mpbridge import Bridge
from testbed.topology import bridge

from . import processes
from .report import figure, line

RUNS = 5
SECONDS = 2
CHACHA, AES_128, AES_256 = "chacha20-ietf-poly1305", "aes-128-gcm", "aes-256-gcm"
AES_256_2022 = "2022-blake3-aes-256-gcm"
KEY = base64.b64encode(bytes(32)).decode()
LOADS = (("1 flow up", ()), ("1 flow down", ("-R",)), ("4 flows up", ("-P", "4")))


def secret(method):
    """What stands as "password" in the files of both ends."""
    return "" if method == "none" else KEY


@dataclass(frozen=True)
class Relay:
    """Both ends of one make, with one method."""
    make: str
    method: str

    @contextmanager
    def running(self, net):
        """The numbers of its processes."""
        if self.make == "libev":
            with libev(net, self.method, KEY) as both:
                yield [child.pid for child in both]
            return
        keys = {"method": self.method, "password": secret(self.method)}
        with Bridge(net, client_keys=keys, server_keys=keys) as both:
            yield processes.of_bridge(both)


class Result(NamedTuple):
    cost: float  # CPU seconds per GB
    gbit: float


OURS = {method: Relay("ours", method)
        for method in ("none", "auth-only", AES_128, AES_256, CHACHA, AES_256_2022)}
LIBEV = {method: Relay("libev", method) for method in (AES_128, AES_256, CHACHA)}


def measure(net, relay, flags):
    """What it costs, the start of the programs left out."""
    server = start_server(net)
    try:
        with relay.running(net) as pids:
            before = processes.run_seconds(pids)
            result = IperfRun(net, SECONDS, flags=flags).result()
            spent = processes.run_seconds(pids) - before
    finally:
        server.kill_group()
    line(f"  {relay.make:<5} {relay.method:<24} {spent / (result.bytes / 1e9):7.3f} s/GB "
         f"{result.bps / 1e9:7.2f} Gbit/s")
    return Result(spent / (result.bytes / 1e9), result.bps / 1e9)


def rounds(flags):
    """[{Relay: Result}]"""
    relays = [*OURS.values(), *LIBEV.values()]
    with Lab() as lab:
        net = bridge(lab, [Link()])
        return [{relay: measure(net, relay, flags) for relay in relays[::-1 if i % 2 else 1]}
                for i in range(RUNS)]


def show_cost(title, results, relay, other, goal):
    figure(f"CPU per GB, {title}", [result[relay].cost / result[other].cost for result in results],
           goal, at_most=True)


def best(result, relays):
    return max(result[relay].gbit for relay in relays)


def show(name, results):
    for method, goal in ((CHACHA, 0.4), (AES_128, 0.15), (AES_256, 0.15)):
        show_cost(f"{method} / libev's, {name}", results, OURS[method], LIBEV[method], goal)
    show_cost(f"auth-only / none, {name}", results, OURS["auth-only"], OURS["none"], 1.03)
    show_cost(f"{AES_256} 2022 / 2017, {name}", results, OURS[AES_256_2022], OURS[AES_256], 1)
    ciphers = [OURS[method] for method in (*LIBEV, AES_256_2022)]
    figure(f"goodput, best cipher / libev's best, {name}",
           [best(result, ciphers) / best(result, LIBEV.values()) for result in results], 2)


def main():
    for name, flags in LOADS:
        line(f"ciphers, {name}")
        show(name, rounds(flags))
