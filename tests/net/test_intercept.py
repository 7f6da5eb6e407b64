# SPDX-License-Identifier: GPL-3.0-or-later
"""Interception by rules of our own: they take what they should and nothing else, come back when
somebody removes them, let nothing around the bridge meanwhile, and are gone in the end."""
import select
import socket
import time
from pathlib import Path

import pytest
from hosts import (Background, Ends, connect, echoes, expect_reset, listen, payload, port_of,
                   receive, receive_until_reset)
from observe import eventually, lines_with, status_of, wait_for_line
from prober import Prober
from testbed import Link, bridge

BRIDGED = {4: "192.168.2.1", 6: "fd00:2::1"}
DIRECT = {4: "192.168.1.2", 6: "fd00:1::2"}
TABLE = "table inet mpbridge"
RESTORED_S = 1
OPENWRT_RULE = (Path(__file__).parent.parent.parent
                / "packaging" / "openwrt" / "mpbridge" / "files" / "mpbridge.nft")
EXAMPLES = sorted((Path(__file__).parent.parent / "unit" / "firewall").glob("*.nft"))

MODES = pytest.mark.parametrize("mode", ["tproxy", "redirect"])
FAMILIES = pytest.mark.parametrize("family", [4, 6])


@pytest.fixture
def net(stage):
    return bridge(stage.lab, [Link(), Link()])


def intercept(mode="auto", **keys):
    """The client's keys."""
    return {"intercept": {"interfaces": ["lan"], "mode": mode, **keys}}


def start(stage, net, mode="auto", others=None, **keys):
    """(client, server), taking over what comes in from host A."""
    return stage.pair(net, {**intercept(mode, **keys), **(others or {})})


def source_of(ends, listener=None):
    """Whom host B sees when host A connects to it, and bytes have gone both ways."""
    near, far = ends.pair(listener)
    assert near.getpeername()[0] == ends.b_ip
    assert echoes(near, far)
    return far.getpeername()[0]


def seen(net, family=4):
    with Ends(net, family) as ends:
        return source_of(ends)


def firewall(node):
    return node.run(["nft", "-s", "list", "ruleset"]).stdout


def routing(node):
    """Rules, and routes of all tables."""
    words = [("-4", "rule"), ("-6", "rule"), ("-4", "route", "show", "table", "all"),
             ("-6", "route", "show", "table", "all")]
    return [sorted(node.run(["ip", *line]).stdout.splitlines()) for line in words]


def is_there(node):
    return TABLE in firewall(node)


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_nft_takes_the_examples(net, example):
    """And none of them is nothing."""
    net.client.run(["nft", "-f", example])
    assert "chain" in firewall(net.client)


def set_zone(node, rules=""):
    """A firewall as OpenWrt's, whose zone "lan" rejects what is for the router itself."""
    node.run(["nft", "-f", "-"], input=f"""
        table inet fw4
        delete table inet fw4
        table inet fw4 {{
            chain input {{
                type filter hook input priority filter; policy accept;
                ct state established,related accept
                {rules}
                iifname "lan" meta l4proto tcp reject with tcp reset
            }}
        }}
        """)


@FAMILIES
def test_zone_that_rejects(stage, net, family):
    """The package for OpenWrt has a rule for it; with that only what was intercepted comes in."""
    start(stage, net, "tproxy")
    set_zone(net.client)
    with pytest.raises(OSError):
        seen(net, family)
    set_zone(net.client, f'include "{OPENWRT_RULE}"')
    assert seen(net, family) == BRIDGED[family]
    own = {4: "192.168.1.1", 6: "fd00:1::1"}[family]
    with listen(net.client, own, 8080), pytest.raises(OSError):
        connect(net.host_a, own, 8080)


@MODES
@FAMILIES
def test_hosts_are_bridged(stage, net, mode, family):
    client, _ = start(stage, net, mode)
    assert seen(net, family) == BRIDGED[family]
    assert lines_with(client, f"taken over by {mode.upper()}")


@pytest.mark.parametrize("down", ["refuse", "direct"])
@MODES
@FAMILIES
def test_connections_to_the_hosts(stage, net, mode, family, down):
    """That others make to a host behind an intercepted interface: its answers go their way."""
    start(stage, net, mode, {"on_peer_down": down})
    with Ends(net, family) as ends:
        listener = ends.keep(listen(net.host_a, DIRECT[family]))
        near = ends.keep(connect(net.host_b, DIRECT[family], port_of(listener)))
        far = ends.accept(listener)
        assert far.getpeername()[0] == ends.b_ip
        assert echoes(near, far)
        net.client.run(["nft", "flush", "ruleset"])
        eventually(lambda: is_there(net.client), True)
        assert echoes(near, far)
    assert seen(net, family) == BRIDGED[family]


@MODES
@FAMILIES
def test_what_is_not_taken(stage, net, mode, family):
    """The router itself, what is excluded, other ports, what is not included: all at once."""
    net6 = "fd00:2::/64" if family == 6 else "192.168.2.0/24"
    start(stage, net, mode, exclude=[net6])
    assert seen(net, family) == DIRECT[family]
    with Ends(net, family) as ends:
        own = {4: "192.168.1.1", 6: "fd00:1::1"}[family]
        listener = ends.keep(listen(net.client, own))
        ends.keep(connect(net.host_a, own, port_of(listener)))
        assert ends.accept(listener).getpeername()[0] == DIRECT[family]
        far = {4: "10.10.1.2", 6: "fd00:10:1::2"}[family]
        if family == 4:  # the server's addresses are of this family
            listener = ends.keep(listen(net.server, far))
            ends.keep(connect(net.host_a, far, port_of(listener)))
            assert ends.accept(listener).getpeername()[0] == DIRECT[family]


@MODES
@FAMILIES
def test_only_some_ports(stage, net, mode, family):
    start(stage, net, mode, ports=[7000, "7010-7019"])
    with Ends(net, family) as ends:
        for port, source in ((7000, BRIDGED), (7001, DIRECT), (7009, DIRECT), (7010, BRIDGED),
                             (7019, BRIDGED), (7020, DIRECT)):
            assert source_of(ends, ends.listen(port)) == source[family], port


@MODES
@FAMILIES
def test_only_some_networks(stage, net, mode, family):
    """Of the other family nothing is included."""
    start(stage, net, mode, include=["192.168.2.0/24"])
    assert seen(net, family) == (BRIDGED if family == 4 else DIRECT)[family]


@MODES
@FAMILIES
def test_the_routers_own_connections(stage, net, mode, family):
    """Those that run, what others begin, and what is near are left alone."""
    with Ends(net, family) as ends:
        listener = ends.listen()
        before = ends.keep(connect(net.client, ends.b_ip, port_of(listener)))
        far_before = ends.accept(listener)
        start(stage, net, mode, interfaces=["lan"], local_output=True)
        ends.keep(connect(net.client, ends.b_ip, port_of(listener)))
        assert ends.accept(listener).getpeername()[0] == BRIDGED[family]
        assert source_of(ends, listener) == BRIDGED[family]
        own = {4: "192.168.1.1", 6: "fd00:1::1"}[family]
        here = ends.keep(listen(net.client, own))
        near = ends.keep(connect(net.host_a, own, port_of(here)))
        assert echoes(near, ends.accept(here))
        nearby = ends.keep(listen(net.host_a, DIRECT[family]))
        near = ends.keep(connect(net.client, DIRECT[family], port_of(nearby)))
        assert ends.accept(nearby).getpeername()[0] == own
        assert echoes(before, far_before)


def test_marks_that_are_inherited_do_no_harm(stage, net):
    net.client.sysctl({"net.ipv4.tcp_fwmark_accept": 1})
    start(stage, net, "tproxy")
    assert seen(net) == BRIDGED[4]


def test_other_peoples_rules_are_untouched(stage, net):
    net.client.run(["nft", "-f", "-"], input="""
        table ip nat {
            chain PREROUTING {
                type nat hook prerouting priority dstnat
                tcp dport 9 redirect to :10
            }
        }
        table inet fw4 {
            chain input { type filter hook input priority 0; policy accept; counter; }
        }
        """)
    net.client.ip("rule", "add", "pref", "600", "fwmark", "0x3f00/0x3f00", "lookup", "100")
    net.client.ip("route", "add", "blackhole", "203.0.113.0/24", "table", "100")
    rules, routes = firewall(net.client), routing(net.client)
    client, server = start(stage, net)
    assert rules in firewall(net.client)
    assert seen(net) == BRIDGED[4]
    assert client.stop() == 0 and server.stop() == 0
    assert firewall(net.client) == rules
    eventually(lambda: routing(net.client), routes)


REMOVALS = {
    "ruleset": ["nft", "flush", "ruleset"],
    "table": ["nft", "delete", "table", "inet", "mpbridge"],
    "rules": ["nft", "flush", "table", "inet", "mpbridge"],
    "set": ["nft", "flush", "set", "inet", "mpbridge", "interfaces"],
}


@MODES
@pytest.mark.parametrize("what", REMOVALS)
def test_it_comes_back(stage, net, mode, what):
    client, _ = start(stage, net, mode)
    with Ends(net, 4) as ends:
        near, far = ends.pair()
        assert echoes(near, far)
        before = firewall(net.client)
        net.client.run(REMOVALS[what])
        begin_s = time.monotonic()
        while firewall(net.client).count("\n") != before.count("\n"):
            assert time.monotonic() < begin_s + RESTORED_S
        assert echoes(near, far)
        assert source_of(ends) == BRIDGED[4]
    wait_for_line(client, "was changed by nft")
    assert status_of(client)["interception"] == {"mode": mode, "complete": True, "restored": 1}


@MODES
def test_rules_and_routes_come_back(stage, net, mode):
    start(stage, net, mode)
    before = routing(net.client)
    for family in ("-4", "-6"):
        for priority in ("510", "511"):
            while net.client.run(["ip", family, "rule", "del", "pref", priority],
                                 check=False).returncode == 0:
                pass
        net.client.run(["ip", family, "route", "flush", "table", "52257"], check=False)
    eventually(lambda: routing(net.client), before)
    assert seen(net) == BRIDGED[4]


# Where nothing is left that uses NAT the kernel forgets it, and REDIRECT loses connections; not with
# a router's usual file, which flushes and fills in one transaction.
RELOADS = {"tproxy": "flush ruleset", "redirect": """
    flush ruleset
    table inet own {
        chain leave {
            type nat hook postrouting priority srcnat
            ct state established accept
        }
    }
    """}


@MODES
@FAMILIES
def test_nothing_goes_around_while_the_firewall_is_reloaded(stage, net, mode, family):
    net.client.run(["nft", "-f", "-"], input=RELOADS[mode])
    start(stage, net, mode)
    prober = Prober(net, family)
    with Ends(net, family) as ends:
        near, far = ends.pair()
        assert echoes(near, far)
        for _ in range(10):
            net.client.run(["nft", "-f", "-"], input=RELOADS[mode])
            eventually(lambda: is_there(net.client), True)
            assert echoes(near, far)
        assert prober.stop() == []
    assert prober.sources == {BRIDGED[family]}
    assert len(prober.begun) > 20


def kill(daemon):
    daemon.process.kill_group()
    daemon.process.wait()


def goes_nowhere(ends, listener):
    """A connection of host A of which host B sees nothing, whatever host A sees of it."""
    attempt = Background(lambda: ends.connect(port_of(listener)))
    assert select.select([listener], [], [], 0.7)[0] == []
    return attempt


@MODES
@FAMILIES
def test_nothing_goes_around_a_killed_one(stage, net, mode, family):
    """The next start takes over, whatever was there, and the connection that waited is bridged."""
    client, _ = start(stage, net, mode)
    with Ends(net, family) as ends:
        listener = ends.listen()
        kill(client)
        goes_nowhere(ends, listener)
        net.client.run(["nft", "flush", "ruleset"])
        attempt = goes_nowhere(ends, listener)
        stage.client(net, name="again", **intercept(mode)).start().wait_ready()
        ends.keep(attempt.result())
        assert ends.accept(listener).getpeername()[0] == BRIDGED[family]


def test_a_start_that_fails_opens_no_way(stage, net):
    """What a killed one left stays until somebody takes over, or stops in order."""
    client, _ = start(stage, net)
    kill(client)
    before = routing(net.client)
    failed = stage.client(net, name="again", **intercept(interfaces=["lan", "lan"])).start()
    assert failed.process.wait(10) == 2
    failed = stage.client(net, name="hidden", under=without_nft(), **intercept()).start()
    assert failed.process.wait(10) == 1
    assert [line for line in before[0] if "52257" in line] == [
        line for line in routing(net.client)[0] if "52257" in line] != []
    with Ends(net, 4) as ends:
        goes_nowhere(ends, ends.listen())


def without_nft():
    """A command under which there is no nft."""
    return ["unshare", "--mount", "sh", "-c",
            "for f in /usr/sbin/nft /sbin/nft; do [ -e $f ] && mount --bind /dev/null $f; done;"
            ' exec "$0" "$@"']


def test_what_a_killed_one_left_is_removed(stage, net):
    """Also by a start that does not intercept."""
    rules, routes = firewall(net.client), routing(net.client)
    client, _ = start(stage, net, local_output=True)
    kill(client)
    assert firewall(net.client) != rules
    again = stage.client(net, name="again").start().wait_ready()
    assert firewall(net.client) == rules
    assert seen(net) == DIRECT[4]
    assert again.stop() == 0
    eventually(lambda: routing(net.client), routes)


@FAMILIES
def test_direct_is_no_guard(stage, net, family):
    """Of one family nothing may go around, of the other it may."""
    net.client.sysctl({"net.ipv4.tcp_syn_retries": 1})
    client, _ = start(stage, net, "tproxy", {"on_peer_down_ipv6": "direct"})
    kill(client)
    net.client.run(["nft", "flush", "ruleset"])
    with Ends(net, family) as ends:
        listener = ends.listen()
        if family == 6:
            assert source_of(ends, listener) == DIRECT[6]
        else:
            goes_nowhere(ends, listener)


@pytest.mark.parametrize("down", ["refuse", "direct"])
@MODES
def test_connections_that_went_around_before(stage, net, mode, down):
    """Are reset, so that they come back over the bridge, or left alone where that is permitted."""
    with Ends(net, 4) as ends:
        near, far = ends.pair()
        assert echoes(near, far)
        start(stage, net, mode, {"on_peer_down": down})
        if down == "direct":
            assert echoes(near, far)
        else:
            near.sendall(b"?")
            assert receive_until_reset(near) == b""
        assert source_of(ends) == BRIDGED[4]


@pytest.mark.parametrize("down", ["refuse", "direct"])
def test_peer_down_by_family(stage, net, down):
    other = {"refuse": "direct", "direct": "refuse"}[down]
    client, server = start(stage, net, "auto", {"on_peer_down": down, "on_peer_down_ipv6": other})
    assert server.stop() == 0
    wait_for_line(client, "does not answer", 2)
    for family, wanted in ((4, down), (6, other)):
        with Ends(net, family) as ends:
            listener = ends.listen()
            if wanted == "refuse":
                expect_reset(ends, port_of(listener))
                continue
            ends.connect(port_of(listener))
            source = ends.accept(listener).getpeername()[0]
            assert source == {4: "10.10.1.1", 6: "fd00:10:1::1"}[family]


@MODES
def test_a_family_without_a_listener(stage, net, mode):
    """As with the recipe's local_address: IPv6 is refused at once, and that is said."""
    client, _ = start(stage, net, mode, {"local_address": "0.0.0.0"})
    assert lines_with(client, "IPv6 connections are not bridged, and reset")
    assert seen(net, 4) == BRIDGED[4]
    with Ends(net, 6) as ends:
        begin_s = time.monotonic()
        with pytest.raises(ConnectionRefusedError):
            ends.connect(port_of(ends.listen()))
        assert time.monotonic() < begin_s + 1


@MODES
def test_a_listener_on_one_address(stage, net, mode):
    start(stage, net, mode, {"local_address": ["192.168.1.1", "fd00:1::1"]})
    for family in (4, 6):
        assert seen(net, family) == BRIDGED[family]


def test_one_at_a_time(stage, net):
    first, _ = start(stage, net)
    second = stage.client(net, name="second", local_port=1081, **intercept()).start()
    assert second.process.wait(10) == 1
    assert "another mpbridge in this network namespace intercepts connections already" in second.log
    assert seen(net) == BRIDGED[4]
    third = stage.client(net, name="third", local_port=1082).start().wait_ready()
    assert is_there(net.client)
    assert third.stop() == 0
    assert is_there(net.client) and seen(net) == BRIDGED[4]


@MODES
def test_flows_are_given_time_to_end(stage, net, mode):
    """While they have it, new connections go their own way."""
    client, _ = start(stage, net, mode)
    with Ends(net, 4) as ends:
        near, far = ends.pair()
        assert echoes(near, far)
        client.process.terminate()
        wait_for_line(client, "stopping: 1 flows")
        assert source_of(ends) == DIRECT[4]
        assert echoes(near, far)
        near.shutdown(socket.SHUT_WR)
        far.close()
        assert client.process.wait(4) == 0
    assert not is_there(net.client)


def test_an_interface_that_comes_later(stage, net):
    """And an address of it that changes: what is connected is exempt from then on."""
    net.client.ip("link", "add", "late0", "type", "veth", "peer", "name", "late1")
    start(stage, net, interfaces=["lan", "late0"])
    assert "198.51.100" not in firewall(net.client)
    net.client.ip("address", "add", "198.51.100.1/24", "dev", "late0")
    eventually(lambda: "198.51.100.0/24" in firewall(net.client), True)
    net.client.ip("link", "del", "late0")
    eventually(lambda: "198.51.100.0/24" in firewall(net.client), False)
    assert seen(net) == BRIDGED[4]


def test_links_that_come_and_go_leave_it_alone(stage, net):
    start(stage, net)
    before = net.client.run(["nft", "-a", "list", "ruleset"]).stdout
    net.lab.link(2).down()
    time.sleep(0.3)
    net.lab.link(2).up()
    time.sleep(0.3)
    assert net.client.run(["nft", "-a", "list", "ruleset"]).stdout == before


def test_somebody_who_does_not_give_up(stage, net):
    """Is answered, but not as often as he likes, and nothing goes around meanwhile."""
    client, _ = start(stage, net)
    prober = Prober(net, 4)
    end_s = time.monotonic() + 3
    while time.monotonic() < end_s:
        net.client.run(["nft", "flush", "ruleset"])
    eventually(lambda: is_there(net.client), True)
    assert prober.stop() == []
    assert prober.sources == {BRIDGED[4]}
    assert len(lines_with(client, "was changed by nft")) == 1
    assert seen(net) == BRIDGED[4]


def test_rules_of_ones_own(stage, net):
    """As with ss-redir -T: the rules are the user's, and nothing of ours is in the firewall."""
    stage.pair(net, {"tcp_tproxy": True})
    net.client.run(["nft", "-f", "-"], input="""
        table ip own {
            chain p { type filter hook prerouting priority mangle;
                iifname "lan" meta l4proto tcp ip daddr 192.168.2.0/24 tproxy to :1080 meta mark set 1
            }
        }
        """)
    net.client.ip("rule", "add", "fwmark", "1", "lookup", "100")
    net.client.ip("route", "add", "local", "default", "dev", "lo", "table", "100")
    assert seen(net) == BRIDGED[4]
    assert not is_there(net.client)


def test_without_nft(stage, net, tmp_path):
    """One clear line, and nothing has been changed."""
    routes = routing(net.client)
    client = stage.client(net, under=without_nft(), **intercept()).start()
    assert client.process.wait(10) == 1
    assert 'the configuration\'s "intercept" needs nftables: there is no nft' in client.log
    assert routing(net.client) == routes


def test_bulk_both_ways(stage, net):
    start(stage, net)
    with Ends(net, 4) as ends:
        near, far = ends.pair()
        for source, destination in ((near, far), (far, near)):
            sender = Background(source.sendall, payload(20 << 20))
            assert receive(destination, 20 << 20) == payload(20 << 20)
            sender.result()
