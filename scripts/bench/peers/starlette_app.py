"""What one would write on Starlette: a queue and a writer task a connection, and the five events of a turn."""

import asyncio
import contextlib
from typing import Any

from starlette.applications import Starlette
from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect
from turn import turn


async def converse(websocket: WebSocket) -> None:
    """Serve one connection."""
    await websocket.accept()
    outbox: asyncio.Queue[dict[str, Any]] = asyncio.Queue()

    async def write() -> None:
        while True:
            await websocket.send_json(await outbox.get())

    writer = asyncio.create_task(write())
    outbox.put_nowait({"type": "welcome"})
    with contextlib.suppress(WebSocketDisconnect):
        while True:
            message = await websocket.receive_json()
            await turn(message["text"], outbox.put_nowait)
    writer.cancel()


app = Starlette(routes=[WebSocketRoute("/v1/ws", converse)])
