# SPDX-License-Identifier: GPL-3.0-or-later
"""Links that die, come back, move and lie: what do flows notice?

make bench BENCH=failover takes hours; these variables shape it:
    CASES="carrier quiet"   only these of the cases below
    RUNS=3                  runs of each row, instead of each case's own number
    SECONDS=3600            length of the false alarm case, 300 if not given
    VERBOSE=1               a line on stderr for each run
    MPBRIDGE=PATH           another binary than build/mpbridge
A run that could not be made (LabError) counts as one that missed the goal, and says why.
"""
from ..cases import run_cases
from . import connections, flapping, loss, quiet, recovery, stalls, unequal

CASES = {
    "carrier": stalls.carrier,
    "blackhole": stalls.blackhole,
    "far": stalls.far,
    "connections": connections.main,
    "recovery": recovery.short,
    "long-recovery": recovery.long,
    "flapping": flapping.main,
    "unequal": unequal.main,
    "loss": loss.main,
    "quiet": quiet.false_alarms,
    "idle": quiet.idle,
}


def main():
    run_cases(CASES)
