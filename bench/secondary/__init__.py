# SPDX-License-Identifier: GPL-3.0-or-later
"""A link of others: what do they keep beside us, and what do we take when they are gone?

The congestion control alone, in plain TCP over one link that is shared (testbed/dumbbell.py), and
at last the whole bridge:
    cubic, crowd, reno, bbr   a competitor of that kind comes and goes again
    many, both                20 flows of ours beside a cubic one; one of ours each way
    radio                     the same on a link that stalls now and then
    alone                     the link loses, becomes slower, becomes longer
    share                     two scavengers of two machines, one later than the other
    bridge                    client and server, a primary link and a secondary one
These variables shape it:
    CASES="cubic share"       only these of the cases
    RUNS=3                    runs of each row
    RATE=100mbit              of the link, 50mbit if not given
    ROWS="50/20 0.2/200"      only these round trips and buffers, in ms
    VERBOSE=1                 a line on stderr for each run
    MPBRIDGE=PATH             the binary of another build than build/
"""
from ..cases import run_cases
from . import alone, beside, bridged, share

CASES = {
    "cubic": beside.cubic,
    "crowd": beside.crowd,
    "reno": beside.reno,
    "bbr": beside.bbr,
    "many": beside.many,
    "both": beside.both,
    "radio": beside.radio,
    "alone": alone.main,
    "share": share.main,
    "bridge": bridged.main,
}


def main():
    run_cases(CASES)
