# SPDX-License-Identifier: GPL-3.0-or-later
"""What the tests between namespaces share: a laboratory, a network and a bridge, per module.

A module gets lab, net and bridge once, and the bridge again for each mode. It changes them by
fixtures of its own: links, client_keys, server_keys; or by a list of modes of its own:

    pytestmark = pytest.mark.parametrize("mode", [Mode(4), Mode(6)], indirect=True, scope="module")

A test that stops, starts or kills something makes its own with start_bridge(), in a module where
no test uses bridge.

Several processes share the tests out among them (./check: pytest -n, --dist loadgroup). Those of one
module and mode that share a laboratory stay together, in one process and in order; each of the others
goes where there is room. Names of namespaces and folders have the process id, and what a network
namespace does not separate is left alone: see OwnDirectory in test_status_processes.py.
"""
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

sys.path[:0] = [str(Path(__file__).parent.parent.parent), str(Path(__file__).parent)]

pytest.register_assert_rewrite("observe")

import peers  # noqa: E402
import testbed  # noqa: E402
from attackers import Destination  # noqa: E402
from hosts import Ends  # noqa: E402
from observe import Stage  # noqa: E402
from testbed.clock import Clock  # noqa: E402
from testbed.mpbridge import binary  # noqa: E402

LOG_LINES = 25
_bridges = []
_daemons = []


@dataclass(frozen=True)
class Mode:
    """How a bridge runs. family: of its links, and of the hosts that talk over it."""
    family: int
    forward: str = "auto"
    method: str = "none"

    def __str__(self):
        way = self.forward if self.method == "none" else self.method
        return f"ipv{self.family}-{way}"

    def keys(self):
        """What both configuration files have of it."""
        return {"forward": self.forward, "method": self.method,
                "password": peers.secret(self.method)}


# Each way to move payload over both families, and each cipher over one.
MODES = [Mode(family, forward) for family in (4, 6) for forward in ("auto", "copy")] + [
    Mode(4, method="auth-only"),
    Mode(6, method="aes-128-gcm"),
    Mode(4, method="aes-256-gcm"),
    Mode(6, method="chacha20-ietf-poly1305"),
    Mode(6, method="2022-blake3-aes-128-gcm"),
    Mode(4, method="2022-blake3-aes-256-gcm"),
    Mode(4, method="2022-blake3-chacha20-poly1305"),
]


def pytest_make_parametrize_id(val):
    return str(val) if isinstance(val, Mode) else None


def _mode_of(item):
    return item.callspec.params.get("mode", "all") if hasattr(item, "callspec") else "all"


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config, items):
    """Before xdist looks at the groups. Those with much to do come first, so that all the processes
    end at about the same time."""
    if not hasattr(config, "workerinput"):
        return
    for item in items:
        if "lab" in item.fixturenames:
            item.add_marker(pytest.mark.xdist_group(f"{item.module.__name__}-{_mode_of(item)}"))
    items.sort(key=lambda item: "lab" not in item.fixturenames)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_logreport(report):
    """A test that failed shows what the daemons said. Before xdist hands the report on."""
    if report.failed:
        of_bridges = [daemon for bridge in _bridges for daemon in (bridge.client, bridge.server)]
        for daemon in of_bridges + _daemons:
            report.sections.append((f"log of the {daemon.role}", daemon.log_tail(LOG_LINES)))


@pytest.fixture(scope="module")
def lab():
    with testbed.Lab() as lab:
        yield lab


@pytest.fixture(scope="module")
def links():
    """[Link]: fast enough for tests that do not measure, slow enough for queues to fill."""
    return [testbed.Link("300mbit"), testbed.Link("200mbit")]


@pytest.fixture(scope="module")
def net(lab, links):
    return testbed.bridge(lab, links)


@pytest.fixture(scope="module", params=MODES, ids=str)
def mode(request):
    return request.param


@pytest.fixture(scope="module")
def family(mode):
    """4 or 6"""
    return mode.family


@pytest.fixture(scope="module")
def client_keys():
    """Keys for the client's file, over those of the recipe."""
    return {}


@pytest.fixture(scope="module")
def server_keys():
    return {}


def _new_bridge(net, mode, client_keys=None, server_keys=None, **options):
    bridge = testbed.Bridge(net, mode.family, {**mode.keys(), **(client_keys or {})},
                            {**mode.keys(), **(server_keys or {})}, **options)
    _bridges.append(bridge)
    return bridge


@contextmanager
def running(daemon):
    """A daemon that is ready, and stopped at the end; for what is no bridge of ours."""
    daemon.forget_log()
    daemon.start()
    _daemons.append(daemon)
    try:
        yield daemon.wait_ready()
    finally:
        daemon.stop()
        _daemons.remove(daemon)


@pytest.fixture(scope="module")
def bridge(net, mode, client_keys, server_keys):
    """Client and server, ready, with the redirect rules of the recipe."""
    bridge = _new_bridge(net, mode, client_keys, server_keys)
    try:
        with bridge:
            yield bridge
    finally:
        _bridges.remove(bridge)


@pytest.fixture
def start_bridge(net, mode):
    """start_bridge(client_keys, server_keys, ...) -> a Bridge, stopped after the test."""
    started = []

    def start(client_keys=None, server_keys=None, **options):
        bridge = _new_bridge(net, mode, client_keys, server_keys, **options)
        started.append(bridge)
        try:
            return bridge.start()
        except testbed.LabError:
            for daemon in (bridge.client, bridge.server):
                daemon.process.kill_group()
            started.remove(bridge)
            raise

    yield start
    for bridge in started:
        bridge.stop()
        _bridges.remove(bridge)


@pytest.fixture
def ends(net, family):
    """Sockets in the two hosts, closed after the test."""
    with Ends(net, family) as ends:
        yield ends


@pytest.fixture(scope="module")
def clock(lab):
    """A testbed.clock.Clock, for daemons whose time a test moves."""
    clock = Clock(lab)
    yield clock
    clock.close()


@pytest.fixture
def destination(net):
    """An attackers.Destination in host B."""
    destination = Destination(net)
    yield destination
    destination.close()


@pytest.fixture(scope="session")
def scavenger():
    """Skips what takes the congestion control of secondary links: this program has to have one, and
    the kernel BTF with the links of Linux 6.4."""
    btf = Path("/sys/kernel/btf/vmlinux")
    if b"@mpb_scavenger@" not in binary().read_bytes():
        pytest.skip("this program was built without the scavenger")
    if not btf.exists() or b"bpf_struct_ops_link\0" not in btf.read_bytes():
        pytest.skip("this kernel has no BTF, or is older than 6.4")


@pytest.fixture
def stage():
    """A laboratory for this test alone, and the daemons that it starts there."""
    with Stage() as stage:
        yield stage
