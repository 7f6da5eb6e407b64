# SPDX-License-Identifier: GPL-3.0-or-later
"""A stage for one test, and what can be seen of paths: subflows per connection, endpoints, logs."""
import json
import subprocess
from collections import Counter, defaultdict

from hosts import Ends, echoes
from testbed import Lab, LabError, wait_until
from testbed.mpbridge import PORT, Daemon, add_redirect, binary, config_text

LIMIT_S = 8
PATIENCE_S = 0.5
OUR_PROTOCOL = "109"


class Stage:
    """A laboratory for one test, and the daemons that it starts; their logs are printed at the end,
    and pytest shows them if the test failed."""

    def __init__(self):
        self.lab = Lab()
        self._daemons = []

    def __enter__(self):
        self.lab.__enter__()
        return self

    def __exit__(self, *_):
        for daemon in self._daemons:
            end(daemon)
            print(f"-- {daemon.node.name}: {daemon.role}\n{daemon.log}", end="")
        self.lab.close()

    def client(self, net, server=None, flags=(), name="client", under=(), **keys):
        """A client of these addresses (all of the network's), with the recipe's file; not started.
        It listens for both families."""
        keys = {"local_address": None, **keys}
        return self.add(net.client, "client", config_text(server or net.server_ips, keys), flags,
                        name, under)

    def server(self, net, server="0.0.0.0", flags=(), name="server", under=(), **keys):
        return self.add(net.server, "server", config_text(server, {"local_address": None, **keys}),
                        flags, name, under)

    def add(self, node, role, config, flags=(), name=None, under=()):
        daemon = Daemon(node, role, config, flags, name, under)
        self._daemons.append(daemon)
        return daemon

    def bridge(self, net, client=None, server=None, client_server=None, server_server="0.0.0.0"):
        """Client and server, ready, with the redirect rules: (client, server)."""
        add_redirect(net.client, ("iptables",))
        return self.pair(net, client, server, client_server, server_server)

    def pair(self, net, client=None, server=None, client_server=None, server_server="0.0.0.0"):
        """The same without the redirect rules."""
        there = self.server(net, server_server, **(server or {})).start()
        here = self.client(net, client_server, **(client or {})).start()
        there.wait_ready()
        here.wait_ready()
        return here, there


def end(daemon):
    """SIGTERM, and a second one for flows that are left: then no notes of its stay in /run."""
    for _ in range(2):
        if daemon.process and daemon.process.poll() is None:
            daemon.process.terminate()
            try:
                daemon.process.wait(PATIENCE_S)
            except subprocess.TimeoutExpired:
                pass


def eventually(look, expected, timeout_s=LIMIT_S):
    """Look until it is as expected; then, or at the end of the time, assert that it is."""
    try:
        wait_until(lambda: look() == expected, timeout_s, "")
    except LabError:
        assert look() == expected


def wait_for_line(daemon, text, count=1, timeout_s=LIMIT_S):
    """Until the daemon has said `text` in that many lines."""
    wait_until(lambda: len(lines_with(daemon, text)) >= count, timeout_s,
               f"{daemon.role} to say '{text}' {count} times; it said:\n{daemon.log}")


def lines_with(daemon, text):
    return [line for line in daemon.log.splitlines() if text in line]


def mptcp_subflows(node, port=PORT):
    """Those that begin or are open and belong to MPTCP: greetings are plain TCP."""
    return [subflow for subflow in node.subflows(port)
            if subflow.is_mptcp and subflow.state in ("SYN-SENT", "SYN-RECV", "ESTAB")]


def connections(node, port=PORT):
    """[[(local, peer, state), ...]]: each connection's subflows, all sorted."""
    found = defaultdict(list)
    for subflow in mptcp_subflows(node, port):
        ours = (subflow.token or "/").partition("/")[2].partition("(")[0]
        found[ours].append((subflow.local, subflow.peer, subflow.state))
    return sorted(sorted(subflows) for subflows in found.values())


def open_flows(ends, count=1):
    """[(host A's socket, host B's)]"""
    listener = ends.listen()
    return [ends.pair(listener) for _ in range(count)]


def expect_paths(net, pairs, count=3, timeout_s=LIMIT_S):
    """New connections use exactly these (local, peer) pairs, once each, and try no other."""
    eventually(lambda: mptcp_subflows(net.client), [])
    before = net.client.mptcp_counters(), net.server.mptcp_counters()
    with Ends(net, 4) as ends:
        flows = open_flows(ends, count)
        expected = sorted((local, peer, "ESTAB") for local, peer in pairs)
        eventually(lambda: connections(net.client), [expected] * count, timeout_s)
        assert all(echoes(near, far) for near, far in flows)
        assert connections(net.client) == [expected] * count
    joined = count * (len(pairs) - 1)
    client, server = (_grown(old, node.mptcp_counters())
                      for old, node in zip(before, (net.client, net.server)))
    assert client["MPTcpExtMPCapableSYNACKRX"] == count
    assert client["MPTcpExtMPJoinSynAckRx"] == joined
    assert server["MPTcpExtMPJoinAckRx"] == joined
    assert client.get("MPTcpExtMPJoinSynTx", joined) == joined  # counted from 6.13


def _grown(before, after):
    return {name: value - before[name] for name, value in after.items()}


def links4(*numbers):
    """The (local, peer) pairs of these links of topology.bridge()."""
    return [(f"10.10.{number}.1", f"10.10.{number}.2") for number in numbers]


def links6(*numbers):
    return [(f"fd00:10:{number}::1", f"fd00:10:{number}::2") for number in numbers]


def endpoints(node):
    """{address: set of its flags}"""
    rows = (line.split() for line in node.ip("mptcp", "endpoint").splitlines())
    return {row[0]: set(row[3:]) for row in rows}


def limits(node):
    """(add_addr_accepted, subflows)"""
    words = node.ip("mptcp", "limits").split()
    return int(words[1]), int(words[3])


def our_rules(node):
    """The lines of both families that carry our protocol."""
    return [line for family in ("-4", "-6")
            for line in node.ip(family, "rule").splitlines() if f"proto {OUR_PROTOCOL}" in line]


def our_routes(node):
    return [line for family in ("-4", "-6")
            for line in node.ip(family, "route", "show", "table", "all").splitlines()
            if f"proto {OUR_PROTOCOL}" in line]


def difference(before, after):
    """The lines that only one of two dumps has, with - or +."""
    old, new = Counter(before.splitlines()), Counter(after.splitlines())
    return sorted([f"-{line}" for line in (old - new).elements()] +
                  [f"+{line}" for line in (new - old).elements()])


def run_status(daemon, *words, check=True):
    """The CompletedProcess of `mpbridge status` beside that daemon."""
    return daemon.node.run([binary(), "status", *words], check=check)


def status_of(daemon, *words):
    """Its answer, as a dict. There is one daemon in each router."""
    return json.loads(run_status(daemon, "--json", *words).stdout)
