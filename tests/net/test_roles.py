# SPDX-License-Identifier: GPL-3.0-or-later
"""Backups carry nothing while a primary works, and everything when none does; the guard makes a
backup of a link that would only slow the others down."""
import time

import pytest
from hosts import Ends
from observe import lines_with, mptcp_subflows, wait_for_line
from streams import MB, Stream, progress, wait_until_carries
from testbed import Link, bridge, rented, wait_until

RATE, RTT = "30mbit", "4ms"
STRAY_BYTES = 100_000  # greetings are no MPTCP; what is in flight when a role changes is less
LOOK_S = 1.0


def paths(*roles):
    return {"paths": [{"interface": f"wan{number}", "role": role}
                      for number, role in enumerate(roles, start=1)]}


def local(number):
    return f"10.10.{number}.1"


def moved(net, number):
    """Payload bytes on that link so far, both ways."""
    return sum(sum(counts) for counts in progress(net.client, local(number)).values())


def expect_quiet(stream, net, number):
    before = moved(net, number)
    stream.wait_for_more(4 * MB)
    assert moved(net, number) - before < STRAY_BYTES


@pytest.fixture(params=[bridge, rented], ids=lambda build: build.__name__)
def net(stage, request):
    return request.param(stage.lab, [Link(RATE, RTT), Link(RATE, RTT)])


def start(stage, net, keys):
    return stage.bridge(net, keys, net.server_keys)


def test_backup_waits_takes_over_and_steps_back(stage, net):
    start(stage, net, paths("primary", "backup"))
    with Ends(net, 4) as ends:
        stream = Stream(*ends.pair(), rate_bps=10e6)
        wait_until_carries(net.client, local(1))
        wait_until(lambda: len(mptcp_subflows(net.client)) == 2, 5, "the backup to join")
        expect_quiet(stream, net, 2)
        net.lab.link(1).blackhole()
        wait_until_carries(net.client, local(2))
        net.lab.link(1).blackhole(False)
        wait_until_carries(net.client, local(1))
        expect_quiet(stream, net, 2)
        stream.stop()


def test_what_began_on_a_backup_leaves_it(stage, net):
    client, _ = start(stage, net, paths("primary", "backup"))
    wait_for_line(client, "8388 answers", 2)
    net.lab.link(1).blackhole()
    with Ends(net, 4) as ends:
        stream = Stream(*ends.pair(), rate_bps=10e6)
        wait_until_carries(net.client, local(2))
        net.lab.link(1).blackhole(False)
        wait_until_carries(net.client, local(1))
        expect_quiet(stream, net, 2)
        stream.stop()


def test_a_link_that_would_slow_the_other_down_is_guarded(stage):
    """A megabit that takes as long for one burst as the other needs for all that buffers hold."""
    net = bridge(stage.lab, [Link("100mbit", "10ms"), Link("1mbit", "10ms", queue="1s")])
    client, server = stage.bridge(net)
    wait_for_line(client, "8388 answers", 2)
    with Ends(net, 4) as ends:
        stream = Stream(*ends.pair(), rate_bps=80e6)
        wait_for_line(client, "path wan2: guarded", timeout_s=20)
        # its subflow is made anew; until then the stream has nowhere else to go
        wait_for_line(server, "path wan2: 10.10.2.2 is announced to clients", 2)
        wait_until(lambda: len(mptcp_subflows(net.client)) == 2, 5, "link 2 to be joined anew")
        stream.wait_for_more(8 * MB)
        expect_quiet(stream, net, 2)
        net.lab.link(1).blackhole()
        wait_until_carries(net.client, local(2), 20_000, timeout_s=20)
        net.lab.link(1).blackhole(False)
        wait_until_carries(net.client, local(1))
        stream.stop(60)


def test_a_subflow_that_was_reset_is_made_again(stage, net):
    """By a middlebox, for example. The kernel leaves it at that."""
    client, _ = start(stage, net, {})
    wait_for_line(client, "8388 answers", 2)
    with Ends(net, 4) as ends:
        stream = Stream(*ends.pair())
        for number in (1, 2):
            wait_until_carries(net.client, local(number))
        net.client.run(["ss", "-K", "-tn", "src", local(2), "dport", "=", ":8388"])
        wait_until(lambda: not progress(net.client, local(2)), 5, "the subflow to be gone")
        time.sleep(LOOK_S)
        wait_until_carries(net.client, local(2), timeout_s=15)
        assert lines_with(client, "path wan2: a connection has lost its subflow there")
        stream.stop()
