# SPDX-License-Identifier: GPL-3.0-or-later
"""Names in the address header: looked up, checked, and dialed with happy eyeballs (RFC 8305).

The name server is nameserver.py; the tests speak to a server themselves, as its client would.
"""
import contextlib
import os
import signal
import socket
import struct
import time

import pytest
from hosts import (connect, exchange, inside, listen, port_of, receive, receive_until_reset,
                   reset)
from nameserver import A, AAAA, NEVER, SERVFAIL, Answer, NameServer
from observe import eventually, lines_with, wait_for_line
from processes import descriptors, workers
from testbed import Link, bridge
from testbed.mpbridge import PORT
from testbed.wait import wait_until

LIMIT_S = 10
BOUND_S = 12  # for the slowest failure: the server's own limit is 10 s


@pytest.fixture(scope="module")
def net(lab):
    return bridge(lab, [Link(), Link()])


@pytest.fixture
def names(net):
    with NameServer(net.host_b, net.host_b_ip) as names:
        yield names


@pytest.fixture
def start(net, stage):
    """start(**keys) -> a server, ready: with one worker, so that its lines can be counted."""
    def start(under=(), **keys):
        (net.server.directory / "server.log").unlink(missing_ok=True)
        return stage.server(net, under=under, **{"workers": 1, **keys}).start().wait_ready()
    return start


@pytest.fixture
def server(net, names, start):
    return start(nameserver=net.host_b_ip, deny=["192.168.2.128/25"])


def header(name, port):
    return bytes([3, len(name)]) + name.encode() + struct.pack(">H", port)


def ask(net, name, port):
    """A connection to the server that has named its destination."""
    opened = connect(net.client, net.server_ips[0], PORT)
    opened.settimeout(BOUND_S)
    opened.sendall(header(name, port))
    return opened


def expect_refused(net, server, name, text, port=80):
    """The flow ends with RST, and one line says why."""
    with ask(net, name, port) as opened:
        try:
            assert receive_until_reset(opened) == b""
        except ConnectionResetError:
            pass
    wait_for_line(server, text)


@contextlib.contextmanager
def listening(net, *ips, port=0):
    """Listeners in host B, one for each address, with the same port."""
    with contextlib.ExitStack() as stack:
        opened = []
        for ip in ips:
            opened.append(stack.enter_context(listen(net.host_b, ip, port)))
            opened[-1].settimeout(LIMIT_S)
            port = port_of(opened[0])
        yield opened


def expect_reaches(net, name, listener):
    """A connection by the name gets to this listener, and carries bytes both ways."""
    with ask(net, name, port_of(listener)) as near:
        far, _ = listener.accept()
        far.settimeout(LIMIT_S)
        with far:
            exchange(near, far, 50_000)


def test_ipv4_only(net, names, server):
    names.add("four.test", net.host_b_ip)
    with listening(net, net.host_b_ip) as (listener,):
        expect_reaches(net, "four.test", listener)
        expect_reaches(net, "FOUR.test.", listener)
    assert ("four.test", A, "udp") in names.asked and ("four.test", AAAA, "udp") in names.asked


def test_ipv6_only(net, names, server):
    names.add("six.test", net.host_b_ip6)
    with listening(net, net.host_b_ip6) as (listener,):
        expect_reaches(net, "six.test", listener)


def test_ipv6_first(net, names, server):
    """It does not wait for IPv4, which nobody answers for."""
    names.add("both.test", Answer([net.host_b_ip], [net.host_b_ip6], delay={A: NEVER}))
    with listening(net, net.host_b_ip, net.host_b_ip6) as (_, listener6):
        expect_reaches(net, "both.test", listener6)


def test_ipv4_does_not_wait_long_for_ipv6(net, names, server):
    """The name server never answers for IPv6. (Without a limit the flow would wait for that to end.)"""
    names.add("half.test", Answer([net.host_b_ip], delay={AAAA: NEVER}))
    with listening(net, net.host_b_ip) as (listener,):
        expect_reaches(net, "half.test", listener)
    assert not lines_with(server, "half.test")


def test_ipv6_comes_while_ipv4_is_dialed(net, names, server):
    """IPv4 is silent (no neighbour there) and IPv6 is answered after it was begun."""
    names.add("late.test", Answer(["192.168.2.77"], [net.host_b_ip6], delay={AAAA: 0.4}))
    with listening(net, net.host_b_ip6) as (listener,):
        expect_reaches(net, "late.test", listener)


@pytest.fixture
def dead6(net):
    """An IPv6 address of host B that drops what comes for it, and answers nothing."""
    table = ["ip6tables", "INPUT", "-d", "fd00:2::dead", "-j", "DROP"]
    net.host_b.ip("-6", "address", "add", "fd00:2::dead/64", "dev", "eth0", "nodad")
    net.host_b.run([table[0], "-A", *table[1:]])
    yield "fd00:2::dead"
    net.host_b.run([table[0], "-D", *table[1:]])
    net.host_b.ip("-6", "address", "del", "fd00:2::dead/64", "dev", "eth0")


def test_dead_ipv6_falls_over_to_ipv4(net, names, server, dead6):
    """After an attempt's head start, and not after the kernel's first SYN timer (1 s) or a limit."""
    names.add("dual.test", net.host_b_ip, dead6)
    with listening(net, net.host_b_ip) as (listener,):
        began = time.monotonic()
        with ask(net, "dual.test", port_of(listener)) as near:
            far, _ = listener.accept()
            took = time.monotonic() - began
            with far:
                far.settimeout(LIMIT_S)
                exchange(near, far, 50_000)
    assert took >= 0.25, "IPv6 was not tried first"
    assert not syn_sent(net, "fd00:2::dead"), "the other attempt was not closed"


def syn_sent(net, ip):
    return ip in net.server.run(["ss", "-Htn", "state", "syn-sent"]).stdout


def test_refused_ipv6_falls_over_at_once(net, names, server):
    """Nobody listens there, so the next address has not to wait for the head start of that one."""
    names.add("rst.test", net.host_b_ip, net.host_b_ip6)
    with listening(net, net.host_b_ip) as (listener,):
        expect_reaches(net, "rst.test", listener)


def test_all_addresses_fail(net, names, server):
    names.add("nobody.test", net.host_b_ip, net.host_b_ip6)
    expect_refused(net, server, "nobody.test",
                   "no connection to the destination for nobody.test:81: Connection refused", 81)


REFUSED = ["127.0.0.1", "0.0.0.0", "169.254.1.1", "224.0.0.1", "::1", "fe80::1", "192.168.2.129"]


@pytest.mark.parametrize("ip", REFUSED)
def test_rebinding_is_refused(net, names, server, ip):
    """A name is worth no more than the address that it leads to."""
    names.add("evil.test", ip)
    expect_refused(net, server, "evil.test",
                   f"refused a connection to evil.test:80: its address is {ip}: ")


def test_own_port_is_refused(net, names, server):
    names.add("loop.test", net.server_ips[0])
    expect_refused(net, server, "loop.test", "it would be a loop", PORT)


def test_refused_addresses_are_dropped_beside_others(net, names, server):
    names.add("mixed.test", "127.0.0.1", net.host_b_ip, "::1")
    with listening(net, net.host_b_ip) as (listener,), \
            contextlib.closing(inside(net.server, socket.socket)) as local:
        local.bind(("127.0.0.1", port_of(listener)))
        local.listen()
        local.settimeout(0)
        expect_reaches(net, "mixed.test", listener)
        with pytest.raises(BlockingIOError):
            local.accept()


def test_address_in_a_name(net, names, server):
    """It is taken for what it says, and the policy applies; nobody is asked."""
    with listening(net, net.host_b_ip) as (listener,):
        expect_reaches(net, net.host_b_ip, listener)
    with listening(net, net.host_b_ip6) as (listener,):
        expect_reaches(net, net.host_b_ip6, listener)
    expect_refused(net, server, "127.0.0.1", "refused a connection to 127.0.0.1:80")
    assert names.asked == []


@pytest.mark.parametrize("name, text", [
    ("nothere.test", "nothere.test:80: "),
    ("a" * 64 + ".test", "not the name of a host"),
    ("x." * 126 + "xyz", "not the name of a host"),
    ("a..test", "not the name of a host"),
    ("fd00::zz", "not the name of a host"),
    ("127.1", "not the name of a host"),
    ("hello.mpbridge.invalid", "a greeting that this version does not know"),
    ("Hello.MPBRIDGE.invalid.", "a greeting that this version does not know"),
], ids=["nxdomain", "label", "long", "empty", "colons", "short", "greeting", "greeting-case"])
def test_names_that_lead_nowhere(net, names, server, name, text):
    expect_refused(net, server, name, text)
    if "nothere" not in name:
        assert names.asked == []


FAULTS = {
    "servfail": Answer(rcode=SERVFAIL),
    "empty": Answer(),
    "rubbish": Answer(rubbish=b"\xff" * 40),
    "short": Answer(rubbish=b"\x81"),
    "silent": Answer(delay={A: NEVER, AAAA: NEVER}),
    "slow": Answer(["192.168.2.2"], delay={A: 30, AAAA: 30}),
}


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
def test_faults_of_a_name_server(net, names, server, fault):
    """The flow ends with RST within the bound, one line tells it, and the next name works."""
    names.add("fault.test", fault)
    expect_refused(net, server, "fault.test", "no address found for fault.test:80")
    names.add("good.test", net.host_b_ip)
    with listening(net, net.host_b_ip) as (listener,):
        expect_reaches(net, "good.test", listener)


def test_nobody_is_a_name_server(net, start):
    """Neither of the two: one refuses, and nobody has the other's address."""
    server = start(nameserver=f"{net.host_b_ip},192.168.2.66")
    expect_refused(net, server, "a.test", "no address found for a.test:80")


def test_second_name_server(net, names, start):
    """The first one refuses; the other has its own port, and the address is IPv6."""
    with NameServer(net.host_b, net.host_b_ip6, 5353) as second:
        start(nameserver=[f"{net.host_b_ip}:5", f"[{net.host_b_ip6}]:5353"])
        second.add("two.test", net.host_b_ip)
        with listening(net, net.host_b_ip) as (listener,):
            expect_reaches(net, "two.test", listener)


def test_truncated_answer_is_fetched_by_tcp(net, names, server):
    names.add("large.test", Answer([net.host_b_ip], [], truncated=True))
    with listening(net, net.host_b_ip) as (listener,):
        expect_reaches(net, "large.test", listener)
    assert ("large.test", A, "tcp") in names.asked


def test_many_names_at_once(net, names, server):
    """Each flow gets to the address of its own name, though answers come in another order."""
    count = 60
    for i in range(count):
        names.add(f"n{i}.test", Answer([net.host_b_ip], delay={A: (count - i) % 7 * 0.02}))
    with listening(net, net.host_b_ip) as (listener,), contextlib.ExitStack() as stack:
        nears = [stack.enter_context(ask(net, f"n{i}.test", port_of(listener)))
                 for i in range(count)]
        for i, near in enumerate(nears):
            near.sendall(struct.pack(">I", i))
        numbers = set()
        for _ in range(count):
            far = stack.enter_context(listener.accept()[0])
            far.settimeout(LIMIT_S)
            number = receive(far, 4)
            far.sendall(number)
            numbers.add(struct.unpack(">I", number)[0])
        assert numbers == set(range(count))
        for i, near in enumerate(nears):
            assert receive(near, 4) == struct.pack(">I", i)


def test_flow_ends_while_resolving(net, names, server):
    """Hosts that hang up before the answer: it finds nobody, and the server goes on."""
    names.add("gone.test", Answer([net.host_b_ip], delay={A: 1, AAAA: 1}))
    names.add("good.test", net.host_b_ip)
    for number in range(1, 21):
        opened = ask(net, "gone.test", 80)
        names.wait_asked("gone.test", 2 * number)
        reset(opened)
    eventually(lambda: net.server.run(["ss", "-Htn", f"sport = :{PORT}"]).stdout, "")
    with listening(net, net.host_b_ip) as (listener,):
        expect_reaches(net, "good.test", listener)
    assert server.process.poll() is None
    assert not lines_with(server, "killed by signal")


def test_server_ends_while_resolving(net, names, server):
    names.add("slow.test", FAULTS["silent"])
    with ask(net, "slow.test", 80) as opened:
        names.wait_asked("slow.test", 2)
        server.process.send_signal(signal.SIGTERM)
        server.process.send_signal(signal.SIGTERM)
        receive_until_reset(opened)
    assert server.stop() == 0


def test_descriptors_come_back(net, names, server):
    """Sockets of questions and of attempts that lost are closed."""
    names.add("dual.test", net.host_b_ip, net.host_b_ip6)
    names.add("large.test", Answer([net.host_b_ip], [], truncated=True))
    worker = workers(server)[0]
    before = descriptors(worker, "socket:")
    with listening(net, net.host_b_ip) as (listener,):
        for name in ("dual.test", "large.test") * 3:
            expect_reaches(net, name, listener)
    with ask(net, "nothere.test", 80) as opened:
        receive_until_reset(opened)
    eventually(lambda: descriptors(worker, "socket:"), before)


def etc_of(net, servers, hosts=""):
    """A folder to mount over /etc, with these name servers; and the command that does it."""
    etc = net.server.directory / "etc"
    etc.mkdir(exist_ok=True)
    for name in ("passwd", "group", "nsswitch.conf"):
        (etc / name).write_bytes(open(f"/etc/{name}", "rb").read())
    write_resolv(etc, servers)
    (etc / "hosts").write_text(f"127.0.0.1 localhost\n{hosts}")
    return etc, ("unshare", "--mount", "sh", "-c", 'mount --bind "$0" /etc && exec "$@"', etc)


def write_resolv(etc, servers, how="in place"):
    text = "search nowhere.test\noptions timeout:1 attempts:1 rotate\n" + "".join(
        f"nameserver {ip}\n" for ip in servers)
    if how == "in place":
        (etc / "resolv.conf").write_text(text)
    else:
        (etc / "resolv.new").write_text(text)
        os.rename(etc / "resolv.new", etc / "resolv.conf")


def test_resolv_conf(net, names, start):
    """Its servers are asked, for the name as it stands: `search` has no say."""
    _, under = etc_of(net, [net.host_b_ip])
    server = start(under)
    names.add("host.test", net.host_b_ip)
    with listening(net, net.host_b_ip) as (listener,):
        expect_reaches(net, "host.test", listener)
    expect_refused(net, server, "host", "no address found for host:80")
    assert {name for name, *_ in names.asked} == {"host.test", "host"}


@pytest.mark.parametrize("how", ["in place", "renamed"])
def test_resolv_conf_changes(net, names, start, how):
    """Running workers ask the new server, also for what they are still asking the old one."""
    etc, under = etc_of(net, ["192.168.2.66"])
    server = start(under, verbose=True)
    names.add("new.test", net.host_b_ip)
    with listening(net, net.host_b_ip) as (listener,):
        write_resolv(etc, [net.host_b_ip], how)
        wait_for_line(server, f"name servers: {net.host_b_ip}:53")
        expect_reaches(net, "new.test", listener)
        write_resolv(etc, ["192.168.2.66"], how)
        wait_for_line(server, "name servers: 192.168.2.66:53", 2)
        with ask(net, "new.test", port_of(listener)) as near:
            write_resolv(etc, [net.host_b_ip], how)
            far, _ = listener.accept()
            with far:
                far.settimeout(LIMIT_S)
                exchange(near, far, 1000)


def test_resolv_conf_comes_later(net, names, start):
    """A router that has no lease yet, and a link to where the file will be."""
    etc, under = etc_of(net, [])
    (etc / "resolv.conf").unlink()
    (etc / "dynamic").mkdir()
    (etc / "resolv.conf").symlink_to("dynamic/leases")
    server = start(under, verbose=True)
    names.add("new.test", net.host_b_ip)
    (etc / "dynamic" / "leases").write_text(f"nameserver {net.host_b_ip}\n")
    wait_for_line(server, f"name servers: {net.host_b_ip}:53")
    with listening(net, net.host_b_ip) as (listener,):
        expect_reaches(net, "new.test", listener)


def test_hosts_file(net, names, start):
    """It goes before the name servers, also for names that they have; and the policy applies."""
    etc, under = etc_of(net, [net.host_b_ip], f"{net.host_b_ip} Box box.lan # here\n")
    server = start(under, verbose=True)
    names.add("box.lan", "192.168.2.77")
    with listening(net, net.host_b_ip) as (listener,):
        expect_reaches(net, "box.LAN", listener)
        expect_reaches(net, "box", listener)
        expect_refused(net, server, "localhost", "refused a connection to localhost:80")
        (etc / "hosts").write_text(f"{net.host_b_ip} other\n")
        wait_for_line(server, "1 names in /etc/hosts")
        expect_reaches(net, "other", listener)
    assert names.asked == []


def test_worker_that_replaces_another_asks_the_new_servers(net, names, start):
    etc, under = etc_of(net, ["192.168.2.66"])
    server = start(under, verbose=True)
    names.add("new.test", net.host_b_ip)
    write_resolv(etc, [net.host_b_ip])
    wait_for_line(server, f"name servers: {net.host_b_ip}:53")
    before = workers(server)
    os.kill(before[0], signal.SIGKILL)
    wait_until(lambda: workers(server) not in ([], before), LIMIT_S, "another worker")
    with listening(net, net.host_b_ip) as (listener,):
        expect_reaches(net, "new.test", listener)
