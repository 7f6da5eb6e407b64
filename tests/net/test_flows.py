# SPDX-License-Identifier: GPL-3.0-or-later
"""What a connection over the bridge does is what it would do without: ends, resets, refusals,
urgent bytes, slow readers. Sockets in host A and host B, driven from here."""
import errno
import socket
import time

import pytest
from hosts import (Background, connect, digest, echoes, exchange, fill, listen, payload, port_of,
                   receive, receive_all, receive_until_reset, reset, send_and_end, unacknowledged,
                   unread)
from testbed import wait_until
from testbed.mpbridge import LOCAL_PORT

MPTCP = 262
MB = 1 << 20
PROMPT_S = 1
# What may wait when nobody reads: on each of the three connections what the kernel lets a send and a
# receive buffer grow to, and in each of the two workers a pipe.
PIPE_BYTES = MB


def stalled_most_bytes(net):
    """In the kernel of this machine, from tcp_rmem and tcp_wmem."""
    most = [int(net.client.run(["sysctl", "-n", f"net.ipv4.{name}"]).stdout.split()[2])
            for name in ("tcp_rmem", "tcp_wmem")]
    return 3 * sum(most) + 2 * PIPE_BYTES


# addresses of the client router that the redirect rules do not leave out
OWN_IPS = {4: "203.0.113.77", 6: "fd00:77::77"}


@pytest.fixture(scope="module")
def net(net):
    """The client router has an address more, in each family."""
    for ip in OWN_IPS.values():
        net.client.ip("address", "add", ip, "dev", "lo")
    return net


@pytest.fixture(scope="module")
def client_keys():
    """Listens for both families, as it does where the file does not say."""
    return {"local_address": None}


def test_both_ways_at_once(bridge, ends):
    exchange(*ends.pair(), 10 * MB)


def test_nothing_at_all(bridge, ends):
    near, far = ends.pair()
    near.close()
    assert receive_all(far) == b""


def test_one_byte(bridge, ends):
    near, far = ends.pair()
    send_and_end(near, b"x")
    assert receive_all(far) == b"x"
    send_and_end(far, b"y")
    assert receive_all(near) == b"y"


def test_byte_at_a_time(bridge, ends):
    near, far = ends.pair()
    for value in payload(200):
        near.send(bytes([value]))
        byte = receive(far, 1)
        assert byte[0] == value
        far.send(byte)
        assert receive(near, 1) == byte


def test_server_first(bridge, ends):
    """Nothing comes from the host before the other end has spoken."""
    near, far = ends.pair()
    far.sendall(b"220 ready\r\n")
    assert receive(near, 11) == b"220 ready\r\n"


def test_host_ends_then_receives(bridge, ends):
    near, far = ends.pair()
    send_and_end(near, b"the question")
    assert receive_all(far) == b"the question"
    answer = payload(10 * MB)
    sender = Background(send_and_end, far, answer)
    assert digest(receive_all(near)) == digest(answer)
    sender.result()


def test_destination_ends_then_receives(bridge, ends):
    near, far = ends.pair()
    send_and_end(far, b"the greeting")
    assert receive_all(near) == b"the greeting"
    upload = payload(10 * MB)
    sender = Background(send_and_end, near, upload)
    assert digest(receive_all(far)) == digest(upload)
    sender.result()


@pytest.mark.parametrize("resets", ["host", "destination"])
def test_reset_is_passed_on(bridge, ends, resets):
    one, other = ends.pair() if resets == "host" else reversed(ends.pair())
    assert echoes(one, other)
    reset(one)
    assert receive_until_reset(other) == b""


@pytest.mark.parametrize("resets", ["host", "destination"])
def test_data_before_a_reset_arrives(bridge, ends, resets):
    """As on a direct connection, where the receiver has acknowledged it before the reset."""
    one, other = ends.pair() if resets == "host" else reversed(ends.pair())
    last_words = payload(MB)
    receiver = Background(receive_until_reset, other)
    one.sendall(last_words)
    wait_until(lambda: unacknowledged(one) == 0, 5, "the router to take everything")
    reset(one)
    assert digest(receiver.result()) == digest(last_words)


@pytest.mark.parametrize("resets", ["host", "destination"])
def test_reset_with_data_under_way_is_no_clean_end(bridge, ends, resets):
    one, other = ends.pair() if resets == "host" else reversed(ends.pair())
    fill(one, quiet_s=0.1, limit_bytes=20 * MB)
    reset(one)
    receive_until_reset(other)


@pytest.mark.parametrize("resets", ["host", "destination"])
def test_reset_after_half_close(bridge, ends, resets):
    """The direction towards the one that resets has ended cleanly before; the other must not."""
    one, other = ends.pair() if resets == "host" else reversed(ends.pair())
    send_and_end(other, b"that is all")
    assert receive_all(one) == b"that is all"
    one.sendall(b"cut off")
    assert receive(other, 7) == b"cut off"
    reset(one)
    assert receive_until_reset(other) == b""


def test_answer_then_close_with_unread_data(bridge, ends):
    """A server that refuses an upload: it answers, and its kernel resets for what is unread."""
    near, far = ends.pair()
    near.sendall(payload(100_000))
    receive(far, 1)
    wait_until(lambda: unread(far) > 0, 5, "data that the server will not read")
    far.sendall(b"413 too large")
    far.close()
    assert receive_until_reset(near) == b"413 too large"


def test_refused_destination(bridge, ends):
    listener = ends.listen()
    port = port_of(listener)
    listener.close()
    start = time.monotonic()
    with pytest.raises(ConnectionResetError):
        ends.connect(port).recv(1)
    assert time.monotonic() - start < PROMPT_S


def test_urgent_byte_stays_in_the_stream(bridge, ends):
    """RFC 6093: urgent data is to be read in line. Nothing stalls after it, in either direction."""
    near, far = ends.pair()
    for source, destination in ((near, far), (far, near)):
        data = payload(5 * MB)
        source.sendall(b"before ")
        source.send(b"!", socket.MSG_OOB)
        sender = Background(source.sendall, data)
        assert receive(destination, 8) == b"before !"
        assert digest(receive(destination, len(data))) == digest(data)
        sender.result()


def test_urgent_bytes_amid_bulk(bridge, ends):
    near, far = ends.pair()
    pieces = [payload(300_000, seed) for seed in range(10)]

    def send():
        for piece in pieces:
            near.sendall(piece[:-1])
            near.send(piece[-1:], socket.MSG_OOB)
        near.shutdown(socket.SHUT_WR)

    sender = Background(send)
    assert digest(receive_all(far)) == digest(b"".join(pieces))
    sender.result()


@pytest.mark.parametrize("reader", ["host", "destination"])
def test_slow_reader_stops_the_sender(bridge, ends, net, reader):
    target, source = ends.pair() if reader == "host" else reversed(ends.pair())
    most = stalled_most_bytes(net)
    taken = fill(source, limit_bytes=2 * most)
    assert taken < most
    rest = payload(2 * MB)
    sender = Background(send_and_end, source, rest)
    got = receive_all(target)
    sender.result()
    assert got[:taken].count(0) == taken
    assert digest(got[taken:]) == digest(rest)


def test_listening_port_itself_is_refused(bridge, ends, net, family):
    """No destination to be found, and nowhere else to go than back here."""
    router_ip = "192.168.1.1" if family == 4 else "fd00:1::1"
    start = time.monotonic()
    assert_refused(ends, net.host_a, router_ip, LOCAL_PORT)
    assert time.monotonic() - start < PROMPT_S


def test_redirected_to_the_listening_port_is_refused(bridge, ends, net, family):
    start = time.monotonic()
    assert_refused(ends, net.host_a, OWN_IPS[family], LOCAL_PORT)
    assert time.monotonic() - start < PROMPT_S


def test_service_of_the_router_itself(bridge, ends, net, family):
    """Redirected although it is for the router: delivered here, not by the far router."""
    listener = ends.keep(listen(net.client, OWN_IPS[family]))
    near = ends.keep(connect(net.host_a, OWN_IPS[family], port_of(listener)))
    exchange(near, ends.accept(listener), 100_000)


def test_mptcp_of_the_host_falls_back(bridge, ends):
    """The LAN side speaks plain TCP, so a host's own MPTCP is answered as by any old server."""
    near, far = ends.pair(protocol=MPTCP)
    exchange(near, far, MB)


def test_other_family_over_the_same_links(bridge, ends, net, family):
    """IPv6 flows over IPv4 links, and the other way round."""
    with type(ends)(net, 10 - family) as others:
        exchange(*others.pair(), MB)


def assert_refused(ends, node, ip, port):
    """ECONNREFUSED, or a reset before anything was said."""
    try:
        near = ends.keep(connect(node, ip, port))
        got = near.recv(1)
    except OSError as error:
        assert error.errno in (errno.ECONNREFUSED, errno.ECONNRESET)
    else:
        raise AssertionError(f"{ip} port {port} answered {got!r}")
