# SPDX-License-Identifier: GPL-3.0-or-later
"""Records what daemons answer, for the tests of LuCI's pages: python3 -m tests.packaging.luci.record

Each file in recorded/ is what `ubus call mpbridge status` gives: {"daemons": [...]}. To be run again, as
root and from the top of the tree, when the answer has other keys.
"""
import json
import time
from pathlib import Path

from testbed import Lab, Link, topology
from testbed.iperf import IperfRun, start_server
from testbed.mpbridge import Bridge, binary

FOLDER = Path(__file__).with_name("recorded")
BETWEEN_S = 3
LINKS = [("100mbit", "5ms"), ("60mbit", "10ms"), ("20mbit", "20ms")]
CLIENT = {"local_address": None, "intercept": {"interfaces": ["lan"]}}


def ask(node, *flags):
    """As mpbridge.uc does."""
    lines = node.run([binary(), "status", "--json", *flags], check=False).stdout.splitlines()
    return {"daemons": [json.loads(line) for line in lines]}


def write(name, answer):
    (FOLDER / f"{name}.json").write_text(json.dumps(answer, indent=1) + "\n")


def record_transfer(net, bridge):
    """Two answers of both ends while a host sends, with a link that went down meanwhile."""
    server = start_server(net)
    with bridge:
        transfer = IperfRun(net, 12, flags=("-P", "2"))
        time.sleep(BETWEEN_S)
        net.client.ip("link", "set", "wan3", "down")
        time.sleep(BETWEEN_S)
        for name in ("before", "now"):
            write(f"client-{name}", ask(net.client, "--flows"))
            write(f"server-{name}", ask(net.server, "--flows"))
            time.sleep(BETWEEN_S)
        transfer.result()
    server.kill_group()


def record_idle(net, name, *arguments, **options):
    """The answer of a client that has nothing to do."""
    with Bridge(net, *arguments, **options):
        time.sleep(BETWEEN_S)
        write(name, ask(net.client, "--flows"))


def main():
    FOLDER.mkdir(exist_ok=True)
    links = [Link(rate, rtt) for rate, rtt in LINKS]
    with Lab() as lab:
        net = topology.bridge(lab, links)
        write("none", ask(net.client, "--flows"))
        record_transfer(net, Bridge(net, 4, CLIENT, {"local_address": None}, redirect=False))
    with Lab() as lab:
        net = topology.bridge(lab, [Link(), Link()])
        record_idle(net, "client-ipv6", 6)
        net.client.sysctl({"net.mptcp.enabled": 0})
        record_idle(net, "client-without-mptcp", 4)


if __name__ == "__main__":
    main()
