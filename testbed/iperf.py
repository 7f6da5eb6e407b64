# SPDX-License-Identifier: GPL-3.0-or-later
"""iperf3, unmodified, between the two hosts."""
import json
import subprocess
import tempfile
from dataclasses import dataclass

from .wait import LabError, wait_until

PORT = 5201
_GRACE_S = 20


@dataclass
class IperfResult:
    """bps: goodput as the receiver saw it, the first `omit` seconds left out."""
    bps: float
    bytes: int
    retransmits: int
    report: dict

    @property
    def mbit(self):
        return self.bps / 1e6


def start_server(net, port=PORT):
    """iperf3 -s in host B, listening when this returns."""
    process = net.host_b.popen(["iperf3", "-s", "-p", port], stdin=subprocess.DEVNULL,
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    wait_until(lambda: net.host_b.run(["ss", "-tlnH", f"sport = :{port}"]).stdout, 5,
               "iperf3 -s to listen")
    return process


class IperfRun:
    """An iperf3 client that runs beside the caller. flags: -R, -P 4, ... as iperf3 takes them."""

    def __init__(self, net, seconds, omit=0, ip=None, port=PORT, flags=()):
        argv = ["iperf3", "-J", "-c", ip or net.host_b_ip, "-p", port, "-t", seconds, "-O", omit]
        self._limit_s = seconds + omit + _GRACE_S
        # a file and not a pipe: nobody reads while it runs
        self._output = tempfile.TemporaryFile("w+", dir=net.host_a.directory)
        self.process = net.host_a.popen([*argv, *flags], stdin=subprocess.DEVNULL,
                                        stdout=self._output, stderr=subprocess.STDOUT)

    def is_running(self):
        return self.process.poll() is None

    def result(self):
        """Wait for the end. LabError if iperf3 failed or hung."""
        try:
            self.process.wait(self._limit_s)
        except subprocess.TimeoutExpired:
            self.process.kill_group()
            raise LabError(f"iperf3 did not end within {self._limit_s:g} s") from None
        with self._output as output:
            output.seek(0)
            return _parse(output.read())


def _parse(output):
    try:
        report = json.loads(output)
    except json.JSONDecodeError:
        raise LabError(f"iperf3 failed: {output.strip()[-500:]}") from None
    if "error" in report:
        raise LabError(f"iperf3 failed: {report['error']}")
    received, sent = report["end"]["sum_received"], report["end"]["sum_sent"]
    return IperfResult(received["bits_per_second"], received["bytes"],
                       sent.get("retransmits", 0), report)


def iperf(net, seconds=5, omit=0, ip=None, port=PORT, flags=()):
    """One measurement, with a server of its own."""
    server = start_server(net, port)
    try:
        return IperfRun(net, seconds, omit, ip, port, flags).result()
    finally:
        server.kill_group()
