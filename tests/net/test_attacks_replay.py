# SPDX-License-Identifier: GPL-3.0-or-later
"""A recorded stream, sent once more: at once, later, to another worker, and after a restart."""
import signal

import pytest
from attackers import EDITION_2022, KEYED, NOTHING, Victim, attempt
from testbed import wait_until
from testbed.link import Link
from testbed.mpbridge import PORT

RECORDED = b"to be recorded"
WORKERS = 2
TRIES = 12  # from so many ports: all of them at one of two workers in 1 of 2000 runs


@pytest.fixture(scope="module")
def links():
    return [Link()]


@pytest.fixture(scope="module", params=KEYED)
def victim(request, net, clock):
    with Victim(net, request.param, clock, {"workers": WORKERS}) as victim:
        yield victim


@pytest.fixture
def own_victim(request, net, clock):
    """A server for this test alone."""
    with Victim(net, request.param, clock, {"workers": WORKERS}, port=PORT + 1) as victim:
        yield victim


def of(methods, fixture="victim"):
    return pytest.mark.parametrize(fixture, methods, indirect=True,
                                   scope="module" if fixture == "victim" else "function")


@pytest.fixture(autouse=True)
def machine_time(clock):
    yield
    clock.move(0)


def record(victim, destination, **request):
    """A whole stream to the destination that was served, as its attacker saw it."""
    made = victim.request(destination.target, RECORDED, **request)
    stream = made.head() + made.seal(b"and more")
    assert attempt(victim, stream)[1] == "end"
    assert destination.arrived[-1].data == RECORDED + b"and more"
    return stream


def is_refused(victim, destination, stream, tries=1):
    """That often, and an honest client is served; nothing else reaches the destination."""
    outcomes = {attempt(victim, stream) for _ in range(tries)}
    return outcomes == {NOTHING} and victim.serves(destination, b"honest")


def test_at_once(victim, destination):
    """To the same worker and the other; and its first part alone, and with another end."""
    stream = record(victim, destination)
    assert is_refused(victim, destination, stream, TRIES)
    head = len(stream) - len(b"and more") - 34
    assert is_refused(victim, destination, stream[:head])
    assert is_refused(victim, destination, stream[:head] + bytes(100))


def test_while_the_first_one_runs(victim, destination):
    near = victim.tunnel(destination.target, payload=RECORDED)
    wait_until(lambda: destination.arrived, 5, "the first one to be served")
    assert attempt(victim, near.request) == NOTHING
    near.close()


def test_many_at_once(victim, destination):
    """It may be that none of them is served, but not two."""
    made = victim.request(destination.target, RECORDED).head()
    opened = [victim.connect() for _ in range(TRIES)]
    for one in opened:
        one.sendall(made)
    victim.greet(destination, b"honest")
    for one in opened:
        one.close()
    assert [arrival.data for arrival in destination.arrived].count(RECORDED) <= 1


@pytest.mark.parametrize("later_s", [29, 31, 61, 3600])
def test_later(victim, destination, clock, later_s):
    """In time, and not any more; 2017 has no time in its streams, and never forgets so few."""
    stream = record(victim, destination)
    clock.move(later_s)
    assert is_refused(victim, destination, stream, TRIES)


@of(EDITION_2022)
def test_until_the_time_of_an_early_one_is_over(victim, destination, clock):
    """Of a client whose clock is 30 s ahead: it is in time for a minute."""
    stream = record(victim, destination, time_s=victim.now_s() + 30)
    for later_s in (30, 58, 59, 60, 61):
        clock.move(later_s)
        assert is_refused(victim, destination, stream)


@of(EDITION_2022)
def test_the_memory_is_renewed(victim, destination, clock):
    """What it remembers goes from one generation to the next, with streams in all of them."""
    streams = []
    for at_s in range(0, 200, 20):
        clock.move(at_s)
        streams.append(record(victim, destination, time_s=victim.now_s() + 30))
        assert is_refused(victim, destination, streams[max(0, len(streams) - 3)])
        assert all(attempt(victim, stream) == NOTHING for stream in streams)


@of(KEYED, "own_victim")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL], ids=lambda it: it.name)
def test_after_a_restart(own_victim, destination, number):
    stream = record(own_victim, destination)
    own_victim.restart(number)
    assert is_refused(own_victim, destination, stream, TRIES)


@of(EDITION_2022, "own_victim")
def test_after_the_memory_was_lost(own_victim, destination, clock):
    """What was made before it began is not taken, although it is in time."""
    stream = record(own_victim, destination)
    own_victim.restart(signal.SIGTERM, forget=True, ahead_s=2)
    assert is_refused(own_victim, destination, stream)


@of(EDITION_2022, "own_victim")
def test_after_the_clock_was_set_back(own_victim, destination, clock):
    """A memory that began in what is now the future begins anew, restarted or not: honest clients
    are served, and it remembers."""
    own_victim.restart(signal.SIGTERM, forget=True, ahead_s=7200)
    record(own_victim, destination)
    clock.move(3600)
    assert is_refused(own_victim, destination, record(own_victim, destination))
    own_victim.restart(signal.SIGTERM, ahead_s=60)
    assert is_refused(own_victim, destination, record(own_victim, destination))
