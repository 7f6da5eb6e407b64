# SPDX-License-Identifier: GPL-3.0-or-later
"""Flows to echo.py that come and go, their payload hashed. As a program: `load.py run ADDRESS PORT
COUNT` keeps COUNT flows open until its standard input ends, and prints how many there
were and what went wrong, as JSON; `load.py short ADDRESS PORT COUNT` makes COUNT connections of one
byte, and ends."""
import asyncio
import collections
import hashlib
import json
import os
import random
import sys

CHUNK = 16384
CHUNKS = (4, 40)
PAUSE_S = 0.05
LIMIT_S = 20
AT_ONCE = 50


async def _converse(address, port):
    """One flow: chunks with pauses, and what comes back has to be the same to the last byte."""
    reader, writer = await asyncio.open_connection(address, port)
    sent, received = hashlib.sha256(), hashlib.sha256()
    try:
        for _ in range(random.randint(*CHUNKS)):
            data = os.urandom(CHUNK)
            sent.update(data)
            writer.write(data)
            received.update(await reader.readexactly(CHUNK))
            await asyncio.sleep(PAUSE_S)
        writer.write_eof()
        rest = await reader.read()
        if rest or sent.digest() != received.digest():
            raise ValueError("other bytes")
    finally:
        writer.close()


async def _keep(address, port, counts, is_over):
    while not is_over.is_set():
        try:
            await asyncio.wait_for(_converse(address, port), LIMIT_S)
            counts["done"] += 1
        except Exception as error:  # whatever it is, it is what is measured
            counts[type(error).__name__] += 1


async def _run(address, port, count):
    counts, is_over = collections.Counter(), asyncio.Event()
    flows = [asyncio.create_task(_keep(address, port, counts, is_over)) for _ in range(count)]
    print("running", flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    is_over.set()
    await asyncio.gather(*flows)
    print(json.dumps(counts), flush=True)


async def _short(address, port, count):
    limit = asyncio.Semaphore(AT_ONCE)

    async def one():
        async with limit:
            reader, writer = await asyncio.open_connection(address, port)
            writer.write(b"?")
            await reader.readexactly(1)
            writer.close()

    await asyncio.gather(*(one() for _ in range(count)))


if __name__ == "__main__":
    how = {"run": _run, "short": _short}[sys.argv[1]]
    asyncio.run(how(sys.argv[2], int(sys.argv[3]), int(sys.argv[4])))
