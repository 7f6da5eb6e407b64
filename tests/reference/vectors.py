# SPDX-License-Identifier: GPL-3.0-or-later
"""Fixed streams of each method, as C: python3 -m tests.reference.vectors >tests/unit/stream_vectors.h

Keys, salts, times and payload are the same each time, so the result is, too.
"""
import base64

from .address import Target
from .methods import METHODS
from .request import Request
from .response import ResponseWriter

TIME_S = 1700000000
TARGET = Target("10.10.2.2", 80)

_HEAD = f"""\
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Streams made by tests/reference: python3 -m tests.reference.vectors. */
#ifndef MPBRIDGE_STREAM_VECTORS_H
#define MPBRIDGE_STREAM_VECTORS_H

/* Of the time {TIME_S}, to 10.10.2.2 port 80. Streams are hexadecimal. */
struct stream_vector {{
	const char *method;
	const char *secret;
	/* Salts count up from 0x10. "first", then "second" in a chunk; auth-only: padding, then raw. */
	const char *with_payload;
	/* The header alone, with five zeros of padding where there is padding. */
	const char *padded;
	/* Salts count up from 0x40. "one", then "two"; auth-only: the header, then raw. */
	const char *response;
}};

static const struct stream_vector stream_vectors[] = {{"""


def _secret(method):
    if method.edition == 2017:
        return "password"
    return base64.b64encode(bytes(range(1, 1 + method.key_bytes))).decode()


def _salt(method, first):
    return bytes(range(first, first + method.key_bytes))


def _request(method, key, payload):
    padding = b"" if payload or method.edition == 2017 else bytes(5)
    return Request(method, key, TARGET, payload, salt=_salt(method, 0x10), time_s=TIME_S,
                   padding=padding)


def _with_payload(method, key):
    if method.raw:
        request = _request(method, key, b"")
        return request.head() + request.seal(b"firstsecond")
    request = _request(method, key, b"first")
    return request.head() + request.seal(b"second")


def _response(method, key):
    writer = ResponseWriter(method, key, _salt(method, 0x10), salt=_salt(method, 0x40),
                            time_s=TIME_S)
    return writer.greeting() + writer.seal(b"one") + writer.seal(b"two")


def _text(data):
    """As string literals of C that fit a line."""
    digits = data.hex()
    return "\n".join(f'\t "{digits[i:i + 80]}"' for i in range(0, len(digits), 80))


def _vector(method):
    secret = _secret(method)
    key = method.key(secret)
    streams = (_with_payload(method, key), _request(method, key, b"").head(),
               _response(method, key))
    return (f'\t{{"{method.name}", "{secret}",\n' +
            ",\n".join(_text(stream) for stream in streams) + "},")


def main():
    """All methods that have a cipher."""
    print(_HEAD)
    for method in METHODS.values():
        if method.edition:
            print(_vector(method))
    print("};\n\n#endif")


if __name__ == "__main__":
    main()
