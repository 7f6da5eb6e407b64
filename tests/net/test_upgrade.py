# SPDX-License-Identifier: GPL-3.0-or-later
"""Another program takes the place of one that runs, in the same process: no flow is lost, what is in
the kernel stays, and one that cannot take over changes nothing."""
import os
import re
import shutil
import signal
import struct

import pytest
from hosts import LIMIT_S, Ends, echoes, exchange_exactly
from load import Load
from nameserver import A, SERVFAIL, Answer, NameServer
from observe import difference, endpoints, eventually, lines_with, status_of, wait_for_line
from processes import descriptors, workers
from streams import Stream
from testbed import Link, bridge, wait_until
from testbed.mpbridge import add_redirect, binary, config_text

ROLES = pytest.mark.parametrize("role", ["client", "server"])
KEYS_2022 = {"method": "2022-blake3-aes-128-gcm", "password": "AAECAwQFBgcICQoLDA0ODw=="}
SHOWN = {"transparent_source": True}
FAR = "far.test"
UPGRADES = 4


class Program:
    """The file that the daemons of a test run from."""

    def __init__(self, path):
        self.path = path
        self.original = binary().read_bytes()
        self.install(self.original)

    def install(self, content):
        """As a package manager does it."""
        draft = self.path.with_suffix(".new")
        draft.write_bytes(content)
        draft.chmod(0o755)
        os.replace(draft, self.path)

    def of_another_layout(self):
        """The same, as if it had been built with other structures."""
        other, count = re.subn(rb"layout-(\d)(\d+-\d+)",
                               lambda found: b"layout-%d" % ((int(found[1]) + 1) % 10) + found[2],
                               self.original)
        assert count == 1
        return other


@pytest.fixture
def program(tmp_path, monkeypatch):
    made = Program(tmp_path / "mpbridge")
    monkeypatch.setenv("MPBRIDGE", str(made.path))
    return made


@pytest.fixture
def net(stage):
    return bridge(stage.lab, [Link(), Link()])


def upgrade(daemon, way="command"):
    """And until the new program accepts connections."""
    done = len(lines_with(daemon, "upgraded to mpbridge"))
    if way == "command":
        result = daemon.node.run([binary(), "reload"], check=False)
        assert (result.returncode, result.stderr) == (0, ""), result
    else:
        daemon.process.send_signal(signal.SIGHUP)
    wait_for_line(daemon, "upgraded to mpbridge", done + 1)


def refused(daemon, *reasons):
    """A reload that changes nothing; the reasons are printed and logged."""
    before = workers(daemon)
    result = daemon.node.run([binary(), "reload"], check=False)
    assert result.returncode == 1 and "goes on as it was" in result.stderr
    for reason in reasons:
        assert reason in result.stderr and lines_with(daemon, reason)
    assert workers(daemon) == before


@pytest.mark.parametrize("way", ["command", "signal"])
@ROLES
def test_running_flows_live_on(stage, net, program, role, way):
    client, server = stage.bridge(net)
    daemon = client if role == "client" else server
    before, uptime_ms = set(workers(daemon)), status_of(daemon)["uptime_ms"]
    with Ends(net, 4) as ends:
        old = ends.pair()
        eventually(lambda: len(endpoints(server.node)), 2)
        kernel = daemon.node.dump()
        program.install(program.original)
        upgrade(daemon, way)
        assert difference(kernel, daemon.node.dump()) == []
        assert echoes(*old)
        new = ends.pair()
        exchange_exactly(*old, 1 << 20)
        exchange_exactly(*new, 1 << 20)
        status = status_of(daemon)
        assert status["uptime_ms"] > uptime_ms
        assert status["flows_open"] == 2
        assert sorted(worker["state"] for worker in status["workers"]) == ["leaving"] + 2 * ["running"]
        assert len(set(workers(daemon)) & before) == 1
        for opened in old:
            opened.close()
        eventually(lambda: set(workers(daemon)) & before, set())
        assert echoes(*new)


@ROLES
def test_with_the_file_as_it_is_now(stage, net, program, role):
    client, server = stage.bridge(net)
    daemon = client if role == "client" else server
    servers = "0.0.0.0" if role == "server" else ["10.10.1.2", "10.10.2.2"]
    daemon.node.write_file(f"{role}.json", config_text(servers, {"local_address": None,
                                                                 "workers": 3}))
    program.install(program.original)
    upgrade(daemon)
    eventually(lambda: len(workers(daemon)), 3)
    with Ends(net, 4) as ends:
        assert echoes(*ends.pair())


@ROLES
def test_a_stream_and_what_begins_meanwhile(stage, net, program, role):
    """Again and again, and between them a reload; nothing is lost, and nothing is left open."""
    client, server = stage.bridge(net, KEYS_2022, KEYS_2022)
    daemon = client if role == "client" else server
    with Ends(net, 4) as ends:
        stream = Stream(*ends.pair())
        load = Load(ends)
        held = []
        for number in range(UPGRADES):
            done = load.done
            program.install(program.original)
            upgrade(daemon)
            wait_until(lambda: load.done > done + 4, LIMIT_S, "connections afterwards")
            stream.wait_for_more()
            held.append(descriptors(daemon.process.pid, ""))
            if number == 1:
                reloads = len(lines_with(daemon, "reloaded: the workers go on"))
                daemon.process.send_signal(signal.SIGHUP)
                wait_for_line(daemon, "reloaded: the workers go on", reloads + 1)
        assert load.stop() == []
        stream.stop()
    assert max(held[1:]) <= held[0] + 8, held
    eventually(lambda: len(workers(daemon)), 2)


@ROLES
def test_of_another_layout(stage, net, program, role):
    """Its workers can only be waited for; their flows go on all the same."""
    client, server = stage.bridge(net)
    daemon = client if role == "client" else server
    before = set(workers(daemon))
    with Ends(net, 4) as ends:
        stream = Stream(*ends.pair())
        load = Load(ends)
        program.install(program.of_another_layout())
        upgrade(daemon)
        done = load.done
        wait_until(lambda: load.done > done + 4, LIMIT_S, "connections afterwards")
        stream.wait_for_more()
        assert load.stop() == []
        assert set(workers(daemon)) & before
        program.install(program.original)
        upgrade(daemon)
        stream.wait_for_more()
        stream.stop()
        assert echoes(*ends.pair())
    eventually(lambda: len(workers(daemon)), 2)
    assert daemon.stop() == 0


def test_what_cannot_take_over_changes_nothing(stage, net, program):
    client, _ = stage.bridge(net)
    with Ends(net, 4) as ends:
        old = ends.pair()
        for content, reason in ((b"no program", "the new program cannot be run"),
                                (b"#!/bin/sh\nexit 0\n", "the new program is none that can take over"),
                                (b"#!/bin/sh\necho out of order >&2; exit 3\n", "out of order")):
            program.install(content)
            monkey = program.path.with_name("asks")
            monkey.write_bytes(program.original)
            monkey.chmod(0o755)
            result = client.node.run([monkey, "reload"], check=False)
            assert result.returncode == 1 and reason in result.stderr
        program.path.unlink()
        client.process.send_signal(signal.SIGHUP)
        wait_for_line(client, "reloaded: the workers go on")
        program.install(program.original)
        assert echoes(*old) and echoes(*ends.pair())
        upgrade(client)
        assert echoes(*old) and echoes(*ends.pair())


@ROLES
def test_a_mistake_in_the_file_changes_nothing(stage, net, program, role):
    client, server = stage.bridge(net)
    daemon = client if role == "client" else server
    program.install(program.original)
    for keys, reason in (({"timeout": "long"}, 'timeout: found "long"'),
                         ({"user": "nobody-of-this-name"}, "nobody-of-this-name"),
                         ({"paths": [{"interface": "nosuch"}]}, "nosuch"),
                         ({"workers": 64, "server": "no.such.name.invalid"},
                          "no.such.name.invalid")):
        keys = {"local_address": None, **keys}
        daemon.node.write_file(f"{role}.json", config_text(keys.pop("server", "10.10.1.2"), keys))
        refused(daemon, reason)
    with Ends(net, 4) as ends:
        assert echoes(*ends.pair())


@pytest.mark.parametrize("mode", ["tproxy", "redirect"])
def test_interception_stays(stage, net, program, mode):
    intercept = {"interfaces": ["lan"], "mode": mode, "local_output": True}
    client, _ = stage.pair(net, {"intercept": intercept})
    with Ends(net, 4) as ends:
        old = ends.pair()
        load = Load(ends)
        for _ in range(3):
            program.install(program.original)
            upgrade(client)
            assert echoes(*old)
            assert ends.pair()[1].getpeername()[0] == "192.168.2.1"
        assert load.stop() == []
        # an interface less: flows that it took over go on
        net.client.ip("link", "add", "other", "type", "veth", "peer", "name", "another")
        client.node.write_file("client.json", config_text(net.server_ips, {
            "local_address": None, "intercept": {"interfaces": ["other"], "mode": mode}}))
        program.install(program.original)
        upgrade(client)
        exchange_exactly(*old, 200_000)
        # none at all: the same, through two more programs, and to the last flow's end
        client.node.write_file("client.json", config_text(net.server_ips, {"local_address": None}))
        for _ in range(2):
            program.install(program.original)
            upgrade(client)
            exchange_exactly(*old, 200_000)
    eventually(lambda: net.client.run(["nft", "list", "ruleset"]).stdout, "")
    assert client.stop() == 0


def test_sources_stay_shown_to_flows_that_run(stage, net, program):
    """Though the file has no transparent_source any more."""
    _, server = stage.bridge(net, SHOWN, SHOWN)
    with Ends(net, 4) as ends:
        old = ends.pair()
        assert old[1].getpeername()[0] == "192.168.1.2"
        write(server)
        for _ in range(2):
            program.install(program.original)
            upgrade(server)
            exchange_exactly(*old, 200_000)
        new = ends.pair()
        assert new[1].getpeername()[0] == "192.168.2.1"
        for opened in old:
            opened.close()
        eventually(lambda: net.server.run(["nft", "list", "ruleset"]).stdout, "")
        assert echoes(*new)


def write(daemon, server="0.0.0.0", **keys):
    daemon.node.write_file(f"{daemon.role}.json", config_text(server, {"local_address": None, **keys}))


def test_what_is_not_to_be_had_changes_nothing(stage, net, program):
    """An address to listen on, and what another process has claimed."""
    _, server = stage.bridge(net)
    other = stage.server(net, name="other", server_port=8389, **SHOWN).start().wait_ready()
    with Ends(net, 4) as ends:
        old = ends.pair()
        program.install(program.original)
        for keys, reason in (({"server": "10.10.1.77"}, "cannot listen on 10.10.1.77:8388"),
                             (SHOWN, 'another mpbridge in this network namespace has')):
            write(server, **keys)
            result = server.node.run([binary(), "reload", server.process.pid], check=False)
            assert result.returncode == 1 and "so the new program does not take over" in result.stderr
            assert lines_with(server, reason)
            exchange_exactly(*old, 200_000)
        other.stop()
        upgrade(server)
        assert echoes(*old)


def test_workers_that_cannot_start_change_nothing(stage, net, program):
    """A capability that the next ones need was not given to this process."""
    under = ["setpriv", "--bounding-set", "-net_raw", "--inh-caps", "-net_raw"]
    server = stage.server(net, under=under).start().wait_ready()
    stage.client(net).start().wait_ready()
    add_redirect(net.client)
    with Ends(net, 4) as ends:
        old = ends.pair()
        write(server, **SHOWN)
        program.install(program.original)
        refused(server, "workers cannot start: Operation not permitted")
        exchange_exactly(*old, 200_000)
        assert echoes(*ends.pair())


class Fickle(NameServer):
    """It answers so many questions for addresses of IPv4, and then has a fault."""
    left = 0

    def _answer(self, question, transport, send):
        if self.left == 0:
            self.add(FAR, Answer(rcode=SERVFAIL))
        self.left -= A in struct.unpack(">H", question[-4:-2])
        super()._answer(question, transport, send)


def test_a_name_that_cannot_be_looked_up_any_more(stage, net, program):
    """When it is too late to go back, the addresses of before are good enough."""
    etc = net.client.directory / "etc"
    etc.mkdir()
    for name in ("passwd", "group", "nsswitch.conf", "hosts"):
        shutil.copy(f"/etc/{name}", etc)
    (etc / "resolv.conf").write_text("nameserver 127.0.0.1\noptions attempts:1\n")
    stage.server(net).start().wait_ready()
    add_redirect(net.client)
    with Fickle(net.client, "127.0.0.1") as names:
        names.add(FAR, *net.server_ips)
        names.left = 3  # the start, the trial, the reload
        client = stage.client(net, server=FAR, under=[
            "unshare", "--mount", "sh", "-c", 'mount --bind "$0" /etc && exec "$@"', etc])
        client.start().wait_ready()
        with Ends(net, 4) as ends:
            old = ends.pair()
            program.install(program.original)
            upgrade(client)
            wait_for_line(client, "the addresses that were known are kept")
            exchange_exactly(*old, 200_000)
            assert echoes(*ends.pair())
            assert len(status_of(client)["paths"]) == 2


def test_salts_are_kept_while_no_method_needs_them(stage, net, program):
    _, server = stage.bridge(net, KEYS_2022, KEYS_2022)
    for keys in ({"method": "none"}, KEYS_2022):
        write(server, **keys)
        program.install(program.original)
        upgrade(server)
    server.process.send_signal(signal.SIGHUP)
    wait_for_line(server, "reloaded:")
    assert not lines_with(server, "is forgotten with the next restart")
    with Ends(net, 4) as ends:
        assert echoes(*ends.pair())


@pytest.mark.parametrize("number", [1, 2])
def test_while_a_link_is_down(stage, net, program, number):
    """What was known of the links is found out again."""
    client, server = stage.bridge(net)
    with Ends(net, 4) as ends:
        stream = Stream(*ends.pair(), rate_bps=10e6)
        stream.wait_for_more(100_000)
        net.lab.link(number).down()
        for daemon in (client, server):
            program.install(program.original)
            upgrade(daemon)
            stream.wait_for_more(100_000)
            assert echoes(*ends.pair())
        net.lab.link(number).up()
        eventually(lambda: sorted(path["state"] for path in status_of(client)["paths"]),
                   ["up", "up"])
        eventually(lambda: len(endpoints(server.node)), 2)
        stream.wait_for_more(100_000)
        stream.stop()


def pids(daemon):
    return {worker["pid"] for worker in status_of(daemon)["workers"]}


def test_in_the_background(stage, net, program, tmp_path):
    """The file and the pid file are named from where it was started; the process stays the same."""
    stage.server(net).start().wait_ready()
    client = stage.client(net)
    home = net.client.directory
    net.client.run([binary(), "client", "-c", "client.json", "-f", "client.pid"], cwd=home)
    pid = int((home / "client.pid").read_text())
    try:
        for _ in range(2):
            before = pids(client)
            program.install(program.original)
            assert net.client.run([binary(), "reload"]).stdout
            eventually(lambda: pids(client) & before, set())
            assert int((home / "client.pid").read_text()) == pid
            assert os.readlink(f"/proc/{pid}/cwd") == "/"
    finally:
        os.kill(pid, signal.SIGTERM)
    eventually(lambda: (home / "client.pid").exists(), False)


def test_kill_after_one(stage, net, program):
    """The next start finds what the new program had not made itself."""
    client, _ = stage.bridge(net)
    before = len(endpoints(net.client))
    program.install(program.original)
    upgrade(client)
    assert len(endpoints(net.client)) == before
    client.process.kill_group()
    client.process.wait()
    wait_until(lambda: not net.client.run(["ss", "-tlnH", "sport = :1080"]).stdout, LIMIT_S, "its end")
    client.forget_log()
    client.start().wait_ready()
    assert len(endpoints(net.client)) == before
    assert client.stop() == 0
    assert not endpoints(net.client)


def test_is_no_subcommand_for_people(net):
    result = net.client.run([binary(), "try-to-take-over", "client"], check=False)
    assert result.returncode == 2 and "for a program that takes the place" in result.stderr
