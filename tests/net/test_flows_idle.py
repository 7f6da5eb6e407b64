# SPDX-License-Identifier: GPL-3.0-or-later
"""Idle flows end, and only they."""
import time

import pytest
from hosts import Background, receive, receive_all, receive_until_reset, send_and_end

TIMEOUT_S = 2
# the timeouts of idle flows fall together on seconds, so that a router does not wake for each
LATEST_S = TIMEOUT_S + 2


@pytest.fixture(scope="module")
def client_keys():
    return {"timeout": TIMEOUT_S}


@pytest.fixture(scope="module")
def server_keys():
    return {"timeout": TIMEOUT_S}


def seconds_to_reset(opened, start):
    """From `start` on; nothing else must come."""
    assert receive_until_reset(opened) == b""
    return time.monotonic() - start


def keep_busy(source, destination, end_s):
    """A byte now and then in one direction, until that time."""
    while time.monotonic() < end_s:
        source.sendall(b"x")
        assert receive(destination, 1) == b"x"
        time.sleep(TIMEOUT_S / 8)


def test_idle_flows_end_and_active_ones_do_not(bridge, ends):
    idle, half_closed_idle, active, half_closed = (ends.pair() for _ in range(4))
    start = time.monotonic()
    send_and_end(half_closed[0], b"")
    assert receive_all(half_closed[1]) == b""
    send_and_end(half_closed_idle[0], b"")
    assert receive_all(half_closed_idle[1]) == b""
    busy = [Background(keep_busy, *active, start + LATEST_S + 0.5),
            Background(keep_busy, *reversed(half_closed), start + LATEST_S + 0.5)]
    endings = [Background(seconds_to_reset, opened, start)
               for opened in (*idle, half_closed_idle[0])]
    for ending in endings:
        assert TIMEOUT_S - 0.5 < ending.result() < LATEST_S
    for talk in busy:
        talk.result()
