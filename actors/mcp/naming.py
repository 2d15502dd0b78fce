"""What an MCP server's tools are called here: ``server_tool``, as every chat-completions endpoint accepts it; pure."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

LONGEST = 64


def prefix(server: str) -> str:
    """Return what the name of each of a server's tools begins with. Server names hold no underscore."""
    return f"{server}_"


def local_name(server: str, tool: str) -> str:
    """Return what a server's tool is called here; two of its tools may come out the same."""
    return (prefix(server) + re.sub(r"[^A-Za-z0-9_-]", "_", tool))[:LONGEST]


def local_names(server: str, tools: Iterable[str]) -> dict[str, str]:
    """Map what tools are called here to what they are called there; of two that come out the same, the first stays."""
    names: dict[str, str] = {}
    for tool in tools:
        names.setdefault(local_name(server, tool), tool)
    return names
