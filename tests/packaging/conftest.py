# SPDX-License-Identifier: GPL-3.0-or-later
"""Gives the tests of the packages the laboratory's modules."""
import sys
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parent.parent.parent)]
