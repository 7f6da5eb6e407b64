# SPDX-License-Identifier: GPL-3.0-or-later
"""A name server of our own, on threads of the test, with every fault that one can have.

    with NameServer(net.host_b, "192.168.2.2", 53) as names:
        names.add("a.test", "192.0.2.1", "fd00::1")
        names.add("late.test", Answer(a=["192.0.2.1"], delay={AAAA: 1}))
"""
import ipaddress
import socket
import struct
import threading
import time
from dataclasses import dataclass, field

from hosts import inside, listen

A, AAAA = 1, 28
SERVFAIL, NXDOMAIN = 2, 3
NEVER = None
_TRUNCATED = 0x0200


@dataclass
class Answer:
    """How a name is answered. delay: {type: seconds, or NEVER}; rcode: for both types; rubbish: the
    bytes that are sent in place of an answer, behind the id; truncated: by UDP, nothing but the word
    that TCP has it."""
    a: list = field(default_factory=list)
    aaaa: list = field(default_factory=list)
    delay: dict = field(default_factory=dict)
    rcode: int = 0
    rubbish: bytes = b""
    truncated: bool = False


class NameServer:
    def __init__(self, node, ip, port=53):
        self.ip, self.port = ip, port
        self.asked = []  # (name, type, "udp" or "tcp"), in the order of their coming
        self._answers = {}
        self._condition = threading.Condition()
        family = socket.AF_INET6 if ":" in ip else socket.AF_INET
        self._udp = inside(node, lambda: socket.socket(family, socket.SOCK_DGRAM))
        self._udp.bind((ip, port))
        self._tcp = listen(node, ip, port)
        self._tcp.settimeout(None)

    def __enter__(self):
        self._threads = [threading.Thread(target=serve, daemon=True)
                         for serve in (self._serve_udp, self._serve_tcp)]
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_):
        for opened in (self._udp, self._tcp):
            try:
                opened.shutdown(socket.SHUT_RDWR)  # ends the thread's recvfrom() or accept()
            except OSError:
                pass
            opened.close()
        for thread in self._threads:
            thread.join()  # until it returns from its call the kernel keeps the port

    def add(self, name, *answer):
        """From now on the name has this Answer, or these addresses. Other names are not there."""
        if not (answer and isinstance(answer[0], Answer)):
            ips = [ipaddress.ip_address(ip) for ip in answer]
            answer = [Answer([str(ip) for ip in ips if ip.version == 4],
                             [str(ip) for ip in ips if ip.version == 6])]
        self._answers[name] = answer[0]

    def wait_asked(self, name, count=1, timeout_s=10):
        """Until questions for the name have come so often."""
        def has_come():
            return sum(asked[0] == name for asked in self.asked) >= count
        with self._condition:
            assert self._condition.wait_for(has_come, timeout_s), f"{name} not asked: {self.asked}"

    def _serve_udp(self):
        while True:
            try:
                question, peer = self._udp.recvfrom(4096)
            except OSError:
                return
            if not question:
                return
            self._answer(question, "udp", lambda answer, peer=peer: self._udp.sendto(answer, peer))

    def _serve_tcp(self):
        while True:
            try:
                opened, _ = self._tcp.accept()
            except OSError:
                return
            threading.Thread(target=self._serve_connection, args=[opened], daemon=True).start()

    def _serve_connection(self, opened):
        with opened, opened.makefile("rb") as stream:
            while length := stream.read(2):
                question = stream.read(struct.unpack(">H", length)[0])
                self._answer(question, "tcp", lambda answer: opened.sendall(
                    struct.pack(">H", len(answer)) + answer))

    def _answer(self, question, transport, send):
        name, kind = _parse(question)
        with self._condition:
            self.asked.append((name, kind, transport))
            self._condition.notify_all()
        answer = self._answers.get(name, Answer(rcode=NXDOMAIN))
        delay = answer.delay.get(kind, 0)
        if delay is NEVER:
            return
        threading.Thread(target=_send_later, daemon=True,
                         args=[send, _write(question, kind, answer, transport), delay]).start()


def _send_later(send, data, delay_s):
    time.sleep(delay_s)
    try:
        send(data)
    except OSError:
        pass  # whoever asked is gone, or the test is over


def _parse(question):
    """(name, type)"""
    labels, at = [], 12
    while length := question[at]:
        labels.append(question[at + 1:at + 1 + length].decode())
        at += 1 + length
    return ".".join(labels).lower(), struct.unpack_from(">H", question, at + 1)[0]


def _write(question, kind, answer, transport):
    """The message, RFC 1035 section 4."""
    if answer.rubbish:
        return question[:2] + answer.rubbish
    end = question.index(0, 12) + 5
    is_cut = answer.truncated and transport == "udp"
    ips = {A: answer.a, AAAA: answer.aaaa}.get(kind, []) if not is_cut else []
    flags = 0x8180 | answer.rcode | (_TRUNCATED if is_cut else 0)
    records = b"".join(
        struct.pack(">HHHIH", 0xc00c, kind, 1, 60, 4 if kind == A else 16)
        + ipaddress.ip_address(ip).packed for ip in ips)
    return (question[:2] + struct.pack(">HHHHH", flags, 1, len(ips), 0, 0) + question[12:end]
            + records)
