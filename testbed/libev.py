# SPDX-License-Identifier: GPL-3.0-or-later
"""Debian's shadowsocks-libev: one of its programs, or ss-redir and ss-server in place of a Bridge."""
import json
import subprocess
from contextlib import contextmanager, ExitStack

from .mpbridge import LOCAL_PORT, PORT, add_redirect, remove_redirect
from .wait import wait_until


@contextmanager
def libev_program(name, node, port, **keys):
    """One of them, listening on `port`, with these keys in its file; killed at the end."""
    config = node.write_file(f"{name}.json", json.dumps({"timeout": 60, **keys}))
    with open(node.directory / f"{name}.log", "ab") as log:
        child = node.popen([name, "-c", config], stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    try:
        wait_until(lambda: node.run(["ss", "-tlnH", f"sport = :{port}"]).stdout, 5,
                   f"{name} to listen on port {port}")
        yield child
    finally:
        child.kill_group()


@contextmanager
def libev(net, method, password):
    """ss-redir and ss-server over link 1, with the redirect rules: yields both processes."""
    keys = {"server": net.server_ips[0], "server_port": PORT, "method": method,
            "password": password}
    with ExitStack() as stack:
        server = stack.enter_context(libev_program("ss-server", net.server, PORT, **keys))
        client = stack.enter_context(libev_program("ss-redir", net.client, LOCAL_PORT,
                                                   local_address="0.0.0.0",
                                                   local_port=LOCAL_PORT, **keys))
        add_redirect(net.client)
        stack.callback(remove_redirect, net.client)
        yield client, server
