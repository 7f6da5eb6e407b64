# SPDX-License-Identifier: GPL-3.0-or-later
"""python3 -m bench NAME... : runs the named measurements, or all but those that take hours."""
import sys

from . import (bonding, ciphers, congestion, copying, failover, gaps, memory, reload, secondary,
               start)

BENCHES = {module.__name__.rpartition(".")[2]: module
           for module in (bonding, ciphers, congestion, copying, failover, gaps, memory,
                          reload, secondary, start)}
LONG = {"failover", "secondary"}


def main(names):
    if names in ([], ["all"]):
        names = [name for name in BENCHES if name not in LONG]
    if unknown := [name for name in names if name not in BENCHES]:
        sys.exit(f"there is no bench {', '.join(unknown)}; there are: {', '.join(BENCHES)}")
    for name in names:
        BENCHES[name].main()


if __name__ == "__main__":
    main(sys.argv[1:])
