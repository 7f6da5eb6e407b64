# SPDX-License-Identifier: GPL-3.0-or-later
"""A receive buffer that is full of what came out of order does not hold a connection up: it is made
larger. The kernel takes nothing into it, not even what is missing, and tells nobody."""
from contextlib import closing

import peers
import pytest
from hosts import Ends
from observe import wait_for_line
from streams import Stream, progress
from test_dscp import Watch
from test_rescue import losing
from testbed import Link, bridge, wait_until
from testbed.mpbridge import PORT

# Short segments take more memory than the window counts on. Somebody who listens to the link keeps
# the kernel from joining them, and a link that loses payload has the connection wait for it. The
# buffer is small, and does not grow before it is full.
SHORT_MTU = 400
RULE = "iifname wan1 tcp {way} {port} meta length > 100 numgen inc mod 3 0 drop"
SMALL = {"net.ipv4.tcp_rmem": "4096 16384 6291456", "net.ipv4.tcp_moderate_rcvbuf": 0}
WIDENED = "receive buffer was full of what came out of order: it is larger now"
METHOD = "2022-blake3-aes-128-gcm"
MODES = {"splice": {}, "copy": {"forward": "copy"},
         "sealed": {"method": METHOD, "password": peers.secret(METHOD)},
         "shown": {"transparent_source": True}}  # its workers may set few options


def shorten(net, number):
    for node in (net.client, net.server):
        node.ip("link", "set", f"wan{number}", "mtu", SHORT_MTU)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("way", ["upload", "download"])
def test_a_full_receive_buffer_is_widened(stage, way, mode):
    """The connection goes on, and ends in order with all that was sent."""
    net = bridge(stage.lab, [Link("30mbit", "4ms"), Link("30mbit", "4ms")])
    shorten(net, 2)
    receiver, port = (net.server, "dport") if way == "upload" else (net.client, "sport")
    receiver.sysctl(SMALL)
    keys = {**MODES[mode], "flags": ["-v"]}
    client, server = stage.bridge(net, keys, keys)
    wait_for_line(client, f"{PORT} answers", 2)
    with Ends(net, 4) as ends, closing(Watch(receiver)):
        near, far = ends.pair()
        for node, local in ((net.client, "10.10.2.1"), (net.server, "10.10.2.2")):
            wait_until(lambda n=node, ip=local: len(progress(n, ip)) == 1, 10,
                       f"a subflow from {local}")
        with losing(receiver, RULE.format(way=port, port=PORT)):
            stream = Stream(near, far)
            wait_for_line(server if way == "upload" else client, WIDENED)
        stream.wait_for_more()
        stream.stop()
