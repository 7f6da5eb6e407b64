# SPDX-License-Identifier: GPL-3.0-or-later
"""A subflow whose segments are repeated in vain, though its far end is heard, does not hold the
connection up: it is closed, and the other carries what it had."""
from contextlib import contextmanager, suppress

import pytest
from hosts import Ends
from observe import lines_with, wait_for_line
from streams import Stream, wait_until_carries
from test_doctor import put_rule, take_rules
from testbed import Link, bridge, wait_until
from testbed.mpbridge import PORT
from testbed.wait import LabError

# What is full of payload is lost on link 2, and acknowledgements are not.
RULE = "iifname wan2 tcp {way} {port} meta length > 500 drop"
CLOSED = "holds its connection up: closed"
ATTEMPTS, ATTEMPT_S = 10, 5


@contextmanager
def losing(receiver, rule):
    put_rule(receiver, rule)
    yield
    take_rules(receiver)


def wait_for_closing(daemon):
    """For a while: there may be none."""
    with suppress(LabError):
        wait_until(lambda: lines_with(daemon, CLOSED), ATTEMPT_S, "a subflow to be closed")


@pytest.mark.parametrize("sender, way", [("client", "dport"), ("server", "sport")],
                         ids=["upload", "download"])
def test_a_subflow_that_is_stuck_one_way_is_closed(stage, sender, way):
    """It depends on where the loss begins whether MPTCP finds another way by itself, and then there
    is nothing to do; so it begins again until there is. The stream goes on in either case."""
    net = bridge(stage.lab, [Link("30mbit", "4ms"), Link("30mbit", "4ms")])
    verbose = {"flags": ["-v"]}
    client, server = stage.bridge(net, verbose, verbose)
    wait_for_line(client, f"{PORT} answers", 2)
    daemon, receiver = (client, net.server) if sender == "client" else (server, net.client)
    with Ends(net, 4) as ends:
        stream = Stream(*ends.pair())
        attempts = 0
        while not lines_with(daemon, CLOSED):
            assert attempts < ATTEMPTS
            attempts += 1
            for number in (1, 2):
                wait_until_carries(net.client, f"10.10.{number}.1", timeout_s=60)
            with losing(receiver, RULE.format(way=way, port=PORT)):
                wait_for_closing(daemon)
                stream.wait_for_more()
        stream.stop()
