# SPDX-License-Identifier: GPL-3.0-or-later
"""Many connections: at once, one after the other, stalled."""
import asyncio
import resource
import socket

import pytest
from hosts import (Background, digest, echoes, fill, inside, payload, port_of, receive,
                   receive_all, send_and_end)
from processes import descriptors, memory_bytes, workers
from testbed import wait_until
from testbed.mpbridge import LOCAL_PORT, PORT

AT_ONCE = 500
IN_A_ROW = 2000
STALLED = 50
CHUNK_BYTES = 20_000
# a stalled flow may cost a worker its own record and, when copying, one buffer
STALLED_FLOW_MAX_BYTES = 80_000


@pytest.fixture(scope="module", autouse=True)
def own_descriptors():
    """This process has both ends of every connection."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(max(soft, 8192), hard), hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def open_sockets(node, ip, count):
    """Sockets that do not block, not connected yet."""
    family = socket.AF_INET6 if ":" in ip else socket.AF_INET
    return inside(node, lambda: [socket.socket(family, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
                                 for _ in range(count)])


def flows_left(node):
    """Connections of mpbridge that the kernel still has."""
    return node.run(["ss", "-tanH", "state", "connected", "exclude", "time-wait",
                     f"( sport = :{LOCAL_PORT} or sport = :{PORT} or dport = :{PORT} )"]).stdout


async def converse(reader, writer, sent, expected):
    """Send one thing while receiving the other, each to its end."""
    async def send():
        writer.write(sent)
        await writer.drain()
        writer.write_eof()

    _, got = await asyncio.gather(send(), reader.read())
    writer.close()
    assert digest(got) == digest(expected)


async def talk_all_at_once(sockets, address, listener):
    """All connections are open before the first byte; each then has payloads of its own."""
    streams = {}
    all_here = asyncio.Event()

    async def answer(reader, writer):
        number = int.from_bytes(await reader.readexactly(2), "big")
        streams[number] = writer
        if len(streams) == len(sockets):
            all_here.set()
        await all_here.wait()
        writer.write(b"!")
        await converse(reader, writer, payload(CHUNK_BYTES, -number), payload(CHUNK_BYTES, number))

    async def ask(number, opened):
        await asyncio.get_running_loop().sock_connect(opened, address)
        reader, writer = await asyncio.open_connection(sock=opened)
        writer.write(number.to_bytes(2, "big"))
        assert await reader.readexactly(1) == b"!"
        await converse(reader, writer, payload(CHUNK_BYTES, number), payload(CHUNK_BYTES, -number))

    server = await asyncio.start_server(answer, sock=listener, backlog=AT_ONCE)
    async with server:
        async with asyncio.timeout(30):
            await asyncio.gather(*(ask(number, opened) for number, opened in enumerate(sockets, 1)))


def test_500_at_once(bridge, ends, net):
    listener = ends.listen(backlog=AT_ONCE)
    sockets = open_sockets(net.host_a, ends.b_ip, AT_ONCE)
    asyncio.run(talk_all_at_once(sockets, (ends.b_ip, port_of(listener)), listener))
    for router in (net.client, net.server):
        wait_until(lambda: not flows_left(router), 10, f"the flows of {router.name} to end")


def answer_all(listener, count):
    for _ in range(count):
        accepted, _ = listener.accept()
        with accepted:
            accepted.sendall(receive(accepted, 8))


def test_2000_in_a_row_leave_nothing(bridge, ends, net):
    pids = [pid for daemon in (bridge.client, bridge.server) for pid in workers(daemon)]
    assert echoes(*ends.pair())
    ends.close_all()
    for router in (net.client, net.server):
        wait_until(lambda: not flows_left(router), 5, f"the first flow of {router.name} to end")
    before = [descriptors(pid, "socket:") for pid in pids]
    listener = ends.listen()
    answers = Background(answer_all, listener, IN_A_ROW)
    for number, opened in enumerate(open_sockets(net.host_a, ends.b_ip, IN_A_ROW)):
        with opened:
            opened.settimeout(5)
            opened.connect((ends.b_ip, port_of(listener)))
            opened.sendall(number.to_bytes(8, "big"))
            assert receive(opened, 8) == number.to_bytes(8, "big")
    answers.result()
    for router in (net.client, net.server):
        wait_until(lambda: not flows_left(router), 10, f"the flows of {router.name} to end")
    assert [descriptors(pid, "socket:") for pid in pids] == before


@pytest.fixture
def small_buffers(net):
    """Buffers of 256 KiB at most in every kernel, so that many flows can stall cheaply."""
    nodes = (net.host_a, net.client, net.server, net.host_b)
    names = ("net.ipv4.tcp_rmem", "net.ipv4.tcp_wmem")
    before = [node.run(["sysctl", *names]).stdout for node in nodes]
    for node in nodes:
        node.sysctl({name: "4096 65536 262144" for name in names})
    yield
    for node, text in zip(nodes, before):
        node.sysctl(dict(line.split(" = ", 1) for line in text.splitlines()))


def test_stalled_flows_cost_no_memory(bridge, ends, net, small_buffers):
    pids = [pid for daemon in (bridge.client, bridge.server) for pid in workers(daemon)]
    listener = ends.listen()
    pairs = [ends.pair(listener) for _ in range(STALLED)]
    before = sum(map(memory_bytes, pids))
    filling = [Background(fill, near) for near, _ in pairs]
    taken = [fill.result() for fill in filling]
    grown = sum(map(memory_bytes, pids)) - before
    # both routers hold each flow's lane
    assert grown < 2 * STALLED * STALLED_FLOW_MAX_BYTES
    # all at once, so that how long the last one rests does not depend on how many there are
    rest = payload(100_000)
    senders = [Background(send_and_end, near, rest) for near, _ in pairs]
    readers = [Background(receive_all, far) for _, far in pairs]
    for sender, reader, count in zip(senders, readers, taken):
        got = reader.result()
        sender.result()
        assert got[:count].count(0) == count
        assert digest(got[count:]) == digest(rest)
