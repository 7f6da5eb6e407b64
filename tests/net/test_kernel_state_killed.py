# SPDX-License-Identifier: GPL-3.0-or-later
"""What a killed mpbridge leaves behind, the next one sweeps up; and nothing of one that lives."""
import itertools
import os
import random
import select
import signal
import subprocess
import time
from contextlib import suppress

import pytest
from hosts import Ends, echoes, receive_until_reset
from observe import (difference, endpoints, eventually, expect_paths, limits, lines_with, links4,
                     mptcp_subflows, open_flows, our_routes, our_rules, wait_for_line)
from testbed import Link, bridge, rented, wait_until
from testbed.mpbridge import add_redirect

ROUNDS = 20
START_S = 0.15
SWEPT = "that a killed mpbridge had left"


@pytest.fixture
def net(stage):
    net = bridge(stage.lab, [Link(), Link()])
    add_redirect(net.client, ("iptables",))
    return net


def pids(node):
    return set(subprocess.run(["ip", "netns", "pids", node.namespace], capture_output=True,
                              text=True, check=True).stdout.split())


def handles(numbers):
    """A pidfd for each that is still there."""
    found = []
    for pid in numbers:
        try:
            found.append(os.pidfd_open(int(pid)))
        except ProcessLookupError:
            pass
    return found


def wait_ended(found, what):
    """A process leaves its namespace a moment before its sockets are closed, and has ended after."""
    for handle in found:
        assert select.select([handle], [], [], 5)[0], f"still there: {what}"
        os.close(handle)


def kill(daemon, others=frozenset()):
    """kill -9 to the supervisor alone. Its workers end by themselves."""
    workers = handles(pids(daemon.node) - others)
    daemon.process.send_signal(signal.SIGKILL)
    daemon.process.wait()
    wait_ended(workers, "workers of a killed supervisor")
    wait_until(lambda: pids(daemon.node) <= others, 5, "what it had just begun to end")


def kill_all(node):
    """kill -9 to every process there, and to those that they have made meanwhile."""
    while found := handles(pids(node)):
        for handle in found:
            with suppress(ProcessLookupError):
                signal.pidfd_send_signal(handle, signal.SIGKILL)
        wait_ended(found, "what was killed")


def test_workers_end_with_their_supervisor(stage, net):
    """And the hosts of their flows are told by a reset."""
    client, _ = stage.pair(net)
    with Ends(net, 4) as ends:
        ((near, _),) = open_flows(ends)
        kill(client)
        receive_until_reset(near)


@pytest.mark.parametrize("role", ["client", "server"])
def test_next_start_sweeps_up(stage, net, role):
    node = net.client if role == "client" else net.server
    before = node.dump()
    client, server = stage.pair(net)
    victim = client if role == "client" else server
    expect_paths(net, links4(1, 2), count=1)
    kill(victim)
    assert our_rules(node) and our_routes(node) and endpoints(node), "there is something to sweep"
    again = (stage.client if role == "client" else stage.server)(net, name="again")
    again.start().wait_ready()
    assert len(lines_with(again, SWEPT)) == 1
    wait_for_line(client if role == "server" else again, "8388 answers", 2, timeout_s=15)
    expect_paths(net, links4(1, 2))
    assert again.stop() == 0
    assert difference(before, node.dump()) == []


def test_next_start_may_be_told_other_paths(stage, net):
    """What was left is not what is wanted now."""
    before = net.client.dump()
    client, server = stage.pair(net, {"paths": [{"interface": "wan1"}, {"interface": "wan2"}]})
    kill(client)
    again = stage.client(net, name="again", paths=[{"interface": "wan2"}]).start().wait_ready()
    assert set(endpoints(net.client)) <= {"10.10.2.1"}
    assert all("10.10.1." not in rule for rule in our_rules(net.client))
    assert again.stop() == 0
    assert difference(before, net.client.dump()) == []
    assert server.stop() == 0


def test_a_wrong_start_sweeps_or_leaves_but_adds_nothing(stage, net):
    """One that fails after a kill does not make it worse, and the next good one clears all."""
    before = net.client.dump()
    client = stage.client(net).start().wait_ready()
    kill(client)
    left = net.client.dump()
    failed = stage.client(net, name="failed", paths=[{"interface": "nothere"}]).start()
    assert failed.process.wait(5) == 1
    assert [line for line in difference(left, net.client.dump()) if line.startswith("+")
            and "subflows" not in line] == []
    assert stage.client(net, name="good").start().wait_ready().stop() == 0
    assert difference(before, net.client.dump()) == []


@pytest.mark.parametrize("role", ["client", "server"])
def test_killed_at_any_moment(stage, net, role):
    """Twenty times, somewhere between exec and ready; nothing piles up."""
    node = net.client if role == "client" else net.server
    make = stage.client if role == "client" else stage.server
    moments = random.Random(role)
    other = stage.server(net, name="other") if role == "client" else stage.client(net, name="other")
    other.start().wait_ready()
    before = node.dump()
    for number in range(ROUNDS):
        daemon = make(net, name=f"killed{number}").start()
        time.sleep(moments.uniform(0, START_S))
        kill(daemon)
    last = make(net, name="last").start().wait_ready()
    if role == "client":
        expect_paths(net, links4(1, 2))
    assert last.stop() == 0
    assert difference(before, node.dump()) == []


@pytest.mark.parametrize("call", ["sendto", "renameat", "unlinkat"])
@pytest.mark.parametrize("role", ["client", "server"])
def test_killed_at_each_step_of_sweep_and_start(stage, net, role, call):
    """One was killed with all in place, and the next one is killed before its first request to the
    kernel or change of a file, before its second, and so on until it is ready."""
    node = net.client if role == "client" else net.server
    make = stage.client if role == "client" else stage.server
    paths = [{"interface": "wan1"}, {"interface": "wan2"}]
    before = node.dump()
    for step in itertools.count(1):
        whole = make(net, name=f"whole{step}", paths=paths).start().wait_ready()
        eventually(lambda: len(endpoints(node)), 2)
        kill(whole)
        under = ["strace", "-qq", "-o", "/dev/null", "-e", f"trace={call}",
                 "-e", f"inject={call}:signal=SIGKILL:when={step}"]
        daemon = make(net, name=f"killed{step}", under=under, paths=paths).start()
        was_ready = wait_until(lambda: daemon.process.poll() is not None or "ready" in daemon.log,
                               10, "its end, or ready") and daemon.process.poll() is None
        kill_all(node)
        assert make(net, name=f"last{step}", paths=paths).start().wait_ready().stop() == 0
        assert difference(before, node.dump()) == []
        if was_ready:
            assert step > 2, "it was killed at some steps"
            return


def test_killed_beside_a_living_one(stage, net):
    """The flows of the one that lives go on over both links while another is killed, swept up, and
    stopped; in the end everything is as before the first."""
    server = stage.server(net).start().wait_ready()
    before = net.client.dump()
    lives = stage.client(net, name="lives").start().wait_ready()
    wait_for_line(lives, "8388 answers", 2)
    its_pids = pids(net.client)
    its_objects = our_rules(net.client) + our_routes(net.client)
    killed = stage.client(net, name="killed", local_port=1081).start().wait_ready()
    with Ends(net, 4) as ends:
        ((near, far),) = open_flows(ends)
        eventually(lambda: len(mptcp_subflows(net.client)), 2)
        kill(killed, its_pids)
        again = stage.client(net, name="again", local_port=1081).start().wait_ready()
        assert len(lines_with(again, SWEPT)) == 1
        assert set(its_objects) <= set(our_rules(net.client) + our_routes(net.client))
        assert again.stop() == 0
        assert our_rules(net.client) + our_routes(net.client) == its_objects
        assert echoes(near, far) and len(mptcp_subflows(net.client)) == 2
    expect_paths(net, links4(1, 2))
    assert lives.stop() == 0
    assert difference(before, net.client.dump()) == []
    assert server.stop() == 0


@pytest.mark.parametrize("build", [bridge, rented])
def test_the_first_of_two_is_killed(stage, build):
    """The endpoints that both use were made by the one that is killed; they stay for the other."""
    net = build(stage.lab, [Link(), Link()])
    add_redirect(net.client, ("iptables",))
    stage.server(net, allow=["10.10.0.0/16"]).start().wait_ready()
    before = net.client.dump()
    killed = stage.client(net, name="killed", local_port=1081).start().wait_ready()
    its_pids = pids(net.client)
    lives = stage.client(net, name="lives").start().wait_ready()
    lives_pids = pids(net.client) - its_pids
    wait_for_line(lives, "8388 answers", 2)
    with Ends(net, 4) as ends:
        ((near, far),) = open_flows(ends)
        eventually(lambda: len(mptcp_subflows(net.client)), 2)
        kill(killed, lives_pids)
        again = stage.client(net, name="again", local_port=1081).start().wait_ready()
        assert echoes(near, far) and len(mptcp_subflows(net.client)) == 2
    expect_paths(net, [(f"10.10.{number}.1", net.server_ips[-1 if build is rented else number - 1])
                       for number in (1, 2)])
    assert (lives.stop(), again.stop()) == (0, 0)
    assert difference(before, net.client.dump()) == []


def test_foreign_limits_set_after_a_kill_stay(stage, net):
    """They are somebody else's by then, and what was before the killed one does not come back."""
    kill(stage.client(net).start().wait_ready())
    net.client.ip("mptcp", "limits", "set", "subflows", "7", "add_addr_accepted", "6")
    assert stage.client(net, name="again").start().wait_ready().stop() == 0
    assert limits(net.client) == (6, 7)


def test_foreign_objects_beside_what_was_left_stay(stage, net):
    """The sweep takes what is marked or noted as ours, and nothing else."""
    before = net.client.dump()
    kill(stage.client(net).start().wait_ready())
    net.client.ip("mptcp", "endpoint", "add", "192.168.1.1", "signal")
    net.client.ip("rule", "add", "from", "192.168.78.0/24", "table", "52000", "priority", "521")
    net.client.ip("route", "add", "10.78.0.0/16", "dev", "lan", "table", "52000")
    assert stage.client(net, name="again").start().wait_ready().stop() == 0
    added = difference(before, net.client.dump())
    assert len(added) == 3 and all(line.startswith("+") for line in added)


def test_endpoint_made_anew_by_somebody_is_not_swept(stage, net):
    """After a kill somebody replaced our endpoint by one of its own at the same address."""
    kill(stage.client(net).start().wait_ready())
    net.client.ip("mptcp", "endpoint", "flush")
    net.client.ip("mptcp", "endpoint", "add", "10.10.2.1", "id", "7", "backup", "subflow")
    assert stage.client(net, name="again").start().wait_ready().stop() == 0
    assert endpoints(net.client) == {"10.10.2.1": {"backup", "subflow"}}
