# SPDX-License-Identifier: GPL-3.0-or-later
"""Another configuration for a daemon that runs: what changes, what a mistake does, and that no flow is
lost or changed by it."""
import os
import signal
import time

import pytest
from hosts import (LIMIT_S, Ends, connect, echoes, exchange_exactly, expect_reset, port_of,
                   receive_until_reset)
from load import Load
from observe import eventually, lines_with, mptcp_subflows, status_of, wait_for_line
from processes import workers
from testbed import Link, bridge, wait_until
from testbed.mpbridge import binary, config_text

BRIDGED, DIRECT = "192.168.2.1", "192.168.1.2"
KEYS = {"method": "2022-blake3-aes-128-gcm", "password": "AAECAwQFBgcICQoLDA0ODw=="}
OTHER_KEYS = {**KEYS, "password": "DwAODQwLCgkIBwYFBAMCAQ=="}
RELOADS, FLOWS = 6, 12

WAYS = pytest.mark.parametrize("way", ["command", "signal"])


@pytest.fixture
def net(stage):
    return bridge(stage.lab, [Link(), Link()])


def write(daemon, **keys):
    """Another file for this daemon, over what the stage gives it."""
    net_keys = {"local_address": None, **keys}
    server = "0.0.0.0" if daemon.role == "server" else ["10.10.1.2", "10.10.2.2"]
    server = net_keys.pop("server", server)
    daemon.node.write_file(f"{daemon.role}.json", config_text(server, net_keys))


def command(daemon, *whom):
    return daemon.node.run([binary(), "reload", *whom], check=False)


def reload(daemon, way="command", **keys):
    """And until it runs by it."""
    write(daemon, **keys)
    done = len(lines_with(daemon, "reloaded:"))
    if way == "command":
        result = command(daemon)
        assert (result.returncode, result.stderr) == (0, ""), result
        assert result.stdout == (f"the {daemon.role} with pid {daemon.process.pid} changes over to "
                                 "the new configuration\n")
    else:
        daemon.process.send_signal(signal.SIGHUP)
    wait_for_line(daemon, "reloaded:", done + 1)


@WAYS
@pytest.mark.parametrize("role", ["client", "server"])
def test_running_flows_live_on(stage, net, role, way):
    """With the workers that they have, while new ones have others; which leave with their last one."""
    client, server = stage.bridge(net)
    daemon = client if role == "client" else server
    before = set(workers(daemon))
    with Ends(net, 4) as ends:
        old = ends.pair()
        assert echoes(*old)
        reload(daemon, way, workers=1)
        assert echoes(*old)
        new = ends.pair()
        exchange_exactly(*old, 1 << 20)
        exchange_exactly(*new, 1 << 20)
        after = set(workers(daemon))
        assert len(after - before) == 1 and len(after & before) == 1
        states = [worker["state"] for worker in status_of(daemon)["workers"]]
        assert sorted(states) == ["leaving", "running"]
        for opened in old:
            opened.close()
        eventually(lambda: set(workers(daemon)) & before, set())
        assert echoes(*new)


@WAYS
def test_a_mistake_changes_nothing(stage, net, way):
    client, _ = stage.bridge(net)
    before = workers(client)
    for keys, mistake in (({"timeout": "long"}, "timeout: found \"long\""),
                          ({"paths": [{"interface": "wan1", "role": "x"}]}, "paths[0].role"),
                          ({"paths": [{"interface": "nosuch"}]}, "nosuch"),
                          ({"user": "nobody-of-this-name"}, "nobody-of-this-name"),
                          ({"local_address": "10.99.99.99"}, "cannot listen on 10.99.99.99"),
                          ({"server": "no.such.name.invalid"}, "no.such.name.invalid")):
        write(client, **keys)
        if way == "command":
            result = command(client)
            assert result.returncode == 1 and "goes on as it was" in result.stderr
        else:
            client.process.send_signal(signal.SIGHUP)
        wait_for_line(client, mistake)
        with Ends(net, 4) as ends:
            assert echoes(*ends.pair())
    client.node.write_file("client.json", "{")
    assert "the file ends in the middle" in command(client).stderr
    wait_for_line(client, "not reloaded: everything stays as it was", 7)
    assert workers(client) == before


def test_nobody_to_reload(net):
    result = net.client.run([binary(), "reload"], check=False)
    assert (result.returncode, result.stderr) == (
        1, "mpbridge: no mpbridge runs in this network namespace\n")


def test_one_of_those_that_run(stage, net):
    client, _ = stage.bridge(net)
    pid = client.process.pid
    result = command(client, pid + 1)
    assert (result.returncode, result.stderr) == (
        1, f"mpbridge: no mpbridge with pid {pid + 1} runs in this network namespace\n")
    assert f"the client with pid {pid} changes over" in command(client, pid).stdout
    wait_for_line(client, "reloaded:", 1)
    for rubbish in ("0", "-1", "1x", "99999999999"):
        result = command(client, "--", rubbish)
        assert result.returncode == 2 and f'"{rubbish}" is unknown' in result.stderr


def test_who_may_use_the_server(stage, net):
    _, server = stage.bridge(net)
    with Ends(net, 4) as ends:
        old, listener = ends.pair(), ends.listen()
        reload(server, allow=["203.0.113.0/24"])
        expect_reset(ends, port_of(listener))
        assert echoes(*old)
        reload(server, allow=["10.10.0.0/16"])
        eventually(lambda: opens(ends, listener), True)
        assert echoes(*old)


def opens(ends, listener):
    try:
        return echoes(*ends.pair(listener))
    except (ConnectionError, TimeoutError):
        return False


@pytest.mark.parametrize("first, second", [({}, KEYS), (KEYS, {}), (KEYS, OTHER_KEYS)],
                         ids=["none-key", "key-none", "key-key"])
def test_method_and_key(stage, net, first, second):
    """At one end after the other; flows keep those that they began with."""
    client, server = stage.bridge(net, first, first)
    with Ends(net, 4) as ends:
        old, listener = ends.pair(), ends.listen()
        reload(server, **second)
        assert echoes(*old)
        reload(client, **second)
        eventually(lambda: opens(ends, listener), True)
        exchange_exactly(*old, 1 << 20)


def test_paths(stage, net):
    """One goes, and comes back; a flow that runs is carried by what there is. Workers do not care."""
    client, _ = stage.bridge(net)
    before = workers(client)
    with Ends(net, 4) as ends:
        near, far = ends.pair()

        def links():
            return sorted(subflow.local for subflow in mptcp_subflows(net.client))

        eventually(links, ["10.10.1.1", "10.10.2.1"])
        reload(client, paths=[{"interface": "wan1"}])
        eventually(lambda: [path["interface"] for path in status_of(client)["paths"]], ["wan1"])
        assert echoes(near, far)
        reload(client)
        eventually(lambda: sorted(path["interface"] for path in status_of(client)["paths"]
                                  if path["state"] == "up"), ["wan1", "wan2"])
        assert echoes(near, far)
        assert echoes(*ends.pair())
    assert workers(client) == before


def test_greetings_after_one_that_concerns_no_worker(stage, net):
    """They are sealed with the key that is read then."""
    client, _ = stage.bridge(net, KEYS, KEYS)
    before = workers(client)
    for _ in range(3):
        reload(client, **KEYS, paths=[{"interface": "wan1"}])
        reload(client, **KEYS)
        eventually(lambda: sorted(path["interface"] for path in status_of(client)["paths"]
                                  if path["state"] == "up"), ["wan1", "wan2"])
    assert workers(client) == before


def test_port_and_address(stage, net):
    """Another listening port at both ends; the old one is closed."""
    client, server = stage.bridge(net)
    with Ends(net, 4) as ends:
        old, listener = ends.pair(), ends.listen()
        reload(server, server_port=8389)
        reload(client, server_port=8389)
        eventually(lambda: opens(ends, listener), True)
        assert echoes(*old)
        for port, answers in ((8388, False), (8389, True)):
            try:
                connect(net.client, "10.10.1.2", port).close()
                assert answers
            except ConnectionRefusedError:
                assert not answers


def test_interception_comes_and_goes(stage, net):
    client, _ = stage.pair(net)
    with Ends(net, 4) as ends:
        direct = ends.pair()
        assert direct[1].getpeername()[0] == DIRECT
        taking = {"intercept": {"interfaces": ["lan"]}, "on_peer_down": "direct"}
        reload(client, **taking)
        bridged = ends.pair()
        assert bridged[1].getpeername()[0] == BRIDGED
        assert echoes(*direct) and echoes(*bridged)
        taking["intercept"]["exclude"] = ["192.168.2.0/24"]
        reload(client, **taking)
        assert ends.pair()[1].getpeername()[0] == DIRECT
        assert echoes(*direct) and echoes(*bridged)
        reload(client)
        assert ends.pair()[1].getpeername()[0] == DIRECT
        assert echoes(*direct) and echoes(*bridged)
        reload(client, intercept={"interfaces": ["lan"]}, on_peer_down="direct")
        assert ends.pair()[1].getpeername()[0] == BRIDGED
        assert echoes(*direct) and echoes(*bridged)
        reload(client)
        bridged[0].close()
        ends.close_all()
        eventually(lambda: net.client.run(["nft", "list", "ruleset"]).stdout, "")


@pytest.mark.parametrize("mode", ["tproxy", "redirect"])
def test_what_was_taken_stays_taken(stage, net, mode):
    """By an interface, and on the way out, that the next configuration does not have."""
    net.client.ip("link", "add", "other", "type", "veth", "peer", "name", "another")

    def keys(interface, **others):
        return {"intercept": {"interfaces": [interface], "mode": mode, **others}}

    client, _ = stage.pair(net, keys("lan", local_output=True))
    with Ends(net, 4) as ends:
        listener = ends.listen()
        flows = [ends.pair(listener)]
        own = ends.keep(connect(net.client, ends.b_ip, port_of(listener)))
        flows.append((own, ends.accept(listener)))
        assert [far.getpeername()[0] for _, far in flows] == [BRIDGED, BRIDGED]
        reload(client, **keys("other"))
        for near, far in flows:
            exchange_exactly(near, far, 200_000)
        assert ends.pair(listener)[1].getpeername()[0] == DIRECT
        reload(client)
        for near, far in flows:
            exchange_exactly(near, far, 200_000)
    eventually(lambda: net.client.run(["nft", "list", "ruleset"]).stdout, "")
    eventually(lambda: "52256" in net.client.run(["ip", "rule"]).stdout, False)


def test_from_many_workers_to_one(stage, net):
    """It has all their listening sockets."""
    client, _ = stage.bridge(net, {"workers": 20})
    reload(client, workers=1)
    with Ends(net, 4) as ends:
        listener = ends.listen()
        for _ in range(60):
            assert echoes(*ends.pair(listener))


def test_as_many_workers_as_there_can_be(stage, net):
    client, _ = stage.bridge(net, {"workers": 64})
    reload(client, workers=64, timeout=99)
    with Ends(net, 4) as ends:
        assert echoes(*ends.pair())


def test_names_are_followed_after_one(stage, net, tmp_path):
    """By the configuration that there is now."""
    (tmp_path / "hosts").write_text("127.0.0.1 localhost\n")
    under = ["unshare", "--mount", "sh", "-c",
             'mount --bind "$0" /etc/hosts && exec "$@"', tmp_path / "hosts"]
    client = stage.client(net).start()
    server = stage.server(net, under=under).start()
    client.wait_ready()
    server.wait_ready()
    reload(server, congestion="cubic")
    (tmp_path / "hosts").write_text("127.0.0.1 localhost elsewhere\n")
    time.sleep(0.3)
    reload(server, congestion="reno")
    assert len(workers(server)) == 2


def test_another_mode_takes_a_restart(stage, net):
    client, _ = stage.pair(net, {"intercept": {"interfaces": ["lan"], "mode": "tproxy"}})
    write(client, intercept={"interfaces": ["lan"], "mode": "redirect"})
    assert command(client).returncode == 1
    wait_for_line(client, "intercept.mode: another one takes a restart")


def test_a_password_of_the_command_line(stage, net):
    """Is still known when the file is read again."""
    flags = ["-m", "aes-128-gcm", "-k", "a password"]
    client = stage.client(net, flags=flags, method=None, password=None).start()
    server = stage.server(net, flags=flags, method=None, password=None).start()
    client.wait_ready()
    server.wait_ready()
    reload(client, method=None, password=None, timeout=77)
    reload(server, method=None, password=None, timeout=77)
    wait_for_line(client, "answers", 2)
    assert not lines_with(client, "does not answer")


def test_stop_while_old_workers_leave(stage, net):
    client, _ = stage.bridge(net)
    with Ends(net, 4) as ends:
        near, far = ends.pair()
        reload(client, timeout=99)
        client.process.terminate()
        wait_for_line(client, "stopping: 1 flows")
        assert echoes(near, far)
        client.process.terminate()
        assert client.process.wait(5) == 0
        assert receive_until_reset(near) == b""


def test_stop_in_the_middle_of_one(stage, net):
    """Nothing is left behind, and nothing hangs."""
    client, _ = stage.pair(net, {"intercept": {"interfaces": ["lan"]}})
    for _ in range(5):
        write(client, timeout=88)
        client.process.send_signal(signal.SIGHUP)
        client.process.send_signal(signal.SIGTERM)
        assert client.process.wait(5) == 0
        assert net.client.run(["nft", "list", "ruleset"]).stdout == ""
        client.forget_log()
        write(client, intercept={"interfaces": ["lan"]})
        client.start().wait_ready()


def test_another_signal_while_one_is_under_way(stage, net):
    client, _ = stage.bridge(net)
    write(client, timeout=88)
    for _ in range(20):
        client.process.send_signal(signal.SIGHUP)
    wait_for_line(client, "reloaded:")
    with Ends(net, 4) as ends:
        assert echoes(*ends.pair())
    reload(client, timeout=89)


def test_a_worker_that_dies_while_others_stand_by(stage, net):
    """Is replaced by one of its own kind, and that leaves with the others."""
    client, _ = stage.bridge(net)
    for number in range(4):
        write(client, timeout=100 + number)
        done = len(lines_with(client, "reloaded:"))
        client.process.send_signal(signal.SIGHUP)
        os.kill(workers(client)[0], signal.SIGKILL)
        wait_for_line(client, "reloaded:", done + 1)
        eventually(lambda: opens_now(net), True)
    eventually(lambda: len(workers(client)), 2)


def opens_now(net):
    with Ends(net, 4) as ends:
        return opens(ends, ends.listen())


@pytest.mark.parametrize("role", ["client", "server"])
def test_nothing_is_lost_by_many(stage, net, role):
    """New connections neither, and those that run see nothing of it."""
    client, server = stage.bridge(net)
    daemon = client if role == "client" else server
    with Ends(net, 4) as ends:
        running = [ends.pair() for _ in range(FLOWS)]
        load = Load(ends)
        for number in range(RELOADS):
            done = load.done
            reload(daemon, timeout=200 + number, workers=1 + number % 3)
            wait_until(lambda: load.done > done + 4, LIMIT_S, "connections after the reload")
        assert load.stop() == []
        for number, pair in enumerate(running):
            exchange_exactly(*pair, 100_000, number)
    eventually(lambda: len(workers(daemon)), 1 + (RELOADS - 1) % 3)
