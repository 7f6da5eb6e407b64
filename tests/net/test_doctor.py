# SPDX-License-Identifier: GPL-3.0-or-later
"""mpbridge doctor: each finding provoked, and none where nothing is wrong."""
import json
import threading
import time

import pytest
from hosts import Ends, echoes
from observe import eventually, open_flows, status_of, wait_for_line
from testbed import Link, bridge, rented, routers
from testbed.clock import Clock
from testbed.mpbridge import LOCAL_PORT, PORT, binary, config_text

KEYS = {"method": "2022-blake3-aes-128-gcm", "password": "AAECAwQFBgcICQoLDA0ODw=="}
OTHER_KEY = {**KEYS, "password": "DwAODQwLCgkIBwYFBAMCAQ=="}
STATUS = {"note": 0, "warning": 1, "error": 2}
OF_THE_MACHINE = "clock-unsynchronised"
RULE = """
table inet between {{
\tchain c {{
\t\ttype filter hook {hook} priority -300; policy accept;
\t\t{rule};
\t}}
}}
"""


@pytest.fixture
def net(stage):
    return bridge(stage.lab, [Link(), Link()])


def doctor(node, *words, under=()):
    """{id: finding} of the JSON; the exit status is that of the worst one, which comes first. It is
    without what depends on the machine."""
    result = node.run([*under, binary(), "doctor", "--json", *words], check=False, timeout=20)
    found = json.loads(result.stdout)
    ranks = [STATUS[finding["severity"]] for finding in found]
    assert ranks == sorted(ranks, reverse=True)
    assert result.returncode == max(ranks, default=0), result
    for finding in found:
        assert all(finding[key] for key in ("what", "remedy", "command"))
    return {finding["id"]: finding for finding in found if finding["id"] != OF_THE_MACHINE}


def severities(found):
    return {identifier: finding["severity"] for identifier, finding in found.items()}


def put_rule(node, rule, hook="input"):
    node.run(["nft", "-f", "-"], input=RULE.format(rule=rule, hook=hook))


def take_rules(node):
    node.run(["nft", "delete", "table", "inet", "between"])


def file_for(node, server, **keys):
    return node.write_file("doctor.json", config_text(server, {"local_address": None, **keys}))


def wait_for_paths(client, states=("up", "up")):
    eventually(lambda: sorted(path["state"] for path in status_of(client)["paths"]), list(states))


@pytest.mark.parametrize("keys", [{}, KEYS], ids=["none", "2022"])
@pytest.mark.parametrize("family", [4, 6])
def test_nothing_is_found_where_nothing_is_wrong(stage, net, family, keys):
    servers = net.server_ips if family == 4 else net.server_ips6
    client, _ = stage.bridge(net, keys, keys, servers, servers)
    wait_for_paths(client)
    with Ends(net, 4) as ends:
        assert echoes(*ends.pair())
        for node in (net.client, net.server):
            before = node.dump()
            assert doctor(node) == {}
            assert node.dump() == before
    if not keys:
        text = net.client.run([binary(), "doctor"])
        assert text.stdout == "nothing was found\n"


def test_nobody_runs(net):
    found = doctor(net.client)
    assert list(found) == ["not-running"] and found["not-running"]["severity"] == "note"


def test_a_file_of_one_that_does_not_run(stage, net):
    stage.server(net).start().wait_ready()
    assert doctor(net.client, "client", "-c", file_for(net.client, net.server_ips)) == {}
    found = doctor(net.client, "client", "-c", file_for(net.client, net.server_ips, timeout="long"))
    assert 'timeout: found "long"' in found["configuration"]["what"]


@pytest.mark.parametrize("role, server, keys, identifier, what", [
    ("client", ["10.10.1.2"], {"paths": [{"interface": "wan1"}, {"interface": "wan7"}]},
     "no-interface", "does not start: path wan7: there is no such interface"),
    ("client", ["10.10.1.2"], {"paths": [{"interface": "wan1", "address": "10.10.1.77"}]},
     "no-address", "does not start: path wan1: it has no address 10.10.1.77"),
    ("client", ["10.10.1.2", "192.0.2.7"], {}, "no-path", "to the server's address 192.0.2.7"),
    ("client", ["192.0.2.7"], {}, "no-path", "to the server's address 192.0.2.7"),
    ("client", ["far.invalid"], {}, "no-start", "far.invalid"),
    ("client", ["10.10.1.2"], {"local_address": "192.0.2.1"}, "no-address",
     'this machine has no address 192.0.2.1, where "local_address"'),
    ("server", ["192.0.2.1"], {}, "no-address", 'this machine has no address 192.0.2.1, where "server"'),
], ids=["interface", "address", "route", "routes", "name", "local", "server"])
def test_a_file_with_which_it_does_not_start_or_lacks_a_link(stage, net, role, server, keys,
                                                             identifier, what):
    stage.server(net).start().wait_ready()
    found = doctor(net.client, role, "-c", file_for(net.client, server, **keys))
    assert what in found[identifier]["what"]
    assert found[identifier]["severity"] == (
        "warning" if len(server) > 1 else "error")


def test_a_link_that_is_down_at_the_start(stage, net):
    """Nobody names it, so the server's address is all that tells of it."""
    stage.server(net).start().wait_ready()
    net.lab.link(2).down()
    found = doctor(net.client, "client", "-c", file_for(net.client, net.server_ips))
    assert "10.10.2.2" in found["no-path"]["what"] and len(found) == 1
    client = stage.client(net).start().wait_ready()
    wait_for_paths(client, ("up",))
    found = doctor(net.client)
    assert severities(found) == {"no-path": "warning"} and "10.10.2.2" in found["no-path"]["what"]


def test_two_addresses_by_one_link(stage, net):
    stage.server(net).start().wait_ready()
    net.lab.link(2).down()
    net.client.ip("route", "add", "default", "via", "10.10.1.2")
    client = stage.client(net).start().wait_ready()
    wait_for_paths(client, ("up",))
    assert "only wan1 leads to it, and carries what goes to 10.10.1.2" in (
        doctor(net.client)["no-path"]["what"])


@pytest.mark.parametrize("words", [["-c", "x.json"], ["router"], ["--nothing"]])
def test_usage(net, words):
    result = net.client.run([binary(), "doctor", *words], check=False)
    assert (result.returncode, result.stdout) == (3, "") and "usage:" in result.stderr


def test_text_fits_a_terminal(stage, net):
    client, _ = stage.bridge(net)
    net.client.run(["ip", "mptcp", "endpoint", "add", "10.9.9.9"])
    text = net.client.run([binary(), "doctor"], check=False).stdout
    assert text.startswith("warning: there is an MPTCP endpoint 10.9.9.9")
    assert max(map(len, text.splitlines())) <= 80
    assert "\n  remedy " in text and "\n  see    ip mptcp endpoint show\n" in text
    assert client.stop() == 0


def test_no_mptcp_in_the_kernel(net):
    under = ["strace", "-qq", "-o", "/dev/null", "-e", "inject=socket:error=EPROTONOSUPPORT"]
    assert "no MPTCP" in doctor(net.client, under=under)["no-mptcp"]["what"]


def test_mptcp_switched_off(net):
    net.client.sysctl({"net.mptcp.enabled": 0})
    assert doctor(net.client)["mptcp-off"]["severity"] == "error"
    net.client.sysctl({"net.mptcp.enabled": 1})
    assert "mptcp-off" not in doctor(net.client)


def test_limits_lowered(stage, net):
    client, _ = stage.bridge(net)
    wait_for_paths(client)
    net.client.run(["ip", "mptcp", "limits", "set", "subflows", "0"])
    assert "0 more subflows, and 1 are needed" in doctor(net.client)["limits"]["what"]


def test_an_endpoint_of_somebody_else(stage, net):
    client, _ = stage.bridge(net)
    wait_for_paths(client)
    net.client.run(["ip", "mptcp", "endpoint", "add", "10.9.9.9"])
    assert "10.9.9.9" in doctor(net.client)["foreign-endpoint"]["what"]


def test_an_endpoint_of_another_daemon_of_ours(stage, net):
    """It is not asked, or does not answer: its ledger tells."""
    client, _ = stage.bridge(net)
    wait_for_paths(client)
    beside = stage.add(net.client, "server", config_text("0.0.0.0", {
        "local_address": None, "server_port": PORT + 1, "paths": [{"interface": "lan"}]}), name="beside")
    beside.start().wait_ready()
    assert "192.168.1.1" in net.client.ip("mptcp", "endpoint", "show")
    assert doctor(net.client, "client") == {}
    client.process.send_signal(19)
    assert list(doctor(net.client, "client")) == ["no-answer"]
    client.process.send_signal(18)
    assert beside.stop() == 0


def test_strict_reverse_path_filter(stage):
    net = rented(stage.lab, [Link(), Link()])
    net.client.sysctl({"net.ipv4.conf.all.rp_filter": 1})
    stage.server(net, **net.server_keys).start().wait_ready()
    client = stage.client(net).start().wait_ready()
    wait_for_paths(client, ("down", "up"))
    found = doctor(net.client)
    assert "rp_filter is 1 on wan" in found["rp-filter"]["what"]
    net.client.sysctl({"net.ipv4.conf.all.rp_filter": 2})
    wait_for_paths(client)
    assert doctor(net.client) == {}


def test_strict_reverse_path_filter_with_an_address_for_each_link(stage):
    net = rented(stage.lab, [Link(), Link()])
    net.server.ip("address", "add", "203.0.113.3/24", "dev", "eth0")
    net.client.sysctl({"net.ipv4.conf.all.rp_filter": 0, "net.ipv4.conf.wan2.rp_filter": 1})
    stage.server(net, **net.server_keys).start().wait_ready()
    client = stage.client(net, ["203.0.113.2", "203.0.113.3"]).start().wait_ready()
    wait_for_paths(client, ("down", "up"))
    assert "rp_filter is 1 on wan2" in doctor(net.client)["rp-filter"]["what"]
    net.client.sysctl({"net.ipv4.conf.wan2.rp_filter": 2})
    wait_for_paths(client)
    assert doctor(net.client) == {}


def test_strict_reverse_path_filter_of_a_server(stage, net):
    client, _ = stage.bridge(net)
    wait_for_paths(client)
    net.server.sysctl({"net.ipv4.conf.wan2.rp_filter": 1})
    assert doctor(net.server) == {}
    net.server.ip("route", "add", "10.10.2.1/32", "via", "10.10.1.1")
    wait_for_paths(client, ("down", "up"))
    found = doctor(net.server)
    assert "rp_filter is 1 on wan2" in found["rp-filter"]["what"]
    assert severities(found) == {"rp-filter": "warning"}


@pytest.mark.parametrize("identifier, spoil", [
    ("no-carrier", lambda net: net.lab.link(2).down()),
    ("no-address", lambda net: net.client.ip("address", "flush", "dev", "wan2")),
    ("no-interface", lambda net: net.client.ip("link", "delete", "wan2")),
])
def test_a_link_that_is_not_usable(stage, net, identifier, spoil):
    client, _ = stage.bridge(net, {"paths": [{"interface": "wan1"}, {"interface": "wan2"}]})
    spoil(net)
    eventually(lambda: identifier in doctor(net.client), True)
    assert "wan2" in doctor(net.client)[identifier]["what"]


def test_no_route(stage, net):
    client, _ = stage.bridge(net, {"paths": [{"interface": "wan1"}, {"interface": "lan"}]})
    assert "path lan is not used" in doctor(net.client)["no-route"]["what"]


def test_a_firewall_that_drops(stage, net):
    client, _ = stage.bridge(net)
    wait_for_paths(client)
    put_rule(net.server, f'iifname "wan2" tcp dport {PORT} drop')
    found = doctor(net.client)
    assert "pings are answered, and TCP to port 8388 is not" in found["firewall"]["what"]
    assert "wan2" in found["firewall"]["what"] and "unreachable" not in found


def test_a_far_end_that_is_not_reached(stage, net):
    client, _ = stage.bridge(net)
    wait_for_paths(client)
    net.lab.link(1).blackhole(True)
    found = doctor(net.client)
    assert "wan1" in found["unreachable"]["what"] and "firewall" not in found


def test_nothing_listens_there(stage, net):
    client = stage.client(net).start().wait_ready()
    found = doctor(net.client)
    assert "nothing listens on port 8388" in found["refused"]["what"]
    assert client.stop() == 0


@pytest.fixture
def gateways(stage):
    """(network, keys): the second link has a "gateway", and the main table nothing."""
    net = rented(stage.lab, [Link(), Link()])
    net.client.ip("-4", "route", "del", "default", "dev", "wan2")
    stage.server(net, **net.server_keys).start().wait_ready()
    return net, {"paths": [{"interface": "wan1"}, {"interface": "wan2", "gateway": "10.10.2.2"}]}


def test_a_gateway_that_nobody_uses_yet(gateways):
    net, keys = gateways
    found = doctor(net.client, "client", "-c", file_for(net.client, net.server_ips, **keys))
    assert severities(found) == {"not-probed": "note"} and "wan2" in found["not-probed"]["what"]


def test_a_gateway_whose_link_drops(stage, gateways):
    """Pings do not go by it by themselves."""
    net, keys = gateways
    client = stage.client(net, **keys).start().wait_ready()
    wait_for_paths(client)
    assert doctor(net.client) == {}
    put_rule(net.far, 'iifname "wan2" tcp dport 8388 drop', "forward")
    found = doctor(net.client)
    assert list(found) == ["firewall"] and "wan2" in found["firewall"]["what"]
    take_rules(net.far)
    put_rule(net.far, 'iifname "wan2" drop', "forward")
    found = doctor(net.client)
    assert list(found) == ["silent"]
    assert "the gateway 10.10.2.2 answers pings" in found["silent"]["what"]
    net.lab.link(2).blackhole(True)
    assert "10.10.2.2 does not answer pings either" in doctor(net.client)["silent"]["what"]


@pytest.fixture
def cloud(stage):
    """A rented network whose bridge works, and takes over what comes by `lan`."""
    net = rented(stage.lab, [Link(), Link()])
    stage.server(net, **net.server_keys).start().wait_ready()
    client = stage.client(net, intercept={"interfaces": ["lan"]}).start().wait_ready()
    wait_for_paths(client)
    return net


def test_a_middlebox_that_strips_the_option(cloud):
    """A note is what is left when it is gone, and its flows are."""
    put_rule(cloud.far, "tcp option mptcp exists reset tcp option mptcp", "forward")
    with Ends(cloud, 4) as ends:
        flows = open_flows(ends, 3)
        assert all(echoes(*flow) for flow in flows)
        found = doctor(cloud.client)
        assert "3 of 3 flows since the start" in found["fallback"]["what"]
        assert severities(found) == {"fallback": "error"}
    take_rules(cloud.far)
    with Ends(cloud, 4) as ends:
        assert all(echoes(*flow) for flow in open_flows(ends, 2))
        found = doctor(cloud.client)
        assert "3 of 5 flows" in found["fallback"]["what"]
        assert severities(found) == {"fallback": "note"}


def test_a_middlebox_that_drops_joins(cloud):
    """Also after flows that fell back."""
    put_rule(cloud.far, "tcp option mptcp exists reset tcp option mptcp", "forward")
    with Ends(cloud, 4) as ends:
        assert all(echoes(*flow) for flow in open_flows(ends))
    take_rules(cloud.far)
    put_rule(cloud.far, 'iifname "wan2" tcp flags & (syn | ack) == syn tcp option mptcp subtype 1 drop',
             "forward")
    with Ends(cloud, 4) as ends:
        assert all(echoes(*flow) for flow in open_flows(ends, 3))
        eventually(lambda: "wan" in doctor(cloud.client).get("no-subflow", {}).get("what", ""), True)


def test_several_far_routers(stage):
    """No flow is to have a subflow on a path to one that is not used."""
    net = routers(stage.lab, [Link(), Link()])
    stage.add(net.other, "server", config_text("0.0.0.0", {"local_address": None}),
              name="other").start().wait_ready()
    client, _ = stage.bridge(net, client_server=[["10.10.1.2"], ["10.10.2.2"]])
    wait_for_paths(client)
    with Ends(net, 4) as ends:
        assert echoes(*open_flows(ends)[0])
        eventually(lambda: min(path["age_ms"] for path in status_of(client)["paths"]) > 3000, True)
        assert doctor(net.client) == {}


def test_short_flows_over_a_slow_second_link(stage):
    net = rented(stage.lab, [Link("100mbit", "4ms"), Link("20mbit", "900ms")])
    stage.server(net, **net.server_keys).start().wait_ready()
    client = stage.client(net, intercept={"interfaces": ["lan"]}).start().wait_ready()
    wait_for_paths(client)
    over = threading.Event()

    def talk():
        while not over.is_set():
            with Ends(net, 4) as ends:
                echoes(*open_flows(ends)[0])
                time.sleep(0.1)

    talker = threading.Thread(target=talk)
    talker.start()
    try:
        eventually(lambda: min(path["age_ms"] for path in status_of(client)["paths"]) > 3000, True)
        found = doctor(net.client)
        assert "no-subflow" not in found
    finally:
        over.set()
        talker.join()


@pytest.mark.parametrize("family, mtu", [(4, 1500), (6, 1500), (4, 20000)])
def test_packets_that_are_too_large(stage, family, mtu):
    """A router that says so costs nothing; one that does not, connections."""
    net = rented(stage.lab, [Link(), Link()])
    for node, device in ((net.client, "wan1"), (net.far, "wan1"), (net.far, "dmz"), (net.server, "eth0")):
        node.ip("link", "set", device, "mtu", mtu)
    server = "0.0.0.0" if family == 4 else "::"
    stage.server(net, server, **net.server_keys).start().wait_ready()
    client = stage.client(net, net.server_ips if family == 4 else net.server_ips6).start().wait_ready()
    wait_for_paths(client)
    assert doctor(net.client) == {}
    put_rule(net.far, 'iifname "wan1" meta length > 1400 drop', "forward")
    found = doctor(net.client)
    assert f"packets of {mtu} bytes" in found["mtu"]["what"] and "of 1400 they" in found["mtu"]["what"]
    assert severities(found) == {"mtu": "error"}
    take_rules(net.far)
    net.far.ip("link", "set", "dmz", "mtu", "1400")
    assert severities(doctor(net.client)) == {"mtu": "note"}


def test_another_key(stage, net):
    client, _ = stage.bridge(net, KEYS, OTHER_KEY)
    wait_for_line(client, "does not answer what is said to it", 2)
    assert "another method or key, or another time" in doctor(net.client)["not-understood"]["what"]


def test_a_client_that_is_not_let_in(stage, net):
    client, _ = stage.bridge(net, server={"allow": ["10.10.1.0/24"]})
    wait_for_line(client, "answers, but ends the connection")
    found = doctor(net.client)
    assert "wan2" in found["not-let-in"]["what"] and len(found) == 1


def test_a_clock_that_is_off(stage, net):
    clock = Clock(stage.lab)
    client = stage.client(net, under=clock.under, **KEYS)
    server = stage.server(net, **KEYS).start().wait_ready()
    clock.move(100)
    client.start().wait_ready()
    wait_for_line(client, "does not answer what is said to it")
    found = doctor(net.server)
    assert "more than 30 s off" in found["clock"]["what"]
    assert severities(found) == {"clock": "error"}
    assert "another time" in doctor(net.client)["not-understood"]["what"]
    clock.move(0)
    eventually(lambda: [path["unanswered"] for path in status_of(client)["paths"]], [False, False], 15)
    assert severities(doctor(net.server)) == {"clock": "note"}
    clock.close()
    assert server.stop() == 0


def test_a_clock_that_was_never_set(stage, net):
    stage.server(net, **KEYS).start().wait_ready()
    clock = Clock(stage.lab)
    clock.move(-50 * 365 * 86400)
    config = file_for(net.client, net.server_ips, **KEYS)
    assert severities(doctor(net.client, "client", "-c", config, under=clock.under)) == {
        "clock-unset": "error"}
    config = file_for(net.client, net.server_ips)
    assert "clock-unset" not in doctor(net.client, "client", "-c", config, under=clock.under)
    clock.close()


def test_few_descriptors(stage, net):
    client = stage.client(net, under=["prlimit", "--nofile=256:256"]).start().wait_ready()
    what = doctor(net.client)["descriptors"]["what"]
    assert "may have 256 descriptors" in what and "42 flows" in what
    assert client.stop() == 0


SECONDARY = {"paths": [{"interface": "wan1"}, {"interface": "wan2", "role": "secondary"}]}
WITHOUT_BPF = ["setpriv", "--bounding-set=-bpf,-perfmon,-sys_admin"]


@pytest.mark.parametrize("server, client, at_client, at_server", [
    ((), (), {}, {}),
    (WITHOUT_BPF, (), {"no-far-scavenger": "note"}, {"no-scavenger": "note"}),
    ((), WITHOUT_BPF, {"no-scavenger": "note"}, {}),
], ids=["both have one", "not the server", "not the client"])
def test_a_secondary_link_without_a_scavenger(stage, net, server, client, at_client, at_server):
    """Who may not load it works without, and it is said which end that is, and why."""
    stage.server(net, under=server).start().wait_ready()
    running = stage.client(net, under=client, **SECONDARY).start().wait_ready()
    wait_for_paths(running)
    if "no scavenger (this kernel" in running.log:
        pytest.skip("this kernel, or this build, has no BPF for the scavenger")
    eventually(lambda: status_of(running)["paths"][1]["secondary"]["far_scavenger"], not server)
    for node, expected in ((net.client, at_client), (net.server, at_server)):
        found = doctor(node)
        assert severities(found) == expected
        for identifier in set(found) & {"no-scavenger"}:
            assert "CAP_BPF" in found[identifier]["what"] and "wan2" in found[identifier]["what"]


def with_nft(directory, program):
    """The command to run with another nft, or none, in a mount namespace."""
    other = directory / "nft"
    other.write_text(program or "")
    other.chmod(0o755 if program else 0o644)
    return ["unshare", "--mount", "sh", "-c",
            'mount --bind "$0" "$(command -v nft)" && exec "$@"', other]


def refuses(word):
    return f"#!/bin/sh\nif grep -q '{word}'; then echo 'Error: No such file' >&2; exit 1; fi\n"


@pytest.mark.parametrize("mode, program, expected", [
    ("auto", None, {"no-nft": "error"}),
    ("auto", refuses("table"), {"nft-refuses": "error"}),
    ("auto", refuses("tproxy"), {"no-tproxy": "warning"}),
    ("auto", refuses("socket transparent"), {"no-tproxy": "warning"}),
    ("auto", refuses("tproxy.*\\|redirect"), {"no-tproxy": "error"}),
    ("tproxy", refuses("tproxy"), {"no-tproxy": "error"}),
    ("redirect", refuses("tproxy"), {}),
    ("redirect", refuses("redirect"), {"nft-refuses": "error"}),
], ids=["none", "nothing", "no tproxy", "no socket", "neither", "no tproxy as told", "no need of it",
        "no redirect"])
def test_nft_that_cannot(stage, net, tmp_path, mode, program, expected):
    stage.server(net).start().wait_ready()
    config = file_for(net.client, net.server_ips, intercept={"interfaces": ["lan"], "mode": mode})
    assert severities(doctor(net.client, "client", "-c", config,
                             under=with_nft(tmp_path, program))) == expected


@pytest.mark.parametrize("program, expected", [
    (None, {"no-nft": "error"}),
    (refuses("socket transparent"), {"nft-refuses": "error"}),
    (refuses("tproxy"), {}),
], ids=["none", "no socket", "no need of tproxy"])
def test_nft_that_cannot_show_hosts(net, tmp_path, program, expected):
    config = file_for(net.server, "0.0.0.0", transparent_source=True)
    under = with_nft(tmp_path, program)
    assert severities(doctor(net.server, "server", "-c", config, under=under)) == expected


@pytest.mark.parametrize("program, expected", [
    (None, {"no-nft": "error"}),
    (refuses("dscp"), {"nft-refuses": "error"}),
    (refuses("socket"), {}),
], ids=["none", "no dscp", "no need of a socket"])
@pytest.mark.parametrize("role, address", [("client", ["10.10.1.2", "10.10.2.2"]), ("server", "0.0.0.0")])
def test_nft_that_cannot_mark(stage, net, tmp_path, role, address, program, expected):
    if role == "client":
        stage.server(net).start().wait_ready()
    node = net.client if role == "client" else net.server
    config = file_for(node, address, paths=[{"interface": "wan1"}, {"interface": "wan2", "dscp": "le"}])
    under = with_nft(tmp_path, program)
    assert severities(doctor(node, role, "-c", config, under=under)) == expected


def test_rules_that_are_taken_away(stage, net):
    client, _ = stage.pair(net, {"intercept": {"interfaces": ["lan"]}})
    net.client.run(["nft", "flush", "ruleset"])
    wait_for_line(client, "is put back")
    found = doctor(net.client)
    assert found["rules-changed"]["severity"] == "note" and "1 times" in found["rules-changed"]["what"]


def test_one_that_hangs(stage, net):
    client = stage.client(net).start().wait_ready()
    client.process.send_signal(19)
    begin_s = time.monotonic()
    found = doctor(net.client)
    assert "does not say how it is" in found["no-answer"]["what"] and len(found) == 1
    assert time.monotonic() < begin_s + 15
    client.process.send_signal(18)
    assert client.stop() == 0


def test_as_many_as_can_run(stage, net):
    """And a file beside them."""
    stage.server(net).start().wait_ready()
    clients = [stage.client(net, name=f"client{number}", workers=1, local_port=LOCAL_PORT + number)
               for number in range(16)]
    for client in clients:
        client.start()
    for client in clients:
        wait_for_line(client.wait_ready(), "8388 answers", 2)
    config = file_for(net.client, net.server_ips, paths=[{"interface": "wan1"}, {"interface": "wan7"}])
    assert list(doctor(net.client, "client", "-c", config)) == ["no-interface"]
