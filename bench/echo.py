# SPDX-License-Identifier: GPL-3.0-or-later
"""Echoes whatever comes, on all addresses: `echo.py PORT` prints "ready" once it listens."""
import asyncio
import resource
import sys


async def _echo(reader, writer):
    try:
        while data := await reader.read(1 << 16):
            writer.write(data)
            await writer.drain()
    except ConnectionError:
        pass
    writer.close()


async def _serve(port):
    server = await asyncio.start_server(_echo, ["0.0.0.0", "::"], port, backlog=4096)
    print("ready", flush=True)
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    asyncio.run(_serve(int(sys.argv[1])))
