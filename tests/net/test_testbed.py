# SPDX-License-Identifier: GPL-3.0-or-later
"""The laboratory says nothing that is not so."""
import pytest
import testbed


def test_another_bridge_was_ready(net):
    """That is in the log of the same name, and says nothing about the one that comes after it."""
    with testbed.Bridge(net):
        pass
    bridge = testbed.Bridge(net, client_keys={"method": "unknown"})
    with pytest.raises(testbed.LabError, match="status 2"):
        bridge.start()
    bridge.client.stop()
    bridge.server.stop()
