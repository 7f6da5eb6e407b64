# SPDX-License-Identifier: GPL-3.0-or-later
"""Without MPTCP, whoever lacks it, everything works over one path, and one line says why."""
import socket
import struct
import threading
import time

import pytest
from hosts import Ends, connect, exchange, listen
from observe import difference, eventually, lines_with, links4, mptcp_subflows, open_flows, status_of, wait_for_line
from testbed import Link, bridge, rented
from testbed.mpbridge import PORT, add_redirect

CONNECTIONS = 8
FAR_END_LACKS_IT = "the far router answers with plain TCP, so its connections use one path"
KERNEL_LACKS_IT = "this kernel has no MPTCP (net.mptcp.enabled is 0)"
RENTED_KEYS = {"allow": ["10.10.0.0/16"]}
STRIP = """
table inet middlebox {{
\tchain forward {{
\t\ttype filter hook forward priority filter; policy accept;
\t\t{match} tcp option mptcp exists counter {action};
\t}}
}}
"""


@pytest.fixture
def net(stage):
    return bridge(stage.lab, [Link(), Link()])


def switch_off(node):
    node.sysctl({"net.mptcp.enabled": 0})


def carry(net, count=CONNECTIONS):
    """Connections of which each carries bytes both ways; all are open at once. Returns the pairs
    of addresses between the routers that were in use then, greetings left out."""
    with Ends(net, 4) as ends:
        listener = ends.listen()
        flows = [ends.pair(listener) for _ in range(count)]
        eventually(lambda: len(open_subflows(net)) >= count, True)
        pairs = lasting_pairs(net)
        for number, (near, far) in enumerate(flows):
            exchange(near, far, 100_000, number)
    return pairs


def lasting_pairs(net):
    """Of those that are there at two times: a greeting is not."""
    looks = []
    for pause_s in (0.3, 0):
        looks.append({(subflow.local, subflow.local_port): (subflow.local, subflow.peer)
                      for subflow in open_subflows(net)})
        time.sleep(pause_s)
    return {pair for key, pair in looks[0].items() if key in looks[1]}


def open_subflows(net):
    return [subflow for subflow in net.client.subflows(PORT) if subflow.state == "ESTAB"]


def test_client_without(stage, net):
    switch_off(net.client)
    add_redirect(net.client, ("iptables",))
    before = net.client.dump()
    client, server = stage.pair(net)
    assert carry(net) == set(links4(1))
    assert mptcp_subflows(net.client) == []
    (line,) = lines_with(client, KERNEL_LACKS_IT)
    assert "one path" in line
    assert lines_with(client, FAR_END_LACKS_IT) == []
    assert (client.stop(), server.stop()) == (0, 0)
    assert difference(before, net.client.dump()) == []


def test_server_without(stage, net):
    switch_off(net.server)
    client, server = stage.bridge(net)
    carry(net)
    (line,) = lines_with(client, FAR_END_LACKS_IT)
    assert "net.mptcp.enabled" in line
    assert status_of(client)["flows_fell_back"] == CONNECTIONS
    assert len(lines_with(server, KERNEL_LACKS_IT)) == 1
    assert lines_with(client, KERNEL_LACKS_IT) == []


def test_both_without(stage, net):
    switch_off(net.client)
    switch_off(net.server)
    client, server = stage.bridge(net)
    carry(net)
    assert len(lines_with(client, KERNEL_LACKS_IT)) == 1
    assert len(lines_with(server, KERNEL_LACKS_IT)) == 1
    assert lines_with(client, FAR_END_LACKS_IT) == []


class PlainServer:
    """A server of method none that knows nothing of MPTCP: IPv4 address header, then bytes."""

    def __init__(self, node):
        self._node = node
        self._listener = listen(node, "0.0.0.0", PORT)
        self._listener.settimeout(None)
        threading.Thread(target=self._serve, daemon=True).start()

    def close(self):
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _serve(self):
        while True:
            try:
                accepted, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._carry, args=(accepted,), daemon=True).start()

    def _carry(self, near):
        try:
            header = near.recv(7, socket.MSG_WAITALL)
        except ConnectionResetError:
            return
        kind, ip, port = struct.unpack("!B4sH", header)
        if kind != 1:
            near.close()  # a greeting: a name that this server does not know
            return
        far = connect(self._node, socket.inet_ntoa(ip), port)
        threading.Thread(target=self._pump, args=(far, near), daemon=True).start()
        self._pump(near, far)

    @staticmethod
    def _pump(source, destination):
        source.settimeout(None)
        while data := source.recv(1 << 16):
            destination.sendall(data)
        destination.shutdown(socket.SHUT_WR)


def test_server_is_somebody_elses(stage, net):
    """A server in the shadowsocks manner that speaks plain TCP."""
    add_redirect(net.client, ("iptables",))
    server = PlainServer(net.server)
    try:
        client = stage.client(net).start().wait_ready()
        carry(net)
        assert mptcp_subflows(net.client) == []
        assert len(lines_with(client, FAR_END_LACKS_IT)) == 1
    finally:
        server.close()


def test_middlebox_strips_the_option(stage):
    """On every link."""
    net = rented(stage.lab, [Link(), Link()])
    net.far.run(["nft", "-f", "-"],
                input=STRIP.format(match="", action="reset tcp option mptcp"))
    client, _ = stage.bridge(net, server=RENTED_KEYS)
    assert len(carry(net)) == 1
    (line,) = lines_with(client, FAR_END_LACKS_IT)
    assert "something between strips the option" in line
    counters = net.client.mptcp_counters()
    assert counters["MPTcpExtMPCapableFallbackSYNACK"] >= CONNECTIONS
    with Ends(net, 4) as ends:
        open_flows(ends, 2)
        eventually(lambda: status_of(client)["flows_open"], 2)
        assert sum(path["tcp"] for path in status_of(client)["paths"]) >= 2
        assert [path["subflows"] for path in status_of(client)["paths"]] == [0, 0]


def test_middlebox_strips_the_option_on_the_second_link(stage):
    """Connections begin on the first link, and stay there."""
    net = rented(stage.lab, [Link(), Link()])
    net.far.run(["nft", "-f", "-"],
                input=STRIP.format(match='iifname "wan2"', action="reset tcp option mptcp"))
    client, _ = stage.bridge(net, server=RENTED_KEYS)
    assert ("10.10.1.1", "203.0.113.2") in carry(net)
    assert lines_with(client, FAR_END_LACKS_IT) == []


def test_middlebox_swallows_the_option(stage):
    """What asks for MPTCP never arrives by the first link, and plain TCP does. A connection is
    there once the first path has had its time."""
    net = rented(stage.lab, [Link(), Link()])
    net.far.run(["nft", "-f", "-"], input=STRIP.format(match='iifname "wan1"', action="drop"))
    client, _ = stage.bridge(net, server=RENTED_KEYS)
    wait_for_line(client, "8388 answers", 2)
    begin = time.monotonic()
    assert ("10.10.2.1", "203.0.113.2") in carry(net, 1)
    assert time.monotonic() - begin < 6


def test_mptcp_is_switched_off_while_we_run(stage, net):
    """New connections go on over one path."""
    client, _ = stage.bridge(net)
    carry(net, 1)
    switch_off(net.client)
    carry(net, 2)
    assert client.process.poll() is None


def test_an_mptcp_host_on_the_lan_falls_back(stage, net):
    """The bridge's listener is plain TCP, and a host that asks for MPTCP there gets TCP."""
    stage.bridge(net)
    with Ends(net, 4) as ends:
        near, far = ends.pair(protocol=262)
        exchange(near, far, 100_000)
    assert net.host_a.mptcp_counters()["MPTcpExtMPCapableFallbackSYNACK"] == 1
