# SPDX-License-Identifier: GPL-3.0-or-later
"""What the kernel says about a namespace: counters, sockets, and a dump that can be compared."""
import ctypes
import os
import re
import socket
import struct
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

_SO_NETNS_COOKIE = 71
_CLONE_NEWNET = 0x40000000
_VOLATILE = [
    (re.compile(r"counter packets \d+ bytes \d+"), "counter"),
    (re.compile(r" expires \d+sec"), ""),
]
_DUMPS = (
    ("ip", "rule"),
    ("ip", "-6", "rule"),
    ("ip", "-4", "route", "show", "table", "all"),
    ("ip", "-6", "route", "show", "table", "all"),
    ("ip", "mptcp", "endpoint"),
    ("ip", "mptcp", "limits"),
)


def dump(node):
    """Rules, routes, endpoints, limits and the nft ruleset as text, without what counts or ages."""
    parts = []
    for argv in _DUMPS:
        lines = sorted(line.rstrip() for line in node.run(argv).stdout.splitlines())
        parts.append("\n".join([f"# {' '.join(argv)}", *lines]))
    parts.append("# nft list ruleset\n" + node.run(["nft", "list", "ruleset"]).stdout)
    text = "\n".join(parts)
    for pattern, replacement in _VOLATILE:
        text = pattern.sub(replacement, text)
    return text


def congestion_controls(node):
    """Those of the kernel, but for scavengers of daemons anywhere on this machine, which come and
    go."""
    names = node.run(["sysctl", "-n", "net.ipv4.tcp_available_congestion_control"]).stdout.split()
    return [name for name in names if not name.startswith("mpb_")]


def mptcp_counters(node):
    """MIB counters of MPTCP, by name."""
    output = node.run(["nstat", "-asz", "MPTcp*"]).stdout
    rows = (line.split() for line in output.splitlines() if line.startswith("MPTcp"))
    return {row[0]: int(row[1]) for row in rows}


@dataclass
class Subflow:
    """One TCP socket as `ss -tiO` shows it. info: its name:value words (bytes_sent, rtt, ...)."""
    state: str
    local: str
    local_port: int
    peer: str
    peer_port: int
    is_mptcp: bool
    info: dict = field(default_factory=dict)

    @property
    def token(self):
        """The token of its MPTCP connection on this end, or None; its subflows share it."""
        return self.info.get("token")

    @property
    def is_initial(self):
        """True for the subflow that began its MPTCP connection (MP_CAPABLE, not MP_JOIN)."""
        return self.is_mptcp and not set("Jj") & set(self.info.get("flags", ""))

    def bytes(self, key):
        """A counter of bytes: bytes_sent, bytes_acked, bytes_received. ss leaves zeroes out."""
        return int(self.info.get(key, 0))


def _split_address(text):
    address, _, port = text.rpartition(":")
    address = address.partition("%")[0].strip("[]")
    return address.removeprefix("::ffff:"), int(port)


def _parse_subflow(line):
    words = line.split()
    local, local_port = _split_address(words[3])
    peer, peer_port = _split_address(words[4])
    info = dict(word.split(":", 1) for word in words[5:] if ":" in word)
    return Subflow(words[0], local, local_port, peer, peer_port, "tcp-ulp-mptcp" in words, info)


def subflows(node, port):
    """TCP sockets that are not listening, with this port on either end."""
    argv = ["ss", "-tniHO", f"( sport = :{port} or dport = :{port} )"]
    return [_parse_subflow(line) for line in node.run(argv).stdout.splitlines() if line.strip()]


def in_namespace(namespace_path, function):
    """What function() returns, or raises, on a thread in that namespace."""
    def enter_and_call():
        libc = ctypes.CDLL(None, use_errno=True)
        with open(namespace_path, "rb") as namespace:
            if libc.setns(namespace.fileno(), _CLONE_NEWNET) != 0:
                raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
        return function()

    with ThreadPoolExecutor(1) as executor:
        return executor.submit(enter_and_call).result()


def open_in_namespace(namespace_path, path):
    """Open a file of /proc/thread-self/net as a thread in that namespace sees it.

    The file stays bound to the namespace, whoever reads it.
    """
    return in_namespace(namespace_path, lambda: open(path, "rb", buffering=0))


def cookie(namespace_path):
    """The namespace's cookie, by which mpbridge names its files in /run/mpbridge."""
    def ask():
        with socket.socket() as asked:
            return struct.unpack("=Q", asked.getsockopt(socket.SOL_SOCKET, _SO_NETNS_COOKIE, 8))[0]

    return in_namespace(namespace_path, ask)


def device_bytes(file, device):
    """(received, sent) bytes of a device, from an open /proc/net/dev."""
    file.seek(0)
    for line in file.read().decode().splitlines():
        name, _, numbers = line.partition(":")
        if name.strip() == device:
            columns = numbers.split()
            return int(columns[0]), int(columns[8])
    raise KeyError(device)
