# SPDX-License-Identifier: GPL-3.0-or-later
"""A client with two far routers. New connections go to the first one that works, running ones stay
where they began, and when no router is left the client says so at once."""
import json
import time

import pytest
from hosts import Ends, connect, echoes, port_of, receive_all
from observe import connections, difference, endpoints, eventually, lines_with, wait_for_line
from streams import Stream, wait_until_carries
from testbed import Link, rented_routers, routers, wait_until
from testbed.knock import Knocks
from testbed.mpbridge import PORT, add_redirect, binary, config_text

RATE = "30mbit"
TAKEOVER_S = 2
RETURN_S = 10
REFUSAL_S = 0.5
PATIENCE_S = 1
LISTENERS = ["ss", "-tlnH", f"sport = :{PORT}"]


class Scene:
    """The three routers with their daemons, and a listener in host B."""

    def __init__(self, stage, build=routers, links=3, emulated=False, prepare=None, **keys):
        self.stage = stage
        self.net = net = build(stage.lab, [Link(RATE, "4ms" if emulated else None)
                                           for _ in range(links)])
        if prepare:
            prepare(net)
        add_redirect(net.client, ("iptables",))
        self.before = net.client.dump()
        self.server = self._server(net.server, "server")
        self.other = self._server(net.other, "other")
        self.client = stage.client(net, [net.server_ips, net.other_ips], **keys).start()
        self.client.wait_ready()
        self.ends = Ends(net, 4)
        self.listener = self.ends.listen()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.ends.close_all()

    def _server(self, node, name):
        config = config_text("0.0.0.0", {"local_address": None, **self.net.server_keys})
        return self.stage.add(node, "server", config, name=name).start().wait_ready()

    def pair(self):
        """A new connection, and the name of the far router that it came over."""
        near, far = self.ends.pair(self.listener)
        return near, far, self.router_of(far)

    def router_of(self, far):
        names = {self.net.server_ip: "server", self.net.other_ip: "other"}
        return names.get(far.getpeername()[0], "none")

    def router(self):
        """How a new connection goes: "server", "other", "none" (directly) or "refused"."""
        self.listener.settimeout(PATIENCE_S)
        try:
            with connect(self.net.host_a, self.net.host_b_ip, port_of(self.listener)):
                far, _ = self.listener.accept()
        except (ConnectionResetError, TimeoutError):
            return "refused"
        with far:
            return self.router_of(far)

    def kill(self, *daemons):
        """kill -9, and the kernel refuses what comes to the port."""
        for daemon in daemons:
            daemon.process.kill_group()
            wait_until(lambda: not daemon.node.run(LISTENERS).stdout, 2, "its sockets to close")

    def wait_for(self, name, timeout_s):
        wait_until(lambda: self.router() == name, timeout_s, f"new connections over the {name}")

    def stays(self, name, count=10):
        assert [self.router() for _ in range(count)] == [name] * count

    def stop(self):
        """The client leaves nothing behind."""
        self.ends.close_all()
        assert self.client.stop() == 0
        assert difference(self.before, self.net.client.dump()) == []


def kill_daemon(scene):
    scene.kill(scene.server)
    return lambda: scene.server.start().wait_ready()


def swallow(scene):
    for number in (1, 2):
        scene.net.lab.link(number).blackhole(True)
    return lambda: [scene.net.lab.link(number).blackhole(False) for number in (1, 2)]


def lose_carriers(scene):
    for number in (1, 2):
        scene.net.lab.link(number).down()
    return lambda: [scene.net.lab.link(number).up() for number in (1, 2)]


OUTAGES = {"daemon": kill_daemon, "silence": swallow, "carrier": lose_carriers}


def test_the_first_one_is_preferred(stage):
    with Scene(stage) as scene:
        scene.stays("server")
        near, _, _ = scene.pair()
        expected = sorted((f"10.10.{n}.1", f"10.10.{n}.2", "ESTAB") for n in (1, 2))
        eventually(lambda: connections(scene.net.client), [expected])
        assert set(endpoints(scene.net.client)) == {"10.10.1.1", "10.10.2.1"}
        near.close()
        scene.stop()


@pytest.mark.parametrize("kind", OUTAGES)
def test_another_one_takes_over_and_gives_back(stage, kind):
    with Scene(stage, emulated=kind == "silence") as scene:
        scene.stays("server", 3)
        end = OUTAGES[kind](scene)
        with_outage_s = time.monotonic()
        near, far, name = scene.pair()
        assert name == "other"
        assert time.monotonic() < with_outage_s + TAKEOVER_S
        stream = Stream(near, far, 10e6)
        wait_for_line(scene.client, "using far router 2 (10.10.3.2): no path to far router 1 works")
        scene.stays("other")
        end()
        scene.wait_for("server", RETURN_S)
        wait_for_line(scene.client, "using far router 1 (10.10.1.2): a path to it has worked")
        scene.stays("server")
        stream.wait_for_more(200_000)
        stream.stop()
        assert len(lines_with(scene.client, "using far router")) == 2
        scene.stop()


@pytest.mark.parametrize("kind", ["daemon", "silence"])
def test_no_connection_fails_meanwhile(stage, kind):
    with Scene(stage, emulated=kind == "silence") as scene:
        knocks = Knocks(scene.net)
        time.sleep(0.3)
        end = OUTAGES[kind](scene)
        begin_s = time.monotonic()  # one that began before may have met the router while it died
        time.sleep(TAKEOVER_S)
        end()
        during = [knock for knock in knocks.finish() if knock.begin_s >= begin_s]
        assert len(during) > 20
        assert [knock.error for knock in during if knock.latency_s is None] == []
        assert max(knock.latency_s for knock in during) < TAKEOVER_S


def test_both_share_the_links(stage):
    """Two rented servers: one endpoint serves the connections to both."""
    with Scene(stage, rented_routers, 2) as scene:
        scene.stays("server", 3)
        scene.kill(scene.server)
        scene.wait_for("other", TAKEOVER_S)
        wait_for_line(scene.client, "using far router 2", timeout_s=TAKEOVER_S)
        near, far, _ = scene.pair()
        stream = Stream(near, far, 40e6)
        for number in (1, 2):
            wait_until_carries(scene.net.client, f"10.10.{number}.1")
        scene.server.start().wait_ready()
        scene.wait_for("server", RETURN_S)
        wait_for_line(scene.client, "using far router 1")
        scene.kill(scene.server)
        scene.wait_for("other", TAKEOVER_S)
        wait_for_line(scene.client, "using far router 2", 2, TAKEOVER_S)
        for number in (1, 2):
            wait_until_carries(scene.net.client, f"10.10.{number}.1")
        scene.net.lab.link(1).down()
        stream.wait_for_more()
        stream.stop()
        scene.net.lab.link(1).up()
        scene.stop()


def by_the_same_links(net):
    """`other` is reached over links 1 and 2, through the first router and host B."""
    net.lab.link(3).down()
    for number in (1, 2):
        net.client.ip("route", "add", "192.168.3.0/24", "via", f"10.10.{number}.2",
                      "dev", f"wan{number}", "metric", 100 * number)
    net.server.ip("route", "add", "192.168.3.0/24", "via", "192.168.2.2")
    net.other.ip("route", "add", "10.10.0.0/16", "via", "192.168.3.2")
    net.other_ips = ["192.168.3.1"]
    net.server_keys = {"allow": ["10.10.0.0/16"]}


def test_endpoints_of_another_kind(stage):
    """The first router has an address for each link, the other one has one for all."""
    with Scene(stage, prepare=by_the_same_links) as scene:
        client = scene.net.client
        assert endpoints(client) == {"10.10.1.1": set(), "10.10.2.1": set()}
        scene.kill(scene.server)
        scene.wait_for("other", TAKEOVER_S)
        wait_for_line(scene.client, "using far router 2")
        near, far, _ = scene.pair()
        expected = [(f"10.10.{n}.1", "192.168.3.1", "ESTAB") for n in (1, 2)]
        eventually(lambda: expected in connections(client), True)
        stream = Stream(near, far, 10e6)
        scene.server.start().wait_ready()
        scene.wait_for("server", RETURN_S)
        pair = scene.pair()
        first = [(f"10.10.{n}.1", f"10.10.{n}.2", "ESTAB") for n in (1, 2)]
        # and it may be joined from an address that is needed for the other router
        eventually(lambda: any(set(first) <= set(found) for found in connections(client)), True)
        assert expected in connections(client)
        assert echoes(*pair[:2])
        stream.wait_for_more(200_000)
        stream.stop()
        scene.stop()


def test_none_is_left(stage):
    with Scene(stage) as scene:
        scene.kill(scene.server, scene.other)
        begin_s = time.monotonic()
        with pytest.raises(ConnectionResetError):
            receive_all(scene.ends.connect(port_of(scene.listener)))
        assert time.monotonic() < begin_s + REFUSAL_S
        scene.stop()


def test_none_is_left_and_it_goes_directly(stage):
    with Scene(stage, on_peer_down="direct") as scene:
        scene.kill(scene.server, scene.other)
        scene.wait_for("none", RETURN_S)
        scene.stays("none", 3)
        scene.stop()


def status(scene, *flags):
    return scene.net.client.run([binary(), "status", "client", *flags]).stdout


def test_status_tells_of_both(stage):
    with Scene(stage) as scene:
        answer = json.loads(status(scene, "--json"))
        assert (answer["routers"], answer["active_router"]) == (2, 1)
        assert [(path["interface"], path["router"], path["active"]) for path in answer["paths"]] == [
            ("wan1", 1, True), ("wan2", 1, True), ("wan3", 2, False)]
        scene.kill(scene.server)
        scene.wait_for("other", TAKEOVER_S)
        wait_for_line(scene.client, "using far router 2")
        text = status(scene)
        assert "new connections go to far router 2" in text
        rows = [line.split()[:3] for line in text.splitlines() if line.startswith("wan3")]
        assert rows[0] == ["wan3", "*2", "up"]
