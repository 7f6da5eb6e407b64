# SPDX-License-Identifier: GPL-3.0-or-later
"""New connections at a steady rate: does each one work, and how long does its answer take?

As a program: `testbed.knock serve PORT PAUSE_S` answers each connection's question after a pause,
and closes it;
`testbed.knock ask ADDRESS PORT PERIOD_S` begins a connection every PERIOD_S, whatever became of the
ones before, until its standard input ends; then it waits for those that are under way and prints
all of them as JSON.
"""
import asyncio
import json
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from .wait import LabError

PORT = 5500
PERIOD_S = 0.02
_QUESTION = b"q" * 100
_ANSWER = b"a" * 1000
_LIMIT_S = 10
_ROOT = Path(__file__).parent.parent


@dataclass
class Knock:
    """begin_s: on CLOCK_MONOTONIC. latency_s: until the whole answer was here, or None. error: why
    it was not."""
    begin_s: float
    latency_s: float
    error: str


class Knocks:
    """A stream of short connections from host A to host B of a Network, which takes pause_s to find
    an answer."""

    def __init__(self, net, period_s=PERIOD_S, ip=None, port=PORT, pause_s=0):
        program = ["/usr/bin/python3", "-m", "testbed.knock"]
        self._serve = net.host_b.popen([*program, "serve", port, pause_s], cwd=_ROOT,
                                       text=True, stdout=subprocess.PIPE)
        if self._serve.stdout.readline() != "ready\n":
            raise LabError("the destination of the short connections does not listen")
        self._ask = net.host_a.popen([*program, "ask", ip or net.host_b_ip, port, period_s],
                                     cwd=_ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                     text=True)

    def finish(self):
        """[Knock], in the order of their beginning. One without an answer after 10 s has failed."""
        try:
            output, _ = self._ask.communicate("", timeout=_LIMIT_S + 10)
            return [Knock(*fields) for fields in json.loads(output)]
        except (subprocess.TimeoutExpired, json.JSONDecodeError):
            raise LabError("the short connections did not come to an end") from None
        finally:
            self._ask.kill_group()
            self._serve.kill_group()


async def _answer(reader, writer, pause_s):
    try:
        await reader.readexactly(len(_QUESTION))
        await asyncio.sleep(pause_s)
        writer.write(_ANSWER)
        await writer.drain()
    except (OSError, asyncio.IncompleteReadError):
        pass  # the one that asks tells
    writer.close()


async def _serve(port, pause_s):
    server = await asyncio.start_server(lambda *streams: _answer(*streams, pause_s),
                                        ["0.0.0.0", "::"], port, backlog=1024)
    print("ready", flush=True)
    async with server:
        await server.serve_forever()


async def _converse(address, port):
    reader, writer = await asyncio.open_connection(address, port)
    try:
        writer.write(_QUESTION)
        await reader.readexactly(len(_ANSWER))
    finally:
        writer.close()


async def _knock(address, port, knocks):
    begin_s, latency_s, error = time.monotonic(), None, ""
    try:
        async with asyncio.timeout(_LIMIT_S):
            await _converse(address, port)
        latency_s = time.monotonic() - begin_s
    except (OSError, EOFError, TimeoutError) as failure:
        error = f"{type(failure).__name__} {failure}".strip()
    knocks.append((begin_s, latency_s, error))


async def _ask(address, port, period_s):
    loop = asyncio.get_running_loop()
    end = loop.run_in_executor(None, sys.stdin.read)
    knocks, tasks = [], set()
    next_s = loop.time()
    while not end.done():
        task = asyncio.create_task(_knock(address, port, knocks))
        tasks.add(task)
        task.add_done_callback(tasks.discard)
        next_s += period_s
        await asyncio.sleep(next_s - loop.time())
    await asyncio.gather(*tasks)
    print(json.dumps(sorted(knocks, key=lambda knock: knock[0])), flush=True)


if __name__ == "__main__":
    if sys.argv[1] == "serve":
        asyncio.run(_serve(int(sys.argv[2]), float(sys.argv[3])))
    else:
        asyncio.run(_ask(sys.argv[2], int(sys.argv[3]), float(sys.argv[4])))
