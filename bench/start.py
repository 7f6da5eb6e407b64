# SPDX-License-Identifier: GPL-3.0-or-later
"""From exec to a client that accepts connections, with two paths. An absolute time, so it says as much
about the machine as about the program."""
import subprocess
import time

from testbed.lab import Lab
from testbed.link import Link
from testbed.mpbridge import binary, config_text
from testbed.topology import bridge

from .report import figure, line

RUNS = 20


def start_once(net, config):
    """Milliseconds until the line that says ready."""
    begin = time.monotonic()
    process = net.client.popen([binary(), "client", "-c", config], stderr=subprocess.PIPE, text=True)
    for text in process.stderr:
        if "ready" in text:
            break
    took = time.monotonic() - begin
    process.terminate()
    process.wait()
    return took * 1000


def main():
    title = "exec to ready, client with two paths"
    line(title)
    with Lab() as lab:
        net = bridge(lab, [Link(), Link()])
        config = net.client.write_file("client.json", config_text(net.server_ips))
        figure(title, [start_once(net, config) for _ in range(RUNS)], 200, at_most=True, unit=" ms")
