"""An MCP server for the tests: ``python mcp_server.py stdio`` or ``http PORT``, by the library's own hand."""

import hashlib
import os
import sys
import time
from pathlib import Path
from typing import Any

import anyio
from mcp.server import MCPServer
from mcp.server.mcpserver import Context
from mcp.server.mcpserver.exceptions import ToolError
from mcp.types import ToolAnnotations

server = MCPServer("workshop")
SAFE = ToolAnnotations(read_only_hint=True)


@server.tool(annotations=SAFE)
def add(a: int, b: int) -> int:
    """Add two numbers."""
    return a + b


@server.tool(annotations=SAFE)
def who() -> dict[str, Any]:
    """Tell the process, and what it finds in its environment."""
    return {"pid": os.getpid(), "secret": os.environ.get("WORKSHOP_SECRET"), "path": "PYTHONPATH" in os.environ}


@server.tool(annotations=SAFE)
def refuse(why: str) -> str:
    """Fail, and say why."""
    raise ToolError(why)


@server.tool(annotations=SAFE)
def die() -> str:
    """End the process in the middle of the call."""
    os._exit(3)


@server.tool()
async def nap(seconds: float, note: str = "") -> str:
    """Wait, and leave a note of how that ended."""
    try:
        await anyio.sleep(seconds)
    except anyio.get_cancelled_exc_class():
        if note:
            Path(note).write_text("cancelled")  # noqa: ASYNC240 - a word
        raise
    return "rested"


@server.tool(annotations=SAFE)
async def wedge() -> str:
    """Block the whole server, for ever."""
    while True:
        time.sleep(60)  # noqa: ASYNC251 - the point


@server.tool(annotations=SAFE)
def knows(key_hash: str, context: Context) -> bool:
    """Tell whether the call came with the header that hashes to this."""
    key = (context.headers or {}).get("x-key", "")
    return hashlib.sha256(key.encode()).hexdigest() == key_hash


@server.tool(annotations=SAFE)
def flood(size: int) -> str:
    """Return a text of that length."""
    return "x" * size


if __name__ == "__main__":
    if "SLOW" in os.environ:
        time.sleep(float(os.environ["SLOW"]))
    if sys.argv[1] == "stdio":
        server.run()
    else:
        server.run("streamable-http", host="127.0.0.1", port=int(sys.argv[2]))
