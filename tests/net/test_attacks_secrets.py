# SPDX-License-Identifier: GPL-3.0-or-later
"""Where a key must not be: in logs, answers, command lines, files, or memory that can be dumped."""
import base64
import os
import re
import secrets
from pathlib import Path

import peers
import pytest
from attackers import EDITION_2017, KEYED, Victim, attempt
from processes import workers
from testbed.link import Link
from testbed.mpbridge import PORT, binary
from tests.reference import flip

NOT_DUMPED = "dd"


@pytest.fixture(scope="module")
def links():
    return [Link()]


def spellings(victim):
    """The secret as it is configured, and the key in each way that somebody might print it."""
    key = victim.key
    texts = {victim.secret, base64.b64encode(key).decode(), key.hex(), key.hex().upper(),
             key.hex(" "), key.hex(":")}
    return {victim.secret.encode(), key, *(text.encode() for text in texts)}


def found(victim, data):
    return [needle for needle in spellings(victim) if needle in data]


def is_busy(victim, destination):
    """It serves, and it refuses all sorts of strangers."""
    request = victim.request(destination.target, b"first").head()
    for data in (request, request, flip(request, 0), flip(request, 400), secrets.token_bytes(100),
                 victim.request(destination.target, b"x", time_s=1).head()):
        attempt(victim, data)
    victim.greet(destination, b"honest")


def ask(victim, *words):
    return victim.net.server.run([binary(), "status", *words]).stdout.encode()


@pytest.fixture(scope="module", params=KEYED)
def victim(request, net):
    with Victim(net, request.param, flags=["-v"]) as victim:
        yield victim


def test_nobody_is_told(victim, destination):
    """Neither the log with all that -v adds, nor `mpbridge status`."""
    is_busy(victim, destination)
    assert b"warning" in victim.daemon.log.encode()
    assert found(victim, victim.daemon.log.encode()) == []
    for words in ([], ["--json"], ["--flows"], ["--json", "--flows"]):
        assert found(victim, ask(victim, *words)) == []


def content(path):
    """Without its holes: the file of salts is made of them."""
    with open(path, "rb", buffering=0) as file:
        data, end = b"", file.seek(0, os.SEEK_END)
        at = 0
        while at < end:
            try:
                at = file.seek(at, os.SEEK_DATA)
            except OSError:
                break
            stop = file.seek(at, os.SEEK_HOLE)
            file.seek(at)
            data += file.read(stop - at)
            at = stop
        return data


def test_no_file_has_it(victim, destination):
    """What is noted in /run/mpbridge, and what /proc shows of a process."""
    is_busy(victim, destination)
    salts = victim.memory()
    cookie = salts.name.partition(".")[0]
    notes = [path for path in salts.parent.glob(f"{cookie}.*") if path.is_file()]
    assert salts in notes and content(salts)
    assert [path for path in notes if found(victim, content(path))] == []
    for pid in processes(victim):
        for name in ("cmdline", "environ", "comm"):
            assert found(victim, Path(f"/proc/{pid}/{name}").read_bytes()) == [], name


def processes(victim):
    return [victim.daemon.process.pid, *workers(victim.daemon)]


def regions(pid):
    """[(name, first address, last, flags)] of memory that is written, but for files."""
    head = re.compile(r"([0-9a-f]+)-([0-9a-f]+) (\S+) \S+ \S+ \S+ *(.*)")
    for line in Path(f"/proc/{pid}/smaps").read_text().splitlines():
        if match := head.fullmatch(line):
            start, end, mode, name = match.groups()
        elif line.startswith("VmFlags:") and mode.startswith("rw") and not name.startswith("/run"):
            yield name, int(start, 16), int(end, 16), line.split()[1:]


def places(pid, victim):
    """[(name, is it dumped?, what)] where memory has the secret."""
    with open(f"/proc/{pid}/mem", "rb", buffering=0) as memory:
        for name, start, end, flags in regions(pid):
            memory.seek(start)
            try:
                data = memory.read(end - start)
            except OSError:
                continue  # a page that nobody may touch
            for needle in found(victim, data):
                yield name or "anonymous", NOT_DUMPED not in flags, needle


def test_memory_that_has_it_is_never_dumped(victim, destination):
    """The key is in memory of its own alone; the text that it was made of is nowhere any more."""
    is_busy(victim, destination)
    for pid in processes(victim):
        seen = list(places(pid, victim))
        assert (True, victim.key) in [(not is_dumped, what) for _, is_dumped, what in seen]
        assert [place for place in seen if place[1]] == [], pid


@pytest.mark.parametrize("method", EDITION_2017)
def test_password_of_the_command_line(net, destination, method):
    """-k: it is gone from there, and from memory, as soon as the program is ready."""
    given = peers.secret(method)
    with Victim(net, method, keys={"password": None}, port=PORT + 1,
                flags=["-k", given]) as victim:
        test_no_file_has_it(victim, destination)
        test_memory_that_has_it_is_never_dumped(victim, destination)
        assert found(victim, victim.daemon.log.encode()) == []
