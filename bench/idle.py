# SPDX-License-Identifier: GPL-3.0-or-later
"""Connections to echo.py that do nothing. As a program: `idle.py ADDRESS PORT COUNT` opens COUNT connections, sees one byte come back on each, prints "open", and holds them until its
standard input ends."""
import asyncio
import resource
import sys

AT_ONCE = 100


async def _open_one(address, port, limit):
    async with limit:
        reader, writer = await asyncio.open_connection(address, port)
        writer.write(b"?")
        await reader.readexactly(1)
        return writer


async def _open(address, port, count):
    limit = asyncio.Semaphore(AT_ONCE)
    writers = await asyncio.gather(*(_open_one(address, port, limit) for _ in range(count)))
    print("open", flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    for writer in writers:
        writer.close()


if __name__ == "__main__":
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    asyncio.run(_open(sys.argv[1], int(sys.argv[2]), int(sys.argv[3])))
