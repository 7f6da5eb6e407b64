# SPDX-License-Identifier: GPL-3.0-or-later
"""mpbridge doctor: each finding provoked, and none where nothing is wrong."""
import json
import time

import pytest
from hosts import Ends, echoes
from observe import eventually, status_of, wait_for_line
from testbed import Link, bridge, rented
from testbed.clock import Clock
from testbed.mpbridge import PORT, binary, config_text

KEYS = {"method": "2022-blake3-aes-128-gcm", "password": "AAECAwQFBgcICQoLDA0ODw=="}
OTHER_KEY = {**KEYS, "password": "DwAODQwLCgkIBwYFBAMCAQ=="}
STATUS = {"note": 0, "warning": 1, "error": 2}
DROP = """
table inet between {{
\tchain input {{
\t\ttype filter hook input priority -300; policy accept;
\t\t{rule} drop;
\t}}
}}
"""


@pytest.fixture
def net(stage):
    return bridge(stage.lab, [Link(), Link()])


def doctor(node, *words, under=()):
    """{id: finding} of the JSON; the exit status is that of the worst one, which comes first."""
    result = node.run([*under, binary(), "doctor", "--json", *words], check=False, timeout=20)
    found = json.loads(result.stdout)
    ranks = [STATUS[finding["severity"]] for finding in found]
    assert ranks == sorted(ranks, reverse=True)
    assert result.returncode == max(ranks, default=0), result
    for finding in found:
        assert all(finding[key] for key in ("what", "remedy", "command"))
    return {finding["id"]: finding for finding in found}


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
    text = net.client.run([binary(), "doctor"])
    assert text.stdout == "nothing was found\n"


def test_nobody_runs(net):
    found = doctor(net.client)
    assert list(found) == ["not-running"] and found["not-running"]["severity"] == "note"


def test_a_file_of_one_that_does_not_run(stage, net):
    stage.server(net).start().wait_ready()
    good = net.client.write_file("good.json", config_text(net.server_ips, {"local_address": None}))
    assert doctor(net.client, "client", "-c", good) == {}
    bad = net.client.write_file("bad.json", config_text(net.server_ips, {"timeout": "long"}))
    found = doctor(net.client, "client", "-c", bad)
    assert 'timeout: found "long"' in found["configuration"]["what"]


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
    net.server.run(["nft", "-f", "-"],
                   input=DROP.format(rule=f'iifname "wan2" tcp dport {PORT}'))
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


@pytest.mark.parametrize("action", ["reset tcp option mptcp", "drop"])
def test_a_middlebox(stage, action):
    """That strips the option, and one that drops the SYN of a second subflow."""
    net = rented(stage.lab, [Link(), Link()])
    stage.server(net, **net.server_keys).start().wait_ready()
    client = stage.client(net, intercept={"interfaces": ["lan"]}).start().wait_ready()
    wait_for_paths(client)
    match = "tcp option mptcp exists" if action != "drop" else (
        'iifname "wan2" tcp flags & (syn | ack) == syn tcp option mptcp subtype 1')
    stage.lab.nodes["cloud"].run(["nft", "-f", "-"], input=f"""
table inet middlebox {{
\tchain forward {{
\t\ttype filter hook forward priority filter; policy accept;
\t\t{match} {action};
\t}}
}}
""")
    with Ends(net, 4) as ends:
        flows = [ends.pair() for _ in range(3)]
        assert all(echoes(*flow) for flow in flows)
        found = doctor(net.client)
    if action == "drop":
        assert "wan" in found["no-subflow"]["what"] and "fallback" not in found
    else:
        assert "3 of 3 flows were carried by plain TCP" in found["fallback"]["what"]


def test_packets_that_are_too_large(stage, net):
    client, _ = stage.bridge(net)
    wait_for_paths(client)
    net.server.ip("link", "set", "wan1", "mtu", "1400")
    found = doctor(net.client)
    assert "wan1" in found["mtu"]["what"] and "of 1400 they do" in found["mtu"]["what"]


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
    assert "more than 30 s off" in doctor(net.server)["clock"]["what"]
    assert "another time" in doctor(net.client)["not-understood"]["what"]
    clock.close()
    assert server.stop() == 0


def test_few_descriptors(stage, net):
    client = stage.client(net, under=["prlimit", "--nofile=256:256"]).start().wait_ready()
    assert "may have 256 descriptors" in doctor(net.client)["descriptors"]["what"]
    assert client.stop() == 0


@pytest.mark.parametrize("identifier, program", [
    ("no-nft", None),
    ("nft-refuses", "#!/bin/sh\necho 'Error: Could not process rule' >&2; exit 1\n"),
    ("no-tproxy", "#!/bin/sh\nif grep -q tproxy; then echo 'Error: No such file' >&2; exit 1; fi\n"),
])
def test_nft_that_cannot(net, tmp_path, identifier, program):
    """In a mount namespace with another nft, or none."""
    config = net.client.write_file("taking.json", config_text(net.server_ips, {
        "local_address": None, "intercept": {"interfaces": ["lan"]}}))
    other = tmp_path / "nft"
    other.write_text(program or "")
    other.chmod(0o755 if program else 0o644)
    under = ["unshare", "--mount", "sh", "-c",
             'mount --bind "$0" "$(command -v nft)" && exec "$@"', other]
    assert identifier in doctor(net.client, "client", "-c", config, under=under)


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
    assert "does not say how it is" in doctor(net.client)["no-answer"]["what"]
    assert time.monotonic() < begin_s + 15
    client.process.send_signal(18)
    assert client.stop() == 0
