# SPDX-License-Identifier: GPL-3.0-or-later
"""System calls made by a running process that did not mean to: what does the kernel answer it?

ptrace(2) stops the process in epoll_wait(), whose syscall instruction lies just before its program
counter. The registers are set to another call, the instruction is run again, and a breakpoint
behind it stops the process with the result. Registers and text are put back, and it goes on.
"""
import ctypes
import errno
import os
import platform
import signal
import struct

import pytest
from testbed import wait_until

_POKETEXT, _PEEKTEXT, _CONT, _GETREGS, _SETREGS, _ATTACH, _DETACH = 4, 1, 7, 12, 13, 16, 17
_REGISTERS = 27  # struct user_regs_struct, sys/user.h
_RAX, _ORIG_RAX, _RIP, _RSP = 10, 15, 16, 19
_ARGUMENTS = (14, 13, 12, 7, 9, 8)  # rdi rsi rdx r10 r8 r9
_SYSCALL, _BREAKPOINT = b"\x0f\x05", 0xcc
_RED_ZONE = 4096
_WAITS = (232, 281, 441)  # epoll_wait, epoll_pwait, epoll_pwait2

_libc = ctypes.CDLL(None, use_errno=True)
_libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
_libc.ptrace.restype = ctypes.c_long

needs_x86_64 = pytest.mark.skipif(platform.machine() != "x86_64",
                                  reason="writes the registers of x86-64")


class Killed(Exception):
    """The process did not survive the call. args: the signal."""


def _ptrace(request, pid, address=0, data=0):
    ctypes.set_errno(0)
    answer = _libc.ptrace(request, pid, address, data)
    if answer == -1 and ctypes.get_errno():
        raise OSError(ctypes.get_errno(), f"ptrace {request} of {pid}")
    return answer


def _wait_stop(pid):
    """The signal that stopped it."""
    _, how = os.waitpid(pid, 0x40000000)  # __WALL
    if os.WIFSIGNALED(how):
        raise Killed(os.WTERMSIG(how))
    if os.WIFEXITED(how):
        raise Killed(0)
    return os.WSTOPSIG(how)


def _registers(pid):
    buffer = (ctypes.c_uint64 * _REGISTERS)()
    _ptrace(_GETREGS, pid, 0, ctypes.addressof(buffer))
    return buffer


def _peek(pid, address):
    with open(f"/proc/{pid}/mem", "rb") as memory:
        memory.seek(address)
        return memory.read(8)


class Tracee:
    """A process, stopped; a context manager."""

    def __init__(self, pid):
        self.pid = pid
        self._is_there = False

    def __enter__(self):
        wait_until(self._stop_idle, 5, f"process {self.pid} to wait for events")
        self._is_there = True
        self._at = self._before[_RIP]
        assert _peek(self.pid, self._at - 2)[:2] == _SYSCALL
        self._text = _peek(self.pid, self._at)
        self._poke(self._at, bytes([_BREAKPOINT]) + self._text[1:])
        return self

    def __exit__(self, *_):
        if not self._is_there:
            return
        self._poke(self._at, self._text)
        _ptrace(_SETREGS, self.pid, 0, ctypes.addressof(self._before))
        _ptrace(_DETACH, self.pid)

    def _stop_idle(self):
        """In any other call the breakpoint might be where the handler of SIGSYS passes, too."""
        _ptrace(_ATTACH, self.pid)
        assert _wait_stop(self.pid) == signal.SIGSTOP
        self._before = _registers(self.pid)
        if self._before[_ORIG_RAX] in _WAITS:
            return True
        _ptrace(_DETACH, self.pid)
        return False

    def _poke(self, address, data):
        for i in range(0, len(data), 8):
            word, = struct.unpack("<Q", data[i:i + 8].ljust(8, b"\0"))
            _ptrace(_POKETEXT, self.pid, address + i, word)

    def text(self, text):
        """The address of that text in its memory, where nothing of its own is."""
        address = (self._before[_RSP] - _RED_ZONE) & ~7
        self._poke(address, text.encode() + b"\0")
        return address

    def call(self, number, *arguments):
        """What the kernel returns: a result or -errno. Killed, if it killed the process."""
        now = _registers(self.pid)
        for place, value in zip(_ARGUMENTS, (*arguments, 0, 0, 0, 0, 0, 0)):
            now[place] = value & (1 << 64) - 1
        now[_RAX], now[_ORIG_RAX] = number, (1 << 64) - 1
        now[_RIP], now[_RSP] = self._at - 2, self._before[_RSP] - 2 * _RED_ZONE
        _ptrace(_SETREGS, self.pid, 0, ctypes.addressof(now))
        try:
            return self._run()
        except Killed:
            self._is_there = False
            raise

    def _run(self):
        """Until the breakpoint; signals on the way (SIGSYS) reach their handlers."""
        number = 0
        while number != signal.SIGTRAP:
            _ptrace(_CONT, self.pid, 0, number)
            number = _wait_stop(self.pid)
        return ctypes.c_int64(_registers(self.pid)[_RAX]).value


def name(result):
    """A result as a text to compare and to read: "EPERM", or "0"."""
    return errno.errorcode.get(-result, str(result)) if result < 0 else str(result)
