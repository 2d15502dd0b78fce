"""The names under which tools and actors are counted: so many as the settings say, whoever calls what. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

OTHER = "other"

KINDS = ("root", "session", "emitter", "tools", "agent", "tool", "mcp", OTHER)
"""The kinds of actors."""

_IN_SESSION = {"emitter": "emitter", "tools": "tools", "agent": "agent"}
_SESSION, _PART, _TOOL = 3, 4, 5


def tool_labels(known: Collection[str], servers: Collection[str]) -> Callable[[str], str]:
    """Return what names a called tool: itself where it is ``known``, ``<server>_*`` where it is an MCP server's.

    A model may call tools that nobody has heard of, and a server may come with new ones: these have no label each.
    """
    labels = {name: name for name in known}
    shared = {name: f"{name}_*" for name in servers}

    def label(tool: str) -> str:
        return labels.get(tool) or shared.get(tool.partition("_")[0], OTHER)

    return label


def kind_of(address: str) -> str:
    """Return the kind of the actor at an address, one of `KINDS`."""
    parts = address.split("/")
    if parts[0] != "session":
        return parts[0] if parts[0] in {"root", "mcp"} else OTHER
    if len(parts) == _SESSION:
        return "session"
    if len(parts) == _TOOL:
        return "tool"
    return _IN_SESSION.get(parts[-1], OTHER) if len(parts) == _PART else OTHER
