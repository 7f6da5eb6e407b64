# SPDX-License-Identifier: GPL-3.0-or-later
"""The laboratory says nothing that is not so."""
import pytest
import testbed
from testbed.dumbbell import Pair
from testbed.lab import Lab
from testbed.link import Link
from testbed.topology import bridge
from testbed.voice import Voice


def test_another_bridge_was_ready(net):
    """That is in the log of the same name, and says nothing about the one that comes after it."""
    with testbed.Bridge(net):
        pass
    bridge = testbed.Bridge(net, client_keys={"method": "unknown"})
    with pytest.raises(testbed.LabError, match="status 2"):
        bridge.start()
    bridge.client.stop()
    bridge.server.stop()


def test_a_link_stalls_now_and_then():
    """Packets wait, and none is lost."""
    with Lab() as lab:
        net = bridge(lab, [Link("50mbit", stall="60ms", stall_every="100ms")])
        late_ms = Voice(Pair(net.client, net.server, "10.10.1.2"), 4).added_ms()
    assert max(late_ms) > 20
    assert len(late_ms) >= 199
