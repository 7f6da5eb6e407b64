# SPDX-License-Identifier: GPL-3.0-or-later
"""Real programs over the bridge, unmodified: iperf3, curl and nginx, ssh and scp, socat, nc."""
import getpass
import hashlib
import shutil
import subprocess

import pytest
from hosts import digest, payload, wait_listening
from testbed import iperf, wait_until
from testbed.mpbridge import PORT

MB = 1 << 20
NGINX = """
daemon off;
pid {prefix}/pid;
worker_processes 2;
error_log {prefix}/error.log;
events {{ worker_connections 512; }}
http {{
    access_log off;
    client_body_temp_path {prefix}/body;
    proxy_temp_path {prefix}/proxy;
    fastcgi_temp_path {prefix}/fastcgi;
    uwsgi_temp_path {prefix}/uwsgi;
    scgi_temp_path {prefix}/scgi;
    server {{
        listen 8080;
        listen [::]:8080;
        root {prefix}/root;
        client_max_body_size 0;
        location /upload/ {{ dav_methods PUT; create_full_put_path on; }}
    }}
}}
"""
SSHD = """
Port 2222
HostKey {directory}/host_key
AuthorizedKeysFile {directory}/user_key.pub
PidFile none
UsePAM no
StrictModes no
PasswordAuthentication no
PermitRootLogin prohibit-password
Subsystem sftp internal-sftp
"""


def file_digest(path):
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()[:16], path.stat().st_size


def url_host(ip):
    return f"[{ip}]" if ":" in ip else ip


@pytest.fixture(scope="module")
def nginx(net, tmp_path_factory):
    """nginx in host B; the folder whose content it serves."""
    prefix = tmp_path_factory.mktemp("nginx")
    prefix.chmod(0o755)
    root = prefix / "root"
    (root / "upload").mkdir(parents=True)
    (root / "large").write_bytes(payload(20 * MB))
    for number in range(100):
        (root / f"small{number}").write_bytes(payload(1000 + number, number))
    (prefix / "nginx.conf").write_text(
        f"user {getpass.getuser()};\n" + NGINX.format(prefix=prefix))
    child = net.host_b.popen(["nginx", "-p", prefix, "-e", prefix / "error.log", "-c",
                              prefix / "nginx.conf"], stdin=subprocess.DEVNULL)
    wait_listening(net.host_b, 8080)
    yield root
    child.kill_group()


@pytest.fixture
def curl(net, ends, tmp_path):
    """curl(words...) in host A; {url} in a word is nginx's. What it printed."""
    url = f"http://{url_host(ends.b_ip)}:8080"

    def run(*words):
        argv = ["curl", "-sSf", "--max-time", 15, *(str(word).replace("{url}", url)
                                                          for word in words)]
        return net.host_a.run(argv, cwd=tmp_path).stdout

    return run


@pytest.fixture(scope="module")
def ssh_directory(net, tmp_path_factory):
    """sshd in host B with keys of its own; the folder with the keys."""
    directory = tmp_path_factory.mktemp("ssh")
    for name in ("host_key", "user_key"):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", directory / name],
                       check=True)
    (directory / "sshd_config").write_text(SSHD.format(directory=directory))
    # without it sshd does not start; the distribution makes it when its own sshd starts
    subprocess.run(["mkdir", "-p", "/run/sshd"], check=True)
    child = net.host_b.popen([shutil.which("sshd", path="/usr/sbin:/usr/bin"), "-D", "-e", "-f",
                              directory / "sshd_config"], stdin=subprocess.DEVNULL,
                             stderr=subprocess.DEVNULL)
    wait_listening(net.host_b, 2222)
    yield directory
    child.kill_group()


def ssh_options(directory):
    return ["-F", "none", "-i", directory / "user_key", "-o", "StrictHostKeyChecking=no",
            "-o", "UserKnownHostsFile=/dev/null", "-o", "BatchMode=yes", "-o", "LogLevel=ERROR",
            "-o", "ConnectTimeout=8"]


@pytest.mark.parametrize("direction", ["up", "down"])
def test_iperf_uses_both_links(bridge, net, ends, direction):
    """Both subflows of the one connection joined, and both carried a good part of it."""
    before = net.client.mptcp_counters()
    links_before = [link.counters() for link in net.lab.links]
    flags = ["-R"] if direction == "down" else []
    result = iperf(net, seconds=2, ip=ends.b_ip, flags=flags)
    after = net.client.mptcp_counters()
    way = 1 if direction == "down" else 0
    moved = [link.counters()[way] - link_before[way]
             for link, link_before in zip(net.lab.links, links_before)]
    # iperf3 makes two connections: one to talk, one to measure
    assert after["MPTcpExtMPCapableSYNACKRX"] - before["MPTcpExtMPCapableSYNACKRX"] >= 2
    assert after["MPTcpExtMPJoinSynAckRx"] - before["MPTcpExtMPJoinSynAckRx"] >= 2
    assert after["MPTcpExtMPCapableFallbackACK"] == before["MPTcpExtMPCapableFallbackACK"]
    assert all(count > 0.1 * result.bytes for count in moved), (moved, result.bytes)


def test_every_connection_has_one_subflow_per_link(bridge, net, ends):
    pairs = [ends.pair() for _ in range(5)]

    def links_of_connections():
        connections = {}
        for subflow in net.client.subflows(PORT):
            if subflow.state == "ESTAB" and subflow.is_mptcp:
                local_token = subflow.info["token"].partition("/")[2].partition("(")[0]
                connections.setdefault(local_token, []).append(subflow.peer)
        return connections

    addresses = sorted(net.server_ips if ends.family == 4 else net.server_ips6)

    def all_complete():
        found = links_of_connections()
        complete = [peers for peers in found.values() if sorted(peers) == addresses]
        return len(complete) >= len(pairs) and len(complete) == len(found)

    wait_until(all_complete, 5, "one subflow over each link for each connection")
    assert not [s for s in net.client.subflows(PORT) if s.state == "SYN-SENT"]


def test_large_download(bridge, nginx, curl, tmp_path):
    curl("-o", tmp_path / "got", "{url}/large")
    assert file_digest(tmp_path / "got") == file_digest(nginx / "large")


def test_many_small_files_on_a_kept_connection(bridge, nginx, curl, tmp_path):
    report = curl("-w", "%{num_connects} ", "-o", tmp_path / "got#1", "{url}/small[0-99]")
    assert sum(map(int, report.split())) == 1
    for number in range(100):
        assert file_digest(tmp_path / f"got{number}") == file_digest(nginx / f"small{number}")


def test_parallel_downloads(bridge, nginx, curl, tmp_path):
    curl("-Z", "--parallel-max", 20, "-H", "Connection: close", "-o", tmp_path / "got#1",
         "{url}/small[0-99]")
    for number in range(100):
        assert file_digest(tmp_path / f"got{number}") == file_digest(nginx / f"small{number}")


def test_upload(bridge, nginx, curl, tmp_path):
    (tmp_path / "sent").write_bytes(payload(10 * MB, 7))
    curl("-T", tmp_path / "sent", "{url}/upload/sent")
    assert file_digest(nginx / "upload" / "sent") == file_digest(tmp_path / "sent")
    (nginx / "upload" / "sent").unlink()


def test_post(bridge, net, ends, curl, tmp_path):
    """The body is hashed by a server of ours: nginx alone does not keep what is posted."""
    (tmp_path / "sent").write_bytes(payload(5 * MB, 8))
    answer = tmp_path / "answer.py"
    answer.write_text(POST_SERVER)
    child = net.host_b.popen(["/usr/bin/python3", answer], stdin=subprocess.DEVNULL,
                             stderr=subprocess.DEVNULL)
    wait_listening(net.host_b, 8081)
    try:
        said = curl("--data-binary", "@sent", f"http://{url_host(ends.b_ip)}:8081/")
    finally:
        child.kill_group()
    assert said == hashlib.sha256(payload(5 * MB, 8)).hexdigest()


POST_SERVER = """
import hashlib, http.server, socket

class Handler(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.end_headers()
        self.wfile.write(hashlib.sha256(body).hexdigest().encode())

class Server(http.server.HTTPServer):
    address_family = socket.AF_INET6

Server(("::", 8081), Handler).serve_forever()
"""


def test_ssh_command(bridge, net, ends, ssh_directory):
    said = net.host_a.run(["ssh", *ssh_options(ssh_directory), "-p", 2222,
                           f"{getpass.getuser()}@{ends.b_ip}", "echo from afar"]).stdout
    assert said == "from afar\n"


def test_scp(bridge, net, ends, ssh_directory, tmp_path):
    (tmp_path / "sent").write_bytes(payload(10 * MB))
    remote = f"{getpass.getuser()}@{url_host(ends.b_ip)}"
    scp = ["scp", "-q", *ssh_options(ssh_directory), "-P", 2222]
    net.host_a.run([*scp, tmp_path / "sent", f"{remote}:{tmp_path}/there"])
    net.host_a.run([*scp, f"{remote}:{tmp_path}/there", tmp_path / "back"])
    assert file_digest(tmp_path / "there") == file_digest(tmp_path / "sent")
    assert file_digest(tmp_path / "back") == file_digest(tmp_path / "sent")


def test_mail_greeting(bridge, net, ends, tmp_path):
    """The server speaks first, and the client waits for it."""
    talk = tmp_path / "talk.sh"
    talk.write_text("printf '220 mail\\r\\n'; read word name; printf \"250 $name\\r\\n\"")
    child = net.host_b.popen(
        ["socat", f"TCP{ends.family}-LISTEN:2525,reuseaddr", f"EXEC:sh {talk}"],
        stdin=subprocess.DEVNULL)
    wait_listening(net.host_b, 2525)
    client = net.host_a.popen(["socat", "-t5", "-", f"TCP{ends.family}:{url_host(ends.b_ip)}:2525"],
                              stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert client.stdout.readline() == b"220 mail\r\n"
    client.stdin.write(b"HELO host\n")
    client.stdin.flush()
    assert client.stdout.readline() == b"250 host\r\n"
    client.stdin.close()
    assert client.wait(8) == 0
    child.kill_group()


def test_nc_closes_its_sending_side(bridge, net, ends, tmp_path):
    """nc -N: half-close at the end of its input; the other nc ends with it."""
    (tmp_path / "sent").write_bytes(payload(5 * MB))
    with open(tmp_path / "got", "wb") as got, open(tmp_path / "sent", "rb") as sent:
        server = net.host_b.popen(["nc", f"-{ends.family}", "-l", "-N", ends.b_ip, "7777"],
                                  stdin=subprocess.DEVNULL, stdout=got)
        wait_listening(net.host_b, 7777)
        net.host_a.run(["nc", "-N", "-w", 8, ends.b_ip, "7777"], stdin=sent, timeout=10)
        assert server.wait(5) == 0
    assert digest((tmp_path / "got").read_bytes()) == digest(payload(5 * MB))
