# SPDX-License-Identifier: GPL-3.0-or-later
"""What a worker cannot do, asked of the kernel by running workers, and what stays as it was."""
import os
import re
import signal
import socket
from pathlib import Path

import pytest
from conftest import Mode
from hosts import echoes, payload
from inject import Killed, Tracee, name, needs_x86_64
from observe import wait_for_line
from processes import status, workers
from testbed import wait_until
from testbed.mpbridge import binary

ROLES = pytest.mark.parametrize("role", ["client", "server"])
pytestmark = pytest.mark.parametrize("mode", [Mode(4), Mode(6, "copy")], ids=str, indirect=True,
                                     scope="module")

# asm/unistd_64.h
(READ, OPEN, MMAP, MPROTECT, IOCTL, PIPE, SENDMSG, DUP, GETPID, SOCKET, CLONE, FORK, EXECVE, KILL,
 FCNTL, PTRACE, PRCTL, CHROOT, TGKILL, OPENAT, SECCOMP, BPF) = (
    0, 2, 9, 10, 16, 22, 46, 32, 39, 41, 56, 57, 59, 62, 72, 101, 157, 161, 234, 257, 317, 321)
X32_BIT = 0x40000000
AT_FDCWD = -100
PROT_READ, PROT_WRITE, PROT_EXEC, MAP_PRIVATE, MAP_ANONYMOUS = 1, 2, 4, 2, 0x20
F_SETOWN, TIOCSTI, SIOCOUTQ = 8, 0x5412, 0x5411
SOCK_RAW, IPPROTO_MPTCP = 3, 262


def daemon_of(bridge, role):
    return bridge.client if role == "client" else bridge.server


@pytest.fixture
def lone(start_bridge, role):
    """A daemon of that role with one worker, in the mode of the module."""
    return daemon_of(start_bridge({"workers": 1}, {"workers": 1}), role)


@ROLES
def test_worker_says_so_to_proc(lone, role):
    pid, = workers(lone)
    now = status(pid)
    assert (now["Seccomp"], now["NoNewPrivs"]) == ("2", "1")
    for capabilities in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"):
        assert int(now[capabilities], 16) == 0, capabilities
    limits = Path(f"/proc/{pid}/limits").read_text()
    for limit in ("Max core file size", "Max processes"):
        assert re.search(rf"^{limit} +0 +0 ", limits, re.M), limits


@ROLES
def test_worker_sees_no_files(lone, role):
    pid, = workers(lone)
    assert list(Path(f"/proc/{pid}/root/").iterdir()) == []
    assert Path(f"/proc/{pid}/mountinfo").read_text().count("\n") == 1
    for fd in (0, 1):
        assert os.readlink(f"/proc/{pid}/fd/{fd}") == "/dev/null"
    for entry in Path(f"/proc/{pid}/fd").iterdir():
        assert not entry.is_dir(), os.readlink(entry)


@ROLES
def test_memory_is_for_root_alone(lone, role):
    """What is not dumpable belongs to root in /proc, whoever runs it."""
    pid, = workers(lone)
    for process in (pid, lone.process.pid):
        assert Path(f"/proc/{process}/mem").stat().st_uid == 0
        assert re.search(r"^Max core file size +0 +0 ",
                         Path(f"/proc/{process}/limits").read_text(), re.M)


def refused(tracee, role):
    """{what: result} of calls that fail and leave the worker alive."""
    file = tracee.text("/etc/passwd")
    return {
        "open": tracee.call(OPEN, file, os.O_RDONLY),
        "openat": tracee.call(OPENAT, AT_FDCWD, file, os.O_RDONLY),
        "read": tracee.call(READ, 0, file, 1),
        "write and run": tracee.call(MMAP, 0, 4096, PROT_READ | PROT_WRITE | PROT_EXEC,
                                     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0),
        "make text writable": tracee.call(MPROTECT, file & ~4095, 4096,
                                          PROT_READ | PROT_WRITE | PROT_EXEC),
        "pipe": tracee.call(PIPE, file),
        "sendmsg, which passes descriptors": tracee.call(SENDMSG, 3, file, 0),
        "dup": tracee.call(DUP, 0),
        "prctl": tracee.call(PRCTL, 4, 1),
        "seccomp": tracee.call(SECCOMP, 0),
        "signal to init": tracee.call(TGKILL, 1, 1, 0),
        "signals from a descriptor": tracee.call(FCNTL, 0, F_SETOWN, 1),
        "typing": tracee.call(IOCTL, 2, TIOCSTI, file),
        "unix socket": tracee.call(SOCKET, socket.AF_UNIX, socket.SOCK_STREAM, 0),
        "netlink": tracee.call(SOCKET, socket.AF_NETLINK, SOCK_RAW, 0),
        "packets": tracee.call(SOCKET, socket.AF_PACKET, SOCK_RAW, 0),
        "raw": tracee.call(SOCKET, socket.AF_INET, SOCK_RAW, 1),
        **({"datagrams": tracee.call(SOCKET, socket.AF_INET, socket.SOCK_DGRAM, 0)}
           if role == "client" else {}),
    }


@needs_x86_64
@ROLES
def test_worker_is_refused_and_goes_on(lone, ends, role):
    pid, = workers(lone)
    pair = ends.pair()
    assert echoes(*pair)
    with Tracee(pid) as tracee:
        results = {what: name(result) for what, result in refused(tracee, role).items()}
    assert results == dict.fromkeys(results, "EPERM")
    wait_for_line(lone, f"worker 0 (pid {pid}) was refused system call {OPEN},")
    assert echoes(*pair, payload(100_000)) and echoes(*ends.pair())
    assert workers(lone) == [pid]


@needs_x86_64
@ROLES
def test_worker_may_do_its_work(lone, ends, role):
    """The same way of asking, so that a refusal above is the kernel's and not this way's."""
    pid, = workers(lone)
    kinds = [(socket.AF_INET, socket.SOCK_STREAM, IPPROTO_MPTCP),
             (socket.AF_INET6, socket.SOCK_STREAM | socket.SOCK_NONBLOCK, socket.IPPROTO_TCP)]
    if role == "server":
        kinds.append((socket.AF_INET, socket.SOCK_DGRAM, socket.IPPROTO_UDP))
    with Tracee(pid) as tracee:
        opened = [tracee.call(SOCKET, *kind) for kind in kinds]
        assert tracee.call(GETPID) == pid
        assert tracee.call(TGKILL, pid, pid, 0) == 0
        assert tracee.call(IOCTL, opened[0], SIOCOUTQ, tracee.text(" " * 8)) == 0
        assert all(result > 2 for result in opened)
        memory = tracee.call(MMAP, 0, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
                             -1, 0)
        assert memory > 0
    assert "was refused" not in lone.log
    assert echoes(*ends.pair())


DEADLY = {
    "execve": (EXECVE,), "fork": (FORK,), "clone": (CLONE, signal.SIGCHLD), "kill": (KILL, 1, 0),
    "ptrace": (PTRACE, 16, 1), "chroot": (CHROOT,), "bpf": (BPF,), "x32": (X32_BIT | GETPID,),
}


@needs_x86_64
@ROLES
def test_worker_dies_of_an_attack(start_bridge, ends, role):
    """One at a time; each time another worker is there afterwards, and nothing else was made."""
    daemon = daemon_of(start_bridge({"workers": 1}, {"workers": 1}), role)
    for what, call in DEADLY.items():
        pid, = workers(daemon)
        with pytest.raises(Killed) as killed, Tracee(pid) as tracee:
            tracee.call(*call)
        assert killed.value.args == (signal.SIGSYS,), what
        wait_for_line(daemon, f"worker 0 (pid {pid}) was killed by signal {int(signal.SIGSYS)}")
        wait_until(lambda: workers(daemon) not in ([], [pid]), 5, "another worker")
        assert echoes(*ends.pair()), what


@ROLES
def test_room_without_mount_namespaces(start_bridge, tmp_path, monkeypatch, role):
    """As in a container: without CAP_SYS_ADMIN a removed directory is the root."""
    without(monkeypatch, tmp_path, role, "sys_admin")
    daemon = daemon_of(start_bridge({"workers": 1}, {"workers": 1}), role)
    pid, = workers(daemon)
    assert os.readlink(f"/proc/{pid}/root").endswith(" (deleted)")
    assert list(Path(f"/proc/{pid}/root/").iterdir()) == []
    assert status(pid)["Seccomp"] == "2"
    assert not rooms()


@ROLES
def test_room_that_cannot_be_left(start_bridge, ends, tmp_path, monkeypatch, role):
    """Neither capability: the log says so once, and the filter is there."""
    without(monkeypatch, tmp_path, role, "sys_admin", "sys_chroot")
    daemon = daemon_of(start_bridge({"workers": 2}, {"workers": 2}), role)
    assert daemon.log.count("workers see the file system") == 1
    assert [status(pid)["Seccomp"] for pid in workers(daemon)] == ["2", "2"]
    assert echoes(*ends.pair())
    assert not rooms()


def rooms():
    """Directories that were made to be removed."""
    return [path for place in ("/run", "/tmp") for path in Path(place).glob("mpbridge-room-*")]


def without(monkeypatch, tmp_path, role, *capabilities):
    """mpbridge of that role runs without them."""
    real = binary()
    away = ",".join(f"-{capability}" for capability in capabilities)
    wrapper = tmp_path / "mpbridge"
    wrapper.write_text(f"#!/bin/sh\n[ \"$1\" = {role} ] && exec setpriv --bounding-set {away} "
                       f"--inh-caps {away} {real} \"$@\"\nexec {real} \"$@\"\n")
    wrapper.chmod(0o755)
    monkeypatch.setenv("MPBRIDGE", str(wrapper))
