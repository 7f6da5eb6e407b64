# SPDX-License-Identifier: GPL-3.0-or-later
"""Connections that talk all the time: which of them live through what is done to the network?

As a program: `testbed.talk serve PORT` echoes; `testbed.talk ask ADDRESS PORT COUNT` keeps COUNT
connections asking every PERIOD_S until its standard input ends, and then prints, as JSON, how many
there were, how many died, and the longest wait for an answer in seconds.
"""
import asyncio
import json
import subprocess
import sys
from pathlib import Path

from .wait import LabError

PORT = 5300
PERIOD_S = 0.2
_ANSWER_LIMIT_S = 15
_ROOT = Path(__file__).parent.parent


class Talkers:
    """COUNT talking connections from host A to host B of a Network."""

    def __init__(self, net, count, port=PORT):
        program = ["/usr/bin/python3", "-m", "testbed.talk"]
        serve = net.host_b.popen([*program, "serve", port], cwd=_ROOT, stdout=subprocess.PIPE)
        serve.stdout.readline()
        self._ask = net.host_a.popen([*program, "ask", net.host_b_ip, port, count], cwd=_ROOT,
                                     stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def finish(self):
        """{"flows": n, "lost": n, "longest_wait_s": s}"""
        try:
            output, _ = self._ask.communicate("", timeout=_ANSWER_LIMIT_S + 5)
            return json.loads(output)
        except (subprocess.TimeoutExpired, json.JSONDecodeError):
            raise LabError("the talking connections did not come to an end") from None


async def _echo(reader, writer):
    while data := await reader.read(64):
        writer.write(data)
    writer.close()


async def _serve(port):
    server = await asyncio.start_server(_echo, ["0.0.0.0", "::"], port)
    print("ready", flush=True)
    async with server:
        await server.serve_forever()


async def _ask(address, port, end):
    """The longest wait for an answer; an exception if the connection dies."""
    loop = asyncio.get_running_loop()
    longest = 0.0
    reader, writer = await asyncio.open_connection(address, port)
    while not end.is_set():
        start = loop.time()
        writer.write(b"?")
        await asyncio.wait_for(reader.readexactly(1), _ANSWER_LIMIT_S)
        longest = max(longest, loop.time() - start)
        await asyncio.sleep(PERIOD_S)
    writer.close()
    return longest


async def _ask_all(address, port, count):
    end = asyncio.Event()
    tasks = [asyncio.create_task(_ask(address, port, end)) for _ in range(count)]
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    end.set()
    results = await asyncio.gather(*tasks, return_exceptions=True)
    waits = [result for result in results if not isinstance(result, BaseException)]
    print(json.dumps({"flows": count, "lost": count - len(waits),
                      "longest_wait_s": max(waits, default=0.0)}))


if __name__ == "__main__":
    if sys.argv[1] == "serve":
        asyncio.run(_serve(int(sys.argv[2])))
    else:
        asyncio.run(_ask_all(sys.argv[2], int(sys.argv[3]), int(sys.argv[4])))
