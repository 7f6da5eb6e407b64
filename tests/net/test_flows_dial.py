# SPDX-License-Identifier: GPL-3.0-or-later
"""Destinations that never answer. How payload is moved has no part in it: one mode will do."""
import time

import pytest
from conftest import Mode
from hosts import Background, connect, receive_until_reset, reset
from testbed import wait_until

pytestmark = pytest.mark.parametrize("mode", [Mode(4)], ids=str, indirect=True, scope="module")

DIAL_DEADLINE_S = 10


@pytest.fixture(scope="module")
def client_keys():
    """Listens for both families, as it does where the file does not say."""
    return {"local_address": None}


def seconds_to_reset(opened, start):
    """From `start` on; nothing else must come."""
    assert receive_until_reset(opened) == b""
    return time.monotonic() - start


@pytest.fixture
def silent_ip(net):
    """Addresses behind the server where packets vanish; by family."""
    ips = {4: "198.18.0.1", 6: "fd00:18::1"}
    net.server.ip("-4", "route", "add", f"{ips[4]}/32", "via", "192.168.2.2")
    net.server.ip("-6", "route", "add", f"{ips[6]}/128", "via", "fd00:2::2")
    for ip in ips.values():
        net.host_b.ip("route", "add", "blackhole", ip)
    yield ips
    for ip in ips.values():
        net.host_b.ip("route", "del", "blackhole", ip)
        net.server.ip("route", "del", ip)


def test_destinations_that_do_not_answer(bridge, ends, net, silent_ip):
    """Nobody has the address (the router learns that), or packets vanish (it can only wait)."""
    start = time.monotonic()
    absent = [ends.keep(connect(net.host_a, ip, 80)) for ip in ("192.168.2.77", "fd00:2::77")]
    silent = [ends.keep(connect(net.host_a, silent_ip[family], 80)) for family in (4, 6)]
    for opened in (*absent, *silent):
        opened.settimeout(DIAL_DEADLINE_S + 3)
    waits = [Background(seconds_to_reset, opened, start) for opened in (*absent, *silent)]
    for wait in waits[:2]:
        assert wait.result() < DIAL_DEADLINE_S - 2
    for wait in waits[2:]:
        assert DIAL_DEADLINE_S - 1 < wait.result() < DIAL_DEADLINE_S + 2


def test_host_gives_up_while_the_destination_is_silent(bridge, ends, net, silent_ip):
    """The attempt ends with it, instead of waiting for the deadline."""
    near = connect(net.host_a, silent_ip[4], 81)

    def attempts():
        return net.server.run(["ss", "-tnH", "state", "syn-sent", "dport", "=", ":81"]).stdout

    wait_until(attempts, 5, "the server to dial")
    reset(near)
    wait_until(lambda: not attempts(), 3, "the server to stop dialing")
