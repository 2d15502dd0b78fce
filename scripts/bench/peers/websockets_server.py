"""What one would write on `websockets` and uvloop: a queue and a writer task a connection."""

import asyncio
import json
import sys
from typing import Any

import uvloop
from turn import turn
from websockets.asyncio.server import ServerConnection, serve


async def converse(connection: ServerConnection) -> None:
    """Serve one connection."""
    outbox: asyncio.Queue[dict[str, Any]] = asyncio.Queue()

    async def write() -> None:
        while True:
            await connection.send(json.dumps(await outbox.get()))

    writer = asyncio.create_task(write())
    outbox.put_nowait({"type": "welcome"})
    async for message in connection:
        await turn(json.loads(message)["text"], outbox.put_nowait)
    writer.cancel()


async def main(port: int) -> None:
    """Serve until ended."""
    async with serve(converse, "127.0.0.1", port) as server:
        await server.serve_forever()


uvloop.run(main(int(sys.argv[1])))
