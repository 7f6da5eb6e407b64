# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes the seeds that are not text: python3 tests/fuzz/seeds.py

Streams are rows of pieces in plain, which the fuzzers seal (stream.h); netlink's are messages as
the kernel sends them.
"""
import pathlib
import socket
import struct

CORPUS = pathlib.Path(__file__).parent / "corpus"
TIME_S = 1700000000
REQUEST_SALT = b"the salt of the request........."
STREAM_SALT = b"the salt of each stream........."
ADDRESS = bytes([1, 10, 10, 2, 2, 0, 80])
HOST = bytes([0x80, 1, 192, 168, 1, 2, 156, 64])
NAME = bytes([3, 11]) + b"example.net" + bytes([1, 187])
AT_SERVER = 0x80
AS_IT_IS = 1


def _write(name, **seeds):
    folder = CORPUS / name
    folder.mkdir(parents=True, exist_ok=True)
    for seed, data in seeds.items():
        (folder / seed).write_bytes(data)


def _pieces(first, *pieces):
    return bytes([first]) + b"".join(struct.pack(">H", len(piece)) + piece for piece in pieces)


def _chunks(*payloads):
    return [part for payload in payloads
            for part in (struct.pack(">H", len(payload)), payload)]


def _request_head(variable, kind=0, time_s=TIME_S):
    return [struct.pack(">BQH", kind, time_s, len(variable)), variable]


def _response_head(payload, salt_bytes, kind=1, time_s=TIME_S):
    salt = REQUEST_SALT[:salt_bytes]
    return [struct.pack(f">BQ{salt_bytes}sH", kind, time_s, salt, len(payload)), payload]


def _dns():
    def answer(kind, *records, flags=0x8180):
        name = b"\1a\4test\0"
        return (struct.pack(">6H", 0x1234, flags, 1, len(records), 0, 0) + name
                + struct.pack(">HH", kind, 1) + b"".join(records))

    def record(kind, data, name=b"\xc0\x0c"):
        return name + struct.pack(">HHIH", kind, 1, 60, len(data)) + data

    a, aaaa, alias = 1, 28, 5
    _write("dns",
           a=answer(a, record(a, bytes([192, 0, 2, 1])), record(a, bytes([192, 0, 2, 2]))),
           aaaa=answer(aaaa, record(aaaa, bytes([0xfd]) + bytes(15))),
           alias=answer(a, record(alias, b"\1b\xc0\x0e"),
                        record(a, bytes(4), b"\1b\4test\0")),
           no_name=answer(a, flags=0x8183), cut=answer(a, flags=0x8380),
           a_name=b"www.example.net")


def _streams():
    padded = ADDRESS + struct.pack(">H", 9) + bytes(9)
    early = NAME + struct.pack(">H", 0) + b"GET / HTTP/1.1\r\n\r\n"
    _write("request",
           padded=_pieces(0, *_request_head(padded), *_chunks(b"payload")),
           early=_pieces(2, *_request_head(early), *_chunks(b"one", b"two")),
           host=_pieces(0, *_request_head(HOST + early), *_chunks(b"one")),
           chacha=_pieces(4, *_request_head(early)),
           late=_pieces(0, *_request_head(padded, time_s=TIME_S + 31)),
           answer=_pieces(0, *_request_head(padded, kind=1)),
           empty=_pieces(0, *_request_head(b""), *_chunks(padded)),
           no_padding=_pieces(0, *_request_head(ADDRESS + bytes(2))),
           stranger=bytes([AS_IT_IS]) + STREAM_SALT + bytes(100))
    _write("response",
           one=_pieces(0, *_response_head(b"one", 32), *_chunks(b"two", b"three")),
           short_salt=_pieces(2, *_response_head(b"one", 16), *_chunks(b"two")),
           empty=_pieces(4, *_response_head(b"", 32), *_chunks(b"two")),
           request=_pieces(0, *_response_head(b"one", 32, kind=0)),
           early=_pieces(0, *_response_head(b"one", 32, time_s=TIME_S - 31)),
           stranger=bytes([AS_IT_IS]) + STREAM_SALT + bytes(100))
    _write("authonly",
           request=_pieces(AT_SERVER, *_request_head(padded)) + b"raw",
           early=_pieces(AT_SERVER, *_request_head(early)),
           response=_pieces(0, *_response_head(b"", 32)) + b"raw",
           payload=_pieces(0, *_response_head(b"none is allowed", 32)),
           stranger=bytes([AT_SERVER | AS_IT_IS]) + STREAM_SALT + bytes(100))
    _write("stream2017",
           whole=_pieces(AT_SERVER, *_chunks(ADDRESS + b"payload", b"more")),
           bytewise=_pieces(AT_SERVER | 2, *_chunks(*(NAME[i:i + 1] for i in range(len(NAME))))),
           host=_pieces(AT_SERVER, *_chunks(HOST[:3], HOST[3:] + ADDRESS[:2], ADDRESS[2:], b"p")),
           short_key=_pieces(AT_SERVER | 4, *_chunks(NAME, b"payload")),
           response=_pieces(0, *_chunks(b"one", b"two")),
           too_long=_pieces(0, struct.pack(">H", 0x4000), bytes(64)),
           empty=_pieces(0, *_chunks(b"", b"two")),
           stranger=bytes([AT_SERVER | AS_IT_IS]) + STREAM_SALT + bytes(100))


def _attribute(kind, payload):
    length = 4 + len(payload)
    return struct.pack("=HH", length, kind) + payload + bytes(-length % 4)


def _message(kind, payload, flags=2):
    return struct.pack("=LHHLL", 16 + len(payload), kind, flags, 0, 0) + payload


def _u32(kind, number):
    return _attribute(kind, struct.pack("=L", number))


def _ip(kind, text):
    family = socket.AF_INET6 if ":" in text else socket.AF_INET
    return _attribute(kind, socket.inet_pton(family, text))


def _route(family, length, kind, *attributes):
    return _message(24, struct.pack("=8BL", family, length, 0, 0, 254, 4, 0, kind, 0) +
                    b"".join(attributes))


def _nexthop(ifindex, gateway):
    attribute = _ip(5, gateway)
    return struct.pack("=HBBl", 8 + len(attribute), 0, 0, ifindex) + attribute


def _rtnetlink():
    metrics = _u32(1, 1 << 16) + _u32(2, 1400) + _attribute(16, b"cubic\0")
    rule = struct.pack("=8BL", socket.AF_INET, 32, 32, 0, 0, 0, 0, 1, 0)
    _write("netlink",
           link=_message(16, struct.pack("=BxHlLL", 0, 1, 3, 0x10041, 0) +
                         _attribute(3, b"wan1\0")),
           address=_message(20, struct.pack("=4BL", socket.AF_INET, 24, 0x80, 0, 3) +
                            _ip(1, "10.10.1.1") + _ip(2, "10.10.1.1") + _u32(8, 0x80)),
           address6=_message(20, struct.pack("=4BL", socket.AF_INET6, 64, 0x80, 0, 3) +
                             _ip(1, "fd00::1")),
           route=_route(socket.AF_INET, 24, 1, _u32(15, 254), _ip(1, "10.1.0.0"), _u32(4, 3),
                        _ip(5, "10.10.1.2"), _ip(7, "10.10.1.1"), _u32(6, 100),
                        _attribute(8, metrics)),
           route6=_route(socket.AF_INET6, 0, 1, _ip(5, "fe80::1"), _u32(4, 3)),
           via=_route(socket.AF_INET, 0, 1, _u32(4, 3), _attribute(
               18, struct.pack("=H", socket.AF_INET6) + socket.inet_pton(socket.AF_INET6,
                                                                         "fe80::1"))),
           nexthops=_route(socket.AF_INET, 0, 1, _attribute(
               9, _nexthop(3, "10.10.1.2") + _nexthop(4, "10.10.2.2"))),
           throw=_message(24, struct.pack("=8BL", 2, 24, 0, 0, 254, 109, 0, 9, 0) +
                          _ip(1, "10.1.0.0")),
           rule=_message(32, rule + _ip(2, "10.10.1.1") + _ip(1, "10.10.1.2") + _u32(15, 7000) +
                         _u32(6, 1000) + _attribute(21, bytes([109])) + _attribute(3, b"lo\0") +
                         _attribute(22, bytes([6])) +
                         _attribute(24, struct.pack("=HH", 8388, 8388))))


def _mptcp():
    generic = struct.pack("=BBH", 1, 1, 0)
    endpoint = (_attribute(1, struct.pack("=H", socket.AF_INET)) + _attribute(2, bytes([1])) +
                _ip(3, "10.10.1.1") + _u32(6, 2) + _attribute(7, struct.pack("=l", 3)))
    subflow = _u32(3, 0xABCD) + _u32(8, 3)
    socket_of = (struct.pack("=4B", socket.AF_INET, 1, 0, 0) + struct.pack(">HH", 8388, 40000) +
                 socket.inet_aton("10.10.1.2") + bytes(12) + socket.inet_aton("10.10.1.1") +
                 bytes(12) + struct.pack("=LLL", 3, 1, 2) + bytes(20))
    _write("netlink",
           endpoint=_message(35, generic + _attribute(0x8001, endpoint)),
           limits=_message(35, generic + _u32(2, 4) + _u32(3, 4)),
           family=_message(16, generic + _attribute(1, struct.pack("=H", 35))),
           socket=_message(20, socket_of + _attribute(2, bytes(232)) + _attribute(4, b"bbr\0") +
                           _attribute(22, _attribute(1, b"mptcp\0") + _attribute(3, subflow))),
           done=_message(3, struct.pack("=l", 0)),
           error=_message(2, struct.pack("=l", -22) + _message(24, b"")[:16] +
                          _attribute(1, b"a reason\0"), flags=0x300),
           torn=_message(24, bytes(12), flags=0x12) + _message(3, struct.pack("=l", 0)))


if __name__ == "__main__":
    _dns()
    _streams()
    _rtnetlink()
    _mptcp()
