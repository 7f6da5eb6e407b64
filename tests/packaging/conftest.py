# SPDX-License-Identifier: GPL-3.0-or-later
"""What the tests of the packages share: the laboratory's modules, and a router."""
import sys
from pathlib import Path

import pytest

sys.path[:0] = [str(Path(__file__).parent.parent.parent)]

from router import Router  # noqa: E402
from testbed import Lab  # noqa: E402


@pytest.fixture
def router(tmp_path):
    with Lab() as lab:
        yield Router(lab.node("router"), tmp_path)
