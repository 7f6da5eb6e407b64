# SPDX-License-Identifier: GPL-3.0-or-later
"""What a service manager is told: the protocol of sd_notify(3)."""
import os
import signal
import socket

import pytest
from observe import eventually, wait_for_line
from testbed import Link, bridge
from testbed.mpbridge import binary, config_text


class Manager:
    """The socket of a service manager, and the states that it was told."""

    def __init__(self, name):
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(name)
        self._socket.setblocking(False)
        self._told = []

    def told(self):
        try:
            while True:
                self._told.append(self._socket.recv(4096).decode())
        except BlockingIOError:
            return list(self._told)


@pytest.fixture
def manager(tmp_path, monkeypatch):
    made = Manager(str(tmp_path / "notify"))
    monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
    return made


@pytest.fixture
def server(stage, manager):
    """Alone: both ends would tell the same manager."""
    daemon = stage.server(bridge(stage.lab, [Link(), Link()])).start()
    daemon.wait_ready()
    eventually(manager.told, ["READY=1"])
    return daemon


def test_from_start_to_stop(server, manager):
    assert server.stop() == 0
    eventually(manager.told, ["READY=1", "STOPPING=1"])


def test_reload(server, manager):
    """One that starts workers, one that does not, and one that is refused; each ends."""
    for number, (keys, line) in enumerate((({"timeout": 77}, "reloaded: 2 workers"),
                                           ({"timeout": 77}, "reloaded: the workers go on"),
                                           ({"timeout": "x"}, "not reloaded"))):
        server.node.write_file("server.json",
                               config_text("0.0.0.0", {"local_address": None, **keys}))
        server.process.send_signal(signal.SIGHUP)
        wait_for_line(server, line)
        eventually(manager.told, ["READY=1"] + (number + 1) * ["RELOADING=1", "READY=1"])


def test_upgrade(stage, manager, tmp_path, monkeypatch):
    program = tmp_path / "mpbridge"
    program.write_bytes(binary().read_bytes())
    program.chmod(0o755)
    monkeypatch.setenv("MPBRIDGE", str(program))
    server = stage.server(bridge(stage.lab, [Link()])).start().wait_ready()
    draft = tmp_path / "draft"
    draft.write_bytes(program.read_bytes())
    draft.chmod(0o755)
    os.replace(draft, program)
    server.process.send_signal(signal.SIGHUP)
    wait_for_line(server, "upgraded to mpbridge")
    eventually(manager.told, ["READY=1", "RELOADING=1", "READY=1"])


def test_nobody_listens(stage, monkeypatch):
    """The daemon runs all the same."""
    server = stage.server(bridge(stage.lab, [Link()]))
    for name in ("/nowhere/at/all", "@" + "x" * 200, "relative", ""):
        monkeypatch.setenv("NOTIFY_SOCKET", name)
        server.start().wait_ready()
        assert server.stop() == 0
        server.forget_log()
