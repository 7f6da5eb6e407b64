# SPDX-License-Identifier: GPL-3.0-or-later
"""The plugin for rpcd. Debian has no ucode, so node runs it (luci/plugin.js), which knows as much of the
language as the plugin needs."""
import json
import os
import re
import subprocess
from pathlib import Path

import pytest
from router import methods
from testbed.mpbridge import binary

SCRIPT = Path(__file__).parent / "luci" / "plugin.js"
INVALID_ARGUMENT = 2


def call(method, args):
    """{"status": ..., "answer": ..., "commands": what it had a shell run}"""
    result = subprocess.run(["node", SCRIPT, method, json.dumps(args)], check=True, text=True, capture_output=True,
                            env={**os.environ, "MPBRIDGE": str(binary())})
    return json.loads(result.stdout)


@pytest.mark.parametrize("method", [method for method in methods() if method != "none"])
def test_keygen(method):
    result = call("keygen", {"method": method})
    assert result["commands"] == [f"/usr/sbin/mpbridge keygen {method} 2>/dev/null"]
    assert re.fullmatch(r"[A-Za-z0-9+/]{22,}={0,2}", result["answer"]["key"])


@pytest.mark.parametrize("args", [{"method": "none"}, {"method": "auth-only; id"}, {"method": "$(id)"},
                                  {"method": ""}, {}], ids=str)
def test_keygen_runs_nothing_for_other_methods(args):
    assert call("keygen", args) == {"status": INVALID_ARGUMENT, "commands": []}


@pytest.mark.parametrize("args, flags", [({}, ""), ({"flows": False}, ""), ({"flows": True}, "--flows")], ids=str)
def test_status_without_daemons(args, flags):
    result = call("status", args)
    assert result["answer"] == {"daemons": []}
    assert result["commands"] == [f"/usr/sbin/mpbridge status --json {flags} 2>/dev/null"]
