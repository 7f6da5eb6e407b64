# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs mpbridge in the two routers of a Network, with the files and firewall rules of the recipe
that it replaces: two JSON files (with their trailing comma) and the SSREDIR chain."""
import json
import os
import signal
import subprocess
from pathlib import Path

from .wait import LabError, wait_until

PORT = 8388
LOCAL_PORT = 1080
_EXCLUDED = {"iptables": ("192.168.1.0/24", "10.10.0.0/16"),
             "ip6tables": ("fd00:1::/64", "fd00:10::/32")}


def binary():
    """MPBRIDGE, or build/mpbridge beside the tree."""
    default = Path(__file__).parent.parent / "build" / "mpbridge"
    path = Path(os.environ.get("MPBRIDGE", default))
    if not path.exists():
        raise LabError(f"there is no {path}: build it, or name another one in MPBRIDGE")
    return path.resolve()


def config_text(server, extra=None):
    """The JSON file of the recipe; extra keys replace and add, None removes."""
    values = {
        "server": server, "server_port": PORT, "local_address": "0.0.0.0",
        "local_port": LOCAL_PORT, "password": "", "timeout": 300, "method": "none",
        "fast_open": False, **(extra or {}),
    }
    lines = [f'    "{key}" : {json.dumps(value)},\n'
             for key, value in values.items() if value is not None]
    return "{\n" + "".join(lines) + "}\n"


def add_redirect(node, commands=("iptables", "ip6tables")):
    """The firewall rules of the recipe, for both families."""
    for command in commands:
        nat = [command, "-t", "nat"]
        node.run([*nat, "-N", "SSREDIR"])
        node.run([*nat, "-A", "PREROUTING", "-p", "tcp", "-j", "SSREDIR"])
        for subnet in _EXCLUDED[command]:
            node.run([*nat, "-A", "SSREDIR", "-d", subnet, "-j", "RETURN"])
        node.run([*nat, "-A", "SSREDIR", "-p", "tcp", "-j", "REDIRECT", "--to-ports", LOCAL_PORT])


def remove_redirect(node, commands=("iptables", "ip6tables")):
    """Undo add_redirect(), the table that iptables made for it included."""
    for command in commands:
        nat = [command, "-t", "nat"]
        node.run([*nat, "-D", "PREROUTING", "-p", "tcp", "-j", "SSREDIR"])
        node.run([*nat, "-F", "SSREDIR"])
        node.run([*nat, "-X", "SSREDIR"])
        if "-A" not in node.run([*nat, "-S"]).stdout:
            family = "ip6" if command == "ip6tables" else "ip"
            node.run(["nft", "delete", "table", family, "nat"], check=False)


class Daemon:
    """One mpbridge process and its log. under: a command to run it with, like strace."""

    def __init__(self, node, role, config, flags=(), name=None, under=()):
        self.node = node
        self.role = role
        self._name = name or role
        self._config = node.write_file(f"{self._name}.json", config)
        self._flags = flags
        self._under = under
        self._log = node.directory / f"{self._name}.log"
        self.process = None

    def start(self):
        """Start without waiting."""
        with open(self._log, "ab") as log:
            self.process = self.node.popen(
                [*self._under, binary(), self.role, "-c", self._config, *self._flags],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        return self

    def wait_ready(self, timeout_s=10):
        """Until the log says ready. LabError with the end of the log if it ends before."""
        def ready():
            if self.process.poll() is not None:
                raise LabError(f"mpbridge {self.role} ended with status "
                               f"{self.process.returncode}:\n{self.log_tail()}")
            return "ready" in self.log
        wait_until(ready, timeout_s, f"mpbridge {self.role} to be ready")
        return self

    def stop(self, number=signal.SIGTERM, timeout_s=15):
        """Send a signal and wait; the exit status, negative if a signal ended it."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        try:
            return self.process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            self.process.kill_group()
            raise LabError(f"mpbridge {self.role} did not end within {timeout_s:g} s of "
                           f"signal {number}:\n{self.log_tail()}") from None

    @property
    def log(self):
        """All that it has said so far."""
        return self._log.read_text(errors="replace") if self._log.exists() else ""

    def forget_log(self):
        """What an earlier one of that name said, "ready" included."""
        self._log.unlink(missing_ok=True)

    def log_tail(self, lines=15):
        return "\n".join(self.log.splitlines()[-lines:])


class Bridge:
    """Client and server in a Network; a context manager. family: 4 or 6, of the links it bonds.

    client_keys and server_keys change the files, client_flags and server_flags the command lines.
    redirect=False leaves the firewall alone (for "intercept" in client_keys).
    """

    def __init__(self, net, family=4, client_keys=None, server_keys=None, client_flags=(),
                 server_flags=(), redirect=True):
        addresses = net.server_ips if family == 4 else net.server_ips6
        any_address = {} if family == 4 else {"local_address": "::"}
        client = config_text(addresses, {**any_address, **(client_keys or {})})
        server = config_text(addresses, {**any_address, **net.server_keys, **(server_keys or {})})
        self.net = net
        self.client = Daemon(net.client, "client", client, client_flags)
        self.server = Daemon(net.server, "server", server, server_flags)
        self._redirect = redirect

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.stop()

    def start(self):
        """Both run and are ready, and the redirect rules stand, when this returns. Their logs begin
        empty: the "ready" of an earlier bridge in this network is not theirs."""
        self.server.forget_log()
        self.client.forget_log()
        self.server.start()
        self.client.start()
        self.server.wait_ready()
        self.client.wait_ready()
        if self._redirect:
            add_redirect(self.net.client)
        return self

    def stop(self):
        """Rules away, SIGTERM to both; (client's exit status, server's)."""
        if self._redirect:
            remove_redirect(self.net.client)
        return self.client.stop(), self.server.stop()
