# SPDX-License-Identifier: GPL-3.0-or-later
"""Destinations see the host's own address: over both families, each way to move payload and each
kind of method; what a client may say of its hosts, and what the firewall holds and no longer holds."""
import signal
import socket
from contextlib import contextmanager

import peers
import pytest
from conftest import Mode
from hosts import (Background, Ends, echoes, exchange, exchange_exactly, expect_reset, listen,
                   open_socket, payload, port_of, receive_until_reset)
from inject import Tracee, name, needs_x86_64
from observe import (eventually, lines_with, our_routes, our_rules, run_status, status_of,
                     wait_for_line)
from processes import status, workers
from prober import Prober
from testbed import Link, bridge
from testbed.mpbridge import LOCAL_PORT, PORT, add_redirect, config_text

HOST = {4: "192.168.1.2", 6: "fd00:1::2"}
ROUTER = {4: "192.168.2.1", 6: "fd00:2::1"}
TABLE = "table inet mpbridge_server"
SHOWN = {"transparent_source": True}
KEYED = {"method": "2022-blake3-aes-256-gcm", "password": peers.secret("2022-blake3-aes-256-gcm")}
NAME, SOCKS_PORT = "destination.example", 1081
FLOWS, BYTES = 200, 8 << 20
SOCKET, SETSOCKOPT = 41, 54  # asm/unistd_64.h
SO_MARK, SO_BINDTODEVICE, IP_TRANSPARENT = 36, 25, 19

MODES = [Mode(family, forward) for family in (4, 6) for forward in ("auto", "copy")] + [
    Mode(4, method="auth-only"), Mode(6, method="auth-only"),
    Mode(4, method="chacha20-ietf-poly1305"), Mode(6, method="aes-128-gcm"),
    Mode(4, method="2022-blake3-aes-128-gcm"), Mode(6, method="2022-blake3-aes-256-gcm")]
FAMILIES = pytest.mark.parametrize("family", [4, 6])


@pytest.fixture
def net(stage):
    return bridge(stage.lab, [Link(), Link()])


def start(stage, net, client=None, server=None):
    """(client, server), which show hosts of both families."""
    add_redirect(net.client, ("ip6tables",))
    return stage.bridge(net, {**SHOWN, **(client or {})}, {**SHOWN, **(server or {})})


def seen(net, family=4):
    """The address that host B sees of a connection of host A, over which bytes have gone."""
    with Ends(net, family) as ends:
        near, far = ends.pair()
        assert echoes(near, far)
        return far.getpeername()[0]


def connect_from(ends, port, listener, ip=None):
    """A connection of host A with that port of its own, connected to host B's listener."""
    near = ends.keep(open_socket(ends.net.host_a, ends.b_ip))
    near.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    near.bind((HOST[ends.family], port))
    near.connect((ip or ends.b_ip, port_of(listener)))
    return near, ends.accept(listener)


def firewall(node):
    return node.run(["nft", "-s", "list", "ruleset"]).stdout


def is_there(node):
    return TABLE in firewall(node)


def leaves_nothing(node):
    """Of the server: its table, its rules, its route."""
    return not is_there(node) and not our_rules(node) and not our_routes(node)


@pytest.mark.parametrize("mode", MODES, ids=str)
def test_destinations_see_the_host(stage, net, mode):
    """With its port. Much goes both ways at once, and then the end of each direction."""
    start(stage, net, mode.keys(), mode.keys())
    with Ends(net, mode.family) as ends:
        near, far = ends.pair()
        assert far.getpeername()[0] == HOST[mode.family]
        assert far.getpeername()[:2] == near.getsockname()[:2]
        exchange(near, far, BYTES)


@pytest.mark.parametrize("mode", [Mode(4), Mode(6, method="2022-blake3-aes-128-gcm")], ids=str)
def test_many_at_once(stage, net, mode):
    start(stage, net, mode.keys(), mode.keys())
    with Ends(net, mode.family) as ends:
        listener = ends.listen()
        nears = [ends.connect(port_of(listener)) for _ in range(FLOWS)]
        fars = {far.getpeername()[:2]: far for far in (ends.accept(listener) for _ in nears)}
        assert set(fars) == {near.getsockname()[:2] for near in nears}
        for number, near in enumerate(nears):
            exchange(near, fars[near.getsockname()[:2]], 10_000, number)


@FAMILIES
def test_one_port_for_several_connections(stage, net, family):
    """To two destinations at once, and again to the first when that has ended: its socket of
    before is still in TIME-WAIT. By TPROXY: the NAT of REDIRECT would change the second one's."""
    stage.pair(net, {**SHOWN, "intercept": {"interfaces": "lan"}}, SHOWN)
    with Ends(net, family) as ends:
        first, second = ends.listen(), ends.listen()
        near, far = connect_from(ends, 40000, first)
        pairs = [(near, far), connect_from(ends, 40000, second)]
        assert [far.getpeername()[1] for _, far in pairs] == [40000, 40000]
        assert all(echoes(*pair) for pair in pairs)
        exchange(near, far, 1000)
        near.close()
        far.close()
        near, far = connect_from(ends, 40000, first)
        assert far.getpeername()[:2] == (HOST[family], 40000)
        exchange(near, far, 1000)


@pytest.mark.parametrize("port", [700, 40000])
@FAMILIES
def test_a_port_that_is_not_to_be_had(stage, net, family, port):
    """Only root has the first, and a program of the router listens on the other one."""
    start(stage, net)
    with Ends(net, family) as ends:
        ends.keep(listen(net.server, {4: "0.0.0.0", 6: "::"}[family], 40000))
        near, far = connect_from(ends, port, ends.listen())
        assert far.getpeername()[0] == HOST[family] and far.getpeername()[1] != port
        exchange(near, far, 100_000)


@FAMILIES
def test_to_the_server_itself(stage, net, family):
    """Its own address comes there: what it answers would not come back."""
    start(stage, net)
    with Ends(net, family) as ends:
        listener = ends.keep(listen(net.server, ROUTER[family]))
        near, far = connect_from(ends, 40000, listener, ROUTER[family])
        assert far.getpeername()[0] == ROUTER[family]
        exchange(near, far, 1000)


def test_the_clients_own_connections(stage, net):
    """A router is no host behind itself."""
    stage.pair(net, {**SHOWN, "intercept": {"interfaces": "lan", "local_output": True}}, SHOWN)
    with Ends(net, 4) as ends:
        listener = ends.listen()
        near = ends.keep(open_socket(net.client, ends.b_ip))
        near.connect((ends.b_ip, port_of(listener)))
        far = ends.accept(listener)
        assert echoes(near, far) and far.getpeername()[0] == ROUTER[4]
    assert seen(net) == HOST[4]


@pytest.mark.parametrize("values", [{"all.rp_filter": 1, "default.rp_filter": 1},
                                    {"all.rp_filter": 1, "all.src_valid_mark": 1}], ids=str)
def test_reverse_path_filters(stage, net, values):
    """Strict ones; also where they look at the mark, as wg-quick has it."""
    net.server.sysctl({f"net.ipv4.conf.{key}": value for key, value in values.items()})
    net.server.sysctl({"net.ipv4.conf.lan.rp_filter": 1, "net.ipv4.fwmark_reflect": 1,
                       "net.ipv4.tcp_fwmark_accept": 1})
    start(stage, net)
    with Ends(net, 4) as ends:
        near, far = ends.pair()
        assert far.getpeername()[0] == HOST[4]
        exchange(near, far, 1 << 20)


@FAMILIES
def test_icmp_reaches_the_server(stage, net, family):
    """What is sent to the host's address about a connection of ours: the server hears of it."""
    _, server = start(stage, net)
    reject = {4: "reject with icmp host-unreachable", 6: "reject with icmpv6 addr-unreachable"}
    net.host_b.run(["nft", "-f", "-"], input=f"""table inet own {{
            chain in {{
                type filter hook input priority 0
                tcp dport 7000 {reject[family]}
            }}
        }}
        """)
    with Ends(net, family) as ends:
        expect_reset(ends, 7000)
    wait_for_line(server, "no connection to the destination", 1)
    assert lines_with(server, "No route to host")


# ---- who says what ----

def tunnel(net, source, method="none", target=None, listener=None, **options):
    """By the reference, which says that it is from that host."""
    port = port_of(listener) if listener else 9
    return peers.tunnel(net.client, net.server_ips[0], PORT, method, target or net.host_b_ip, port,
                        source, **options)


@pytest.mark.parametrize("source", [
    "0.0.0.0", "127.0.0.1", "224.0.0.1", "255.255.255.255", "169.254.1.1", "192.168.2.1",
    "192.168.2.77", "10.10.1.2", "10.10.1.1", "::1", "fe80::1", "ff02::1", "fd00:2::1",
    "::ffff:127.0.0.1"])
@pytest.mark.parametrize("method", ["none", "2022-blake3-aes-256-gcm"])
def test_what_is_no_host(stage, net, source, method):
    """The connection is reset, and the destination hears nothing."""
    server = stage.server(net, **SHOWN, method=method, password=peers.secret(method)).start()
    server.wait_ready()
    with Ends(net, 4) as ends:
        listener = ends.listen()
        receive_until_reset(ends.keep(tunnel(net, (source, 40000), method, listener=listener)))
        wait_for_line(server, "refused a connection of the host ")
        ends.keep(tunnel(net, (HOST[4], 40000), method, listener=listener))
        assert ends.accept(listener).getpeername() == (HOST[4], 40000)


def test_only_some_networks(stage, net):
    """What they name may be a neighbour of the server, too."""
    server = stage.server(net, **SHOWN,
                          transparent_networks=["192.168.1.0/30", "10.10.1.0/24"]).start()
    server.wait_ready()
    with Ends(net, 4) as ends:
        listener = ends.listen()
        for source in (HOST[4], "10.10.1.1"):
            ends.keep(tunnel(net, (source, 40000), listener=listener))
            assert ends.accept(listener).getpeername() == (source, 40000)
        receive_until_reset(ends.keep(tunnel(net, ("192.168.1.9", 40000), listener=listener)))
    assert lines_with(server, "refused a connection of the host 192.168.1.9 to 192.168.2.2:")
    assert lines_with(server, '"transparent_networks"')


def test_a_server_without_the_key(stage, net):
    """It carries what comes, with its own address, and says what to do."""
    _, server = stage.bridge(net, SHOWN)
    assert seen(net) == ROUTER[4]
    wait_for_line(server, 'set "transparent_source" here, too, or not there')
    assert not is_there(net.server)


def test_a_client_without_the_key(stage, net):
    """Likewise; of that there is one line."""
    _, server = stage.bridge(net, None, SHOWN)
    for _ in range(3):
        assert seen(net) == ROUTER[4]
    assert len(lines_with(server, "a client does not tell the addresses of its hosts")) == 1


@pytest.mark.parametrize("method", ["none", "auth-only", "aes-256-gcm", "2022-blake3-aes-128-gcm"])
@FAMILIES
def test_what_our_client_says(stage, net, method, family):
    """To the reference: the host's address and port; and nothing without the key."""
    add_redirect(net.client)
    with peers.serve(net.server, "0.0.0.0", PORT, method) as server:
        for keys in (SHOWN, {}):
            client = stage.client(net, method=method, password=peers.secret(method), **keys)
            client.start().wait_ready()
            with Ends(net, family) as ends:
                near, far = ends.pair()
                exchange(near, far, 100_000)
                said = [request.target.source for request in server.requests
                        if request.target.port == far.getsockname()[1]]
                assert said == [near.getsockname()[:2] if keys else None]
            client.stop()
            client.forget_log()
        assert server.refused == []


@contextmanager
def named(net, stage):
    """Our server, in whose /etc/hosts host B has a name for each family, and one for both."""
    hosts = net.server.write_file("hosts", f"{net.host_b_ip} four {NAME}\n{net.host_b_ip6} six\n")
    under = ["unshare", "-m", "sh", "-c", 'mount --bind "$0" /etc/hosts && exec "$@"', hosts]
    method = "aes-256-gcm"
    yield stage.server(net, under=under, method=method, password=peers.secret(method),
                       **SHOWN).start().wait_ready()


@pytest.mark.parametrize("target, source, expected", [
    ("four", HOST[4], HOST[4]), ("six", HOST[6], HOST[6]), ("six", HOST[4], ROUTER[6]),
    ("four", HOST[6], ROUTER[4]), ("192.168.2.2", HOST[6], ROUTER[4])])
def test_families(stage, net, target, source, expected):
    """A name's address may be of another family than the host's: there the router's is seen."""
    family = 6 if ":" in expected else 4
    with named(net, stage), Ends(net, family) as ends:
        listener = ends.listen()
        near = ends.keep(tunnel(net, (source, 40000), "aes-256-gcm", target, listener))
        far = ends.accept(listener)
        assert far.getpeername()[0] == expected
        exchange(near, far, 100_000)


@pytest.mark.parametrize("client", ["ss-local", "ss-redir"])
def test_clients_of_another_make(stage, net, client):
    """They say nothing of their hosts; to names and to addresses they get with the router's."""
    port = SOCKS_PORT if client == "ss-local" else LOCAL_PORT
    add_redirect(net.client)
    with named(net, stage), Ends(net, 4) as ends, peers.ss_client(
            client, net.client, "0.0.0.0", port, net.server_ips[0], PORT, "aes-256-gcm"):
        listener = ends.listen()
        if client == "ss-local":
            near = peers.connect_socks(net.host_a, "192.168.1.1", port, NAME, port_of(listener))
        else:
            near = ends.connect(port_of(listener))
        far = ends.accept(listener)
        assert far.getpeername()[0] == ROUTER[4]
        peers.carry(ends.keep(near), far, 1 << 20)


def test_a_server_of_another_make(stage, net):
    """Without the key our client works with it; with the key it does not, and nothing goes astray."""
    method = "chacha20-ietf-poly1305"
    add_redirect(net.client)
    with peers.ss_server(net.server, "0.0.0.0", PORT, method), Ends(net, 4) as ends:
        client = stage.client(net, method=method, password=peers.secret(method)).start()
        client.wait_ready()
        peers.carry(*ends.pair(), 1 << 20)
        client.stop()
        stage.client(net, name="telling", method=method, password=peers.secret(method),
                     **SHOWN).start().wait_ready()
        listener = ends.listen()
        near = ends.connect(port_of(listener))
        near.sendall(b"anybody?")
        listener.settimeout(0.5)
        with pytest.raises(TimeoutError):
            listener.accept()


# ---- the firewall, and the life of the server ----

REMOVALS = [["nft", "flush", "ruleset"], ["nft", "delete", "table", "inet", "mpbridge_server"],
            ["nft", "flush", "table", "inet", "mpbridge_server"],
            ["ip", "rule", "del", "pref", "509"], ["ip", "rule", "del", "pref", "508"],
            ["ip", "route", "flush", "table", "52258"]]


@pytest.mark.parametrize("what", REMOVALS, ids=" ".join)
def test_it_comes_back(stage, net, what):
    """And a running flow goes on: what came meanwhile is sent again."""
    _, server = start(stage, net)
    look = lambda: (firewall(net.server), our_rules(net.server), our_routes(net.server))
    with Ends(net, 4) as ends:
        near, far = ends.pair()
        assert echoes(near, far)
        sending = Background(far.sendall, payload(4 << 20))
        before = look()
        net.server.run(what)
        eventually(look, before)
        exchange_exactly(near, far, 0)
        near.settimeout(20)
        assert len(_read(near, 4 << 20)) == 4 << 20
        sending.result()
        assert seen(net) == HOST[4]
    if what[0] == "nft":
        wait_for_line(server, f"transparent_source: {TABLE} was changed by nft")
        assert status_of(server)["transparent_source"] == {"complete": True, "restored": 1}
        assert "changed the rules of transparent_source; put back 1 time" in run_status(
            server).stdout


def _read(opened, count):
    data = bytearray()
    while len(data) < count:
        data += opened.recv(1 << 20)
    return data


@FAMILIES
def test_connections_begin_while_the_firewall_is_reloaded(stage, net, family):
    """All of them come through, and none with another address."""
    stage.pair(net, {**SHOWN, "intercept": {"interfaces": "lan"}}, SHOWN)
    prober = Prober(net, family)
    with Ends(net, family) as ends:
        near, far = ends.pair()
        for _ in range(10):
            net.server.run(["nft", "flush", "ruleset"])
            eventually(lambda: is_there(net.server), True)
            assert echoes(near, far)
    assert prober.stop() == []
    assert prober.sources == {HOST[family]}


def test_nothing_is_left(stage, net):
    """After a stop in order; and after kill -9 and the next start, with the key or without."""
    before = firewall(net.server)
    client, server = start(stage, net)
    assert is_there(net.server) and seen(net) == HOST[4]
    assert server.stop() == 0
    assert firewall(net.server) == before and leaves_nothing(net.server)
    for keys, expected in ((SHOWN, HOST[4]), ({}, ROUTER[4])):
        killed = stage.server(net, name="killed", **SHOWN)
        killed.forget_log()
        killed.start().wait_ready()
        killed.process.kill_group()
        assert is_there(net.server)
        again = stage.server(net, name="again", **keys)
        again.forget_log()
        again.start().wait_ready()
        assert is_there(net.server) == bool(keys)
        eventually(lambda: opens_as(net), expected)
        assert again.stop() == 0
        assert leaves_nothing(net.server)
    assert client.stop() == 0


def opens_as(net):
    """seen(), or None while nothing is carried."""
    try:
        return seen(net)
    except (ConnectionError, TimeoutError):
        return None


@pytest.mark.parametrize("kept", ["server", "client"])
def test_one_of_each_role_in_a_router(stage, net, kept):
    """A client and a server side by side, as where both sites' hosts begin connections: each way
    the host is seen, and the end of one takes nothing from the other."""
    intercept = {"intercept": {"interfaces": "lan"}, "local_address": None, **SHOWN, **KEYED}
    serve = {"local_address": None, **SHOWN, **KEYED}
    daemons = {}
    for node, far in ((net.client, net.server_ips), (net.server, ["10.10.1.1", "10.10.2.1"])):
        daemons[node.name, "server"] = stage.add(node, "server", config_text("0.0.0.0", serve))
        daemons[node.name, "client"] = stage.add(node, "client", config_text(far, intercept))
    for daemon in daemons.values():
        daemon.start()
    for daemon in daemons.values():
        daemon.wait_ready()
    assert seen(net) == HOST[4]
    assert seen_at_a(net) == net.host_b_ip
    gone = "client" if kept == "server" else "server"
    assert daemons["server", gone].stop() == 0
    if kept == "server":
        assert seen(net) == HOST[4]
    else:
        assert seen_at_a(net) == net.host_b_ip


def seen_at_a(net, port=0):
    """As seen(), the other way round."""
    with Ends(net, 4) as ends:
        listener = ends.keep(listen(net.host_a, HOST[4], port))
        near = ends.keep(open_socket(net.host_b, HOST[4]))
        near.connect((HOST[4], port_of(listener)))
        far = ends.accept(listener)
        exchange_exactly(near, far, 1 << 20)
        return far.getpeername()[0]


def test_what_passes_by_is_left_alone(stage, net):
    """Also what goes to a port of somebody else at which a client beside the server listens."""
    stage.pair(net, {**SHOWN, "intercept": {"interfaces": "lan"}}, SHOWN)
    stage.add(net.client, "server", config_text("0.0.0.0", {"local_address": None, **SHOWN}),
              name="beside").start().wait_ready()
    assert seen_at_a(net, LOCAL_PORT) == net.host_b_ip
    assert seen_at_a(net) == net.host_b_ip
    assert seen(net) == HOST[4]


def test_one_at_a_time(stage, net):
    start(stage, net)
    second = stage.server(net, name="second", server_port=8389, **SHOWN).start()
    assert second.process.wait(10) == 1
    assert 'another mpbridge in this network namespace has "transparent_source" already' in second.log
    third = stage.server(net, name="third", server_port=8390).start().wait_ready()
    assert third.stop() == 0
    assert is_there(net.server) and seen(net) == HOST[4]


def reload(daemon, addresses, **keys):
    """With these addresses and keys in its file, until it runs by them."""
    daemon.node.write_file(f"{daemon.role}.json",
                           config_text(addresses, {"local_address": None, **keys}))
    done = len(lines_with(daemon, "reloaded:"))
    daemon.process.send_signal(signal.SIGHUP)
    wait_for_line(daemon, "reloaded:", done + 1)


def test_reload(stage, net):
    """On and off and on: flows that run go on with the address that they have."""
    _, server = stage.bridge(net, SHOWN)
    with Ends(net, 4) as ends:
        flows, listener = [], ends.listen()
        for keys, expected in (({}, ROUTER[4]), (SHOWN, HOST[4]), ({}, ROUTER[4]),
                               (SHOWN, HOST[4])):
            if flows:
                reload(server, "0.0.0.0", **keys)
            flows.append(ends.pair(listener))
            assert flows[-1][1].getpeername()[0] == expected
            assert all(echoes(*flow) for flow in flows)
        reload(server, "0.0.0.0", **SHOWN, transparent_mark="0x100")
        assert "0x00000100" in firewall(net.server)
        assert all(echoes(*flow) for flow in flows)
        for flow in flows:
            exchange(*flow, 1 << 20)
        reload(server, "0.0.0.0")
        eventually(lambda: is_there(net.server), False)
    assert seen(net) == ROUTER[4]


def test_reload_of_the_client(stage, net):
    client, _ = stage.bridge(net, None, SHOWN)
    with Ends(net, 4) as ends:
        old, listener = ends.pair(), ends.listen()
        reload(client, net.server_ips, **SHOWN)
        new = ends.pair(listener)
        assert [far.getpeername()[0] for _, far in (old, new)] == [ROUTER[4], HOST[4]]
        exchange_exactly(*old, 1 << 20)
        exchange_exactly(*new, 1 << 20)


def test_without_nft(stage, net):
    """One clear line, and nothing has been changed."""
    under = ["unshare", "--mount", "sh", "-c",
             "for f in /usr/sbin/nft /sbin/nft; do [ -e $f ] && mount --bind /dev/null $f; done;"
             ' exec "$0" "$@"']
    server = stage.server(net, under=under, **SHOWN).start()
    assert server.process.wait(10) == 1
    assert 'the configuration\'s "transparent_source" needs nftables: there is no nft' in server.log
    assert leaves_nothing(net.server)


def test_without_the_capability(stage, net):
    """Routes may be programmed, foreign addresses may not be had: it does not begin."""
    under = ["setpriv", "--bounding-set", "-net_raw", "--inh-caps", "-net_raw"]
    server = stage.server(net, under=under, **SHOWN).start()
    assert server.process.wait(10) == 1
    assert '"transparent_source" takes CAP_NET_RAW' in server.log
    assert leaves_nothing(net.server)


# ---- what a worker can do ----

def test_worker_has_one_capability(stage, net):
    _, server = start(stage, net, server={"workers": 1})
    now = status(lone_worker(server))
    assert (now["Seccomp"], now["NoNewPrivs"]) == ("2", "1")
    capabilities = {key: int(now[f"Cap{key}"], 16) for key in ("Inh", "Prm", "Eff", "Bnd", "Amb")}
    assert capabilities == {"Inh": 0, "Prm": 1 << 13, "Eff": 1 << 13, "Bnd": 0, "Amb": 0}
    other = stage.server(net, name="other", server_port=8389, workers=1).start().wait_ready()
    assert int(status(lone_worker(other))["CapPrm"], 16) == 0


def lone_worker(daemon):
    """Its pid. For a moment after the start a child may be nft."""
    eventually(lambda: len(workers(daemon)), 1)
    return workers(daemon)[0]


@needs_x86_64
def test_worker_does_nothing_else_with_it(stage, net):
    _, server = start(stage, net, server={"workers": 1})
    pid = lone_worker(server)
    with Tracee(pid) as tracee:
        opened = tracee.call(SOCKET, socket.AF_INET, socket.SOCK_STREAM, 0)
        on = tracee.text("\x01\x00\x00\x00")
        refused = {
            "mark": tracee.call(SETSOCKOPT, opened, socket.SOL_SOCKET, SO_MARK, on, 4),
            "device": tracee.call(SETSOCKOPT, opened, socket.SOL_SOCKET, SO_BINDTODEVICE, on, 4),
            "raw": tracee.call(SOCKET, socket.AF_INET, socket.SOCK_RAW, 1),
            "packets": tracee.call(SOCKET, socket.AF_PACKET, socket.SOCK_RAW, 0),
            "netlink": tracee.call(SOCKET, socket.AF_NETLINK, socket.SOCK_RAW, 0),
        }
        allowed = tracee.call(SETSOCKOPT, opened, socket.IPPROTO_IP, IP_TRANSPARENT, on, 4)
    assert {what: name(result) for what, result in refused.items()} == dict.fromkeys(
        refused, "EPERM")
    assert allowed == 0
    assert seen(net) == HOST[4]
    assert lone_worker(server) == pid
