# SPDX-License-Identifier: GPL-3.0-or-later
"""A laboratory: namespaces, links and processes, all removed at the end.

Theory of operation. A namespace is called mpb<pid>.<lab>.<node>, so several laboratories run side
by side, and sweep() can tell those whose maker has died. Lab is a context manager: whichever way
its block is left (end, exception, Ctrl-C, SIGTERM, SIGHUP), the children are killed, then whatever
else runs in the namespaces, then the namespaces go, and their interfaces with them. Only kill -9
leaves something behind, until the next Lab begins with a sweep().
"""
import itertools
import os
import re
import shutil
import signal
import subprocess
import tempfile
import threading
from pathlib import Path

from . import state
from .wait import LabError, wait_until

_NAMESPACES = Path("/run/netns")
_NAMESPACE_NAME = re.compile(r"mpb(\d+)\.\d+\.")
_DIRECTORY_NAME = re.compile(r"mpb-lab-(\d+)-")
_SYSCTLS = {
    "net.ipv4.ip_forward": 1,
    "net.ipv6.conf.all.forwarding": 1,
    "net.ipv6.conf.all.keep_addr_on_down": 1,
    "net.ipv6.conf.all.accept_dad": 0,
    "net.ipv6.conf.default.accept_dad": 0,
    "net.ipv4.conf.all.rp_filter": 0,
    "net.ipv4.conf.default.rp_filter": 0,
}
_END_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_lab_numbers = itertools.count()


def sweep():
    """Remove what laboratories whose process is dead have left: namespaces, processes, files."""
    for path in _NAMESPACES.glob("mpb*"):
        if _is_leftover(_NAMESPACE_NAME, path):
            _remove_namespace(path.name)
    for path in Path(tempfile.gettempdir()).glob("mpb-lab-*"):
        if _is_leftover(_DIRECTORY_NAME, path):
            shutil.rmtree(path, ignore_errors=True)


def _is_leftover(pattern, path):
    match = pattern.match(path.name)
    return match and not Path("/proc", match.group(1)).exists()


def _remove_namespace(name):
    pids = subprocess.run(["ip", "netns", "pids", name], capture_output=True, text=True).stdout
    for pid in pids.split():
        try:
            os.kill(int(pid), signal.SIGKILL)
        except ProcessLookupError:
            pass
    subprocess.run(["ip", "netns", "del", name], capture_output=True)


def run(argv, check=True, **options):
    """subprocess.run with text and captured output; LabError with what it said if it fails."""
    result = subprocess.run([str(word) for word in argv], text=True, capture_output=True, **options)
    if check and result.returncode != 0:
        said = (result.stderr or result.stdout).strip()
        raise LabError(f"`{' '.join(map(str, argv))}` failed ({result.returncode}): {said}")
    return result


class Child(subprocess.Popen):
    """A process of a laboratory, in a session of its own."""

    def kill_group(self):
        """SIGKILL to it and to those it started, and wait for it."""
        try:
            os.killpg(self.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.wait()


class Node:
    """One namespace: a host or a router."""

    def __init__(self, lab, name):
        self.lab = lab
        self.name = name
        self.namespace = f"mpb{os.getpid()}.{lab.number}.{name}"
        self.directory = lab.directory / name
        self._devices = None

    def create(self):
        self.directory.mkdir()
        run(["ip", "netns", "add", self.namespace])
        self.ip("link", "set", "lo", "up")
        self.sysctl(_SYSCTLS)

    def remove(self):
        if self._devices:
            self._devices.close()
        if self.path.exists():
            self._forget_files()
        _remove_namespace(self.namespace)

    def _forget_files(self):
        """What mpbridge leaves for its next start here, killed or on purpose: there will be none."""
        for path in Path("/run/mpbridge").glob(f"{state.cookie(self.path)}.*"):
            path.unlink(missing_ok=True)

    @property
    def path(self):
        """The namespace as a file, for setns()."""
        return _NAMESPACES / self.namespace

    def argv(self, argv):
        return ["ip", "netns", "exec", self.namespace, *(str(word) for word in argv)]

    def run(self, argv, check=True, **options):
        """Run a command here and wait; its CompletedProcess. LabError on failure if check is on."""
        return run(self.argv(argv), check=check, **options)

    def popen(self, argv, **options):
        """Start a command here; killed at the end of the laboratory at the latest."""
        return self.lab.popen(self.argv(argv), **options)

    def ip(self, *words):
        """`ip -n HERE words`"""
        return run(["ip", "-n", self.namespace, *words]).stdout

    def sysctl(self, values):
        """Set {name: value}."""
        self.run(["sysctl", "-q", "-w", *(f"{name}={value}" for name, value in values.items())])

    def write_file(self, name, text):
        """Write a file for this node; its path. Gone with the laboratory."""
        path = self.directory / name
        path.write_text(text)
        return path

    def mptcp_counters(self):
        """{"MPTcpExtMPCapableSYNTX": 3, ...}: absolute, zeroes included."""
        return state.mptcp_counters(self)

    def dump(self):
        """Rules, routes, MPTCP endpoints and limits, nft: as text that can be compared."""
        return state.dump(self)

    def subflows(self, port):
        """The TCP sockets here with that port on either end, as state.Subflow."""
        return state.subflows(self, port)

    def device_bytes(self, device):
        """(received, sent) of an interface. Cheap enough to be called ten times a second."""
        if self._devices is None:
            self._devices = state.open_in_namespace(self.path, "/proc/thread-self/net/dev")
        return state.device_bytes(self._devices, device)


class Lab:
    """See the top of this file. keep=True leaves the directory with the logs, until a sweep."""

    def __init__(self, keep=False):
        self.number = next(_lab_numbers)
        self.directory = None
        self.nodes = {}
        self._keep = keep
        self._links = []
        self._children = []
        self._handlers = {}

    def __enter__(self):
        if os.geteuid() != 0:
            raise LabError("the laboratory makes network namespaces: it must be run as root")
        sweep()
        self.directory = Path(tempfile.mkdtemp(prefix=f"mpb-lab-{os.getpid()}-"))
        self._catch_signals()
        return self

    def __exit__(self, *_):
        self.close()

    def node(self, name):
        """Make a namespace."""
        node = Node(self, name)
        self.nodes[name] = node
        node.create()
        return node

    def add_link(self, link):
        """Give a link its number, from 1, and create it."""
        self._links.append(link)
        link.create()
        return link

    def link(self, number):
        """Link 1, 2, ..."""
        return self._links[number - 1]

    @property
    def links(self):
        return list(self._links)

    def popen(self, argv, **options):
        """Start a process outside of the namespaces; killed at the end of the laboratory."""
        child = Child([str(word) for word in argv], start_new_session=True, **options)
        self._children.append(child)
        return child

    def close(self):
        """Remove everything. Further signals wait until it is done."""
        for number in self._handlers:
            signal.signal(number, signal.SIG_IGN)
        for child in reversed(self._children):
            child.kill_group()
        for node in self.nodes.values():
            node.remove()
        if self.directory and not self._keep:
            shutil.rmtree(self.directory, ignore_errors=True)
        for number, handler in self._handlers.items():
            signal.signal(number, handler)
        self._handlers = {}

    def _catch_signals(self):
        if threading.current_thread() is not threading.main_thread():
            return
        for number in _END_SIGNALS:
            self._handlers[number] = signal.signal(number, _end_by_signal)


def _end_by_signal(number, _frame):
    if number == signal.SIGINT:
        raise KeyboardInterrupt
    raise SystemExit(128 + number)


__all__ = ["Child", "Lab", "LabError", "Node", "run", "sweep", "wait_until"]
