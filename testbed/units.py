# SPDX-License-Identifier: GPL-3.0-or-later
"""Rates, times and sizes as people write them: 100mbit, 5ms, 50kb, 0.5%."""
import re

_NUMBER = re.compile(r"([0-9]+(?:\.[0-9]+)?)\s*([a-z%]*)$")

_RATES = {"bit": 1, "kbit": 1e3, "mbit": 1e6, "gbit": 1e9}
_TIMES = {"us": 1e-6, "ms": 1e-3, "s": 1}
_SIZES = {"b": 1, "kb": 1000, "mb": 1e6}
_SHARES = {"%": 0.01}


def _parse(text, units, kind):
    match = _NUMBER.match(str(text).strip().lower())
    if not match or match.group(2) not in units:
        names = " or ".join(units)
        raise ValueError(f"'{text}' is not a {kind}: a number with {names} is wanted")
    return float(match.group(1)) * units[match.group(2)]


def rate_bps(text):
    """'100mbit' -> 100000000"""
    return int(_parse(text, _RATES, "rate"))


def seconds(text):
    """'5ms' -> 0.005"""
    return _parse(text, _TIMES, "time")


def size_bytes(text):
    """'50kb' -> 50000"""
    return int(_parse(text, _SIZES, "size"))


def share(text):
    """'0.5%' -> 0.005"""
    return _parse(text, _SHARES, "share")
