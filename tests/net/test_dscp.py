# SPDX-License-Identifier: GPL-3.0-or-later
"""What is sent over a path with "dscp" bears it, and nothing else does; it comes back when somebody
takes it away, and is gone when it is to be."""
import os
import shutil
import socket
import struct

import pytest
from hosts import Ends, echoes, inside
from observe import eventually, links4, links6, lines_with, status_of, wait_for_line
from processes import is_gone, workers
from streams import Stream, wait_until_carries
from test_intercept import without_nft
from test_reload import command, reload
from test_upgrade import upgrade
from testbed import Link, bridge, wait_until
from testbed.mpbridge import PORT, binary, config_text

ETH_P_IP, ETH_P_IPV6, ETH_P_ALL = 0x0800, 0x86dd, 3
PACKET_OUTGOING = 4
TCP, RST = 6, 4
SO_RCVBUFFORCE = 33  # asm-generic/socket.h
BUFFER_BYTES, CARRIED_BYTES = 32 << 20, 1 << 17
PATIENCE_S = 0.3
RATE, RTT = "30mbit", "4ms"
LE, CS1 = 0x04, 0x20  # the octet: the two lower bits are ECN's
ECN, ECT = 0x03, 0x02  # RFC 3168: "may be marked instead of dropped"
TABLES = {"client": "table inet mpbridge_dscp", "server": "table inet mpbridge_server_dscp"}
FAMILIES = pytest.mark.parametrize("family", [4, 6])
ROLES = pytest.mark.parametrize("role", ["client", "server"])
INTERCEPT = {"intercept": {"interfaces": "lan"}}


@pytest.fixture
def net(stage):
    return bridge(stage.lab, [Link(RATE, RTT), Link(RATE, RTT)])


def paths(*marks):
    return {"paths": [{"interface": f"wan{number}", "dscp": mark}
                      for number, mark in enumerate(marks, start=1)]}


def octet_of(protocol, packet):
    """(traffic class, source port, destination port) of a TCP packet; None of another one. The kernel
    answers with the octet that it was sent, if it answers with a reset."""
    at = {ETH_P_IP: (packet[0] & 15) * 4, ETH_P_IPV6: 40}.get(protocol, 0)
    if at == 0 or packet[9 if protocol == ETH_P_IP else 6] != TCP or packet[at + 13] & RST:
        return None
    octet = packet[1] if protocol == ETH_P_IP else struct.unpack_from("!I", packet)[0] >> 20 & 255
    return octet, *struct.unpack_from("!HH", packet, at)


class Watch:
    """What comes in at a router of the bridge's own packets."""

    def __init__(self, node):
        self._socket = inside(node, lambda: socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM,
                                                          socket.htons(ETH_P_ALL)))
        self._socket.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, BUFFER_BYTES)
        self._socket.settimeout(PATIENCE_S)

    def marks(self):
        """{interface: {octet, ...}} of all that came until now, and until it is quiet."""
        found = {}
        try:
            for _ in range(100_000):
                packet, (interface, protocol, kind, *_) = self._socket.recvfrom(128)
                told = octet_of(protocol, packet)
                if kind != PACKET_OUTGOING and told and PORT in told[1:]:
                    found.setdefault(interface, set()).add(told[0])
        except TimeoutError:
            pass
        return found

    def close(self):
        self._socket.close()


def seen(net, family=4, on_family=4):
    """(what the client sends, what the server sends), while payload of one family goes over
    both links, whose addresses are of another."""
    at_server, at_client = Watch(net.server), Watch(net.client)
    with Ends(net, family) as ends:
        stream = Stream(*ends.pair())
        for local in (links4 if on_family == 4 else links6)(1, 2):
            wait_until_carries(net.client, local[0], CARRIED_BYTES, 20)
        stream.stop()
    try:
        return at_server.marks(), at_client.marks()
    finally:
        at_server.close()
        at_client.close()


def of_both_ends(stage, net, family):
    """seen(), of a client that marks its second link and a server that marks its first, with links of
    that family."""
    addresses = net.server_ips if family == 4 else net.server_ips6
    server = paths("cs1", "")
    for path, address in zip(server["paths"], addresses):
        path["address"] = address
    stage.bridge(net, paths("", "le"), server, addresses, "0.0.0.0" if family == 4 else "::")
    return seen(net, on_family=family)


def both(first, second):
    return {"wan1": {first}, "wan2": {second}}


def firewall(node):
    return node.run(["nft", "-s", "list", "ruleset"]).stdout


def has_table(daemon):
    return TABLES[daemon.role] in firewall(daemon.node)


@FAMILIES
def test_each_end_marks_what_it_sends(stage, net, family):
    """From the first packet of a handshake to the last one; and greetings."""
    assert of_both_ends(stage, net, family) == (both(0, LE), both(CS1, 0))


@FAMILIES
def test_ecn_keeps_its_bits(stage, net, family):
    """Payload has them where both ends want that, handshakes have not."""
    for node in (net.client, net.server):
        node.sysctl({"net.ipv4.tcp_ecn": 1})
    for found, expected in zip(of_both_ends(stage, net, family), (both(0, LE), both(CS1, 0))):
        assert {link: {octet & ~ECN for octet in octets} for link, octets in found.items()} == expected
        for link, (mark,) in expected.items():
            assert {mark, mark | ECT} <= found[link]


def test_nothing_without_it(stage, net):
    for daemon in stage.bridge(net, paths("", ""), paths("", "")):
        assert not has_table(daemon)
        assert status_of(daemon)["dscp"] is None
    assert seen(net) == (both(0, 0), both(0, 0))


def test_beside_an_interception(stage, net):
    """Each has its own table, and what flushes both has both put back."""
    daemons = stage.pair(net, {**paths("", "le"), **INTERCEPT}, paths("", "le"))
    for daemon in daemons:
        assert status_of(daemon)["dscp"] == {"complete": True, "restored": 0}
        daemon.node.run(["nft", "flush", "ruleset"])
        wait_for_line(daemon, f"dscp: {TABLES[daemon.role]} was changed by nft")
    wait_for_line(daemons[0], "interception: table inet mpbridge was changed by nft")
    for daemon in daemons:
        eventually(lambda node=daemon.node: status_of(daemon)["dscp"],
                   {"complete": True, "restored": 1})
        assert has_table(daemon)
    assert seen(net, 6) == (both(0, LE), both(0, LE))


CHANGES = {"table": ["delete", "table", "inet", "{}"],
           "chain": ["flush", "chain", "inet", "{}", "output"],
           "rule": ["add", "rule", "inet", "{}", "output", "accept"]}


@pytest.mark.parametrize("change", CHANGES)
@ROLES
def test_a_change_is_undone(stage, net, role, change):
    """And what somebody else has is left alone."""
    client, server = stage.bridge(net, paths("", "le"), paths("", "le"))
    daemon = client if role == "client" else server
    daemon.node.run(["nft", "add", "table", "inet", "mpbridge_dscp_of_others"])
    before = firewall(daemon.node)
    daemon.node.run(["nft", *(word.format(TABLES[role].split()[-1]) for word in CHANGES[change])])
    wait_for_line(daemon, "is put back")
    eventually(lambda: sorted(firewall(daemon.node).splitlines()), sorted(before.splitlines()))


def test_nothing_is_left(stage, net):
    client, server = stage.pair(net, paths("le", "le"), paths("le", "le"))
    for daemon in (client, server):
        assert has_table(daemon)
        assert daemon.stop() == 0
        assert firewall(daemon.node) == ""


def killed(daemon):
    pids = [daemon.process.pid, *workers(daemon)]
    daemon.process.kill()
    daemon.process.wait()
    wait_until(lambda: all(is_gone(pid) for pid in pids), 5, "its workers to be gone")


@pytest.mark.parametrize("mark", ["", "le", "cs1"])
@ROLES
def test_after_a_kill(stage, net, role, mark):
    """What is left serves until the next start, which replaces or removes it."""
    make = getattr(stage, role)
    first = make(net, **paths("", "le")).start().wait_ready()
    killed(first)
    assert has_table(first)
    again = make(net, name="again", **paths("", mark)).start().wait_ready()
    assert has_table(again) == (mark != "")
    assert again.stop() == 0
    assert firewall(again.node) == ""


@pytest.mark.parametrize("role, other", [("client", "server"), ("server", "client")])
@pytest.mark.parametrize("mark", ["", "le"])
def test_after_a_kill_the_other_role_sweeps(stage, net, role, other, mark):
    """The one that was killed may not be started there again."""
    first = getattr(stage, role)(net, **paths("", "le")).start().wait_ready()
    killed(first)
    beside = stage.add(first.node, other, config_text("10.10.1.1" if other == "client" else "0.0.0.0", {
        "local_address": None, **paths("", mark)}), name="beside").start().wait_ready()
    assert not has_table(first)
    assert has_table(beside) == (mark != "")
    assert beside.stop() == 0
    assert firewall(beside.node) == ""


def test_a_reload_changes_it(stage, net):
    """Of flows that run, too, and without other workers."""
    daemons = stage.pair(net, {**paths("", ""), **INTERCEPT}, paths("", ""))
    before = [set(workers(daemon)) for daemon in daemons]
    with Ends(net, 4) as ends:
        running = ends.pair()
        for first, second, octets in (("", "le", both(0, LE)), ("cs1", "le", both(CS1, LE)),
                                      ("", "", both(0, 0))):
            reload(daemons[0], **paths(first, second), **INTERCEPT)
            reload(daemons[1], **paths(first, second))
            assert seen(net) == (octets, octets)
            assert echoes(*running)
    assert not any(has_table(daemon) for daemon in daemons)
    assert all(set(workers(daemon)) <= old for daemon, old in zip(daemons, before))
    assert status_of(daemons[0])["dscp"] is None


def test_addresses_come_and_go(stage, net):
    """The rules name the link: they need no change when its address has one."""
    client, _ = stage.pair(net, {**paths("", "le"), **INTERCEPT})
    table = firewall(net.client)
    net.client.ip("address", "del", "10.10.2.1/24", "dev", "wan2")
    net.client.ip("address", "add", "10.10.2.7/24", "dev", "wan2")
    wait_for_line(client, "path wan2: 10.10.2.7 to 10.10.2.2")
    watch = Watch(net.server)
    with Ends(net, 4) as ends:
        stream = Stream(*ends.pair())
        wait_until_carries(net.client, "10.10.2.7", CARRIED_BYTES, 20)
        stream.stop()
    assert watch.marks() == both(0, LE)
    watch.close()
    assert firewall(net.client) == table


def test_one_of_each_role_in_a_namespace(stage, net):
    """Two would take one table from each other; a client beside a server has another one."""
    server = stage.server(net, **paths("le", "")).start().wait_ready()
    other = stage.add(net.server, "server", config_text("0.0.0.0", {
        "local_address": None, "server_port": PORT + 1, **paths("", "le")}), name="other").start()
    assert other.process.wait(10) == 1
    assert lines_with(other, 'another mpbridge in this network namespace has paths with "dscp" already')
    before = firewall(net.server)
    client = stage.add(net.server, "client", config_text("10.10.1.1", {
        "local_address": None, **paths("le", "")}), name="beside").start().wait_ready()
    assert has_table(client) and has_table(server)
    assert client.stop() == 0
    assert firewall(net.server) == before


def test_without_nft(stage, net):
    """It is said at the start, and a reload that cannot be done leaves all as it was."""
    failed = stage.client(net, under=without_nft(), **paths("", "le")).start()
    assert failed.process.wait(10) == 1
    assert lines_with(failed, 'the configuration\'s "dscp" needs nftables: there is no nft')
    client = stage.client(net, name="plain", under=without_nft(), **paths("", "")).start().wait_ready()
    client.node.write_file("plain.json", config_text(net.server_ips, {"local_address": None,
                                                                      **paths("", "le")}))
    assert command(client).returncode == 1
    wait_for_line(client, "not reloaded: everything stays as it was")
    beside = stage.client(net, name="beside", local_port=1081, **paths("", "le"))
    assert beside.start().wait_ready().stop() == 0


@ROLES
def test_an_upgrade_keeps_it(stage, net, tmp_path, monkeypatch, role):
    """There is no moment without the table, and the next program takes it down."""
    program = tmp_path / "mpbridge"
    shutil.copy(binary(), program)
    monkeypatch.setenv("MPBRIDGE", str(program))
    daemons = dict(zip(("client", "server"), stage.bridge(net, paths("", "le"), paths("", "le"))))
    daemon = daemons[role]
    table = firewall(daemon.node)
    newer = tmp_path / "newer"
    shutil.copy(program, newer)
    os.replace(newer, program)
    upgrade(daemon)
    assert firewall(daemon.node) == table
    assert seen(net) == (both(0, LE), both(0, LE))
    daemon.node.run(["nft", "delete", *TABLES[role].split()])
    wait_for_line(daemon, "is put back")
    eventually(lambda: has_table(daemon), True)
    assert daemon.stop() == 0
    assert not has_table(daemon)
