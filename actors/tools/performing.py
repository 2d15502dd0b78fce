"""How a call is made: with what the tool is lent, here or in a process of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from actors.tools.errors import ToolFailed
from actors.tools.lending import ToolUser
from actors.tools.process import call_in_process

if TYPE_CHECKING:
    from collections.abc import Mapping

    from actors.tools.lending import Resources
    from actors.tools.tool import Tool


def perform(tool: Tool, arguments: Mapping[str, Any], user: ToolUser, resources: Resources) -> Any:
    """Make a call and return its result; blocks the calling greenlet for as long as the tool takes.

    Args:
        tool: what to call.
        arguments: as `Tool.bind` returned them.
        user: for whom it is called.
        resources: what this server lends.

    Raises:
        ToolFailed: ``unavailable``: this server lends nothing of a kind that the tool needs.
        Exception: whatever the tool raises; from a process of its own it comes as a `ToolFailed`.
    """
    if tool.isolation == "process":
        return call_in_process(tool, arguments, user)
    if not tool.lent:
        return tool.function(**arguments)
    lent = {name: user if kind is ToolUser else _lent(tool, kind, resources) for name, kind in tool.lent.items()}
    return tool.function(**arguments, **lent)


def _lent(tool: Tool, kind: type, resources: Resources) -> Any:
    if kind not in resources:
        raise ToolFailed("unavailable", f"This server has no {kind.__name__.lower()}.", tool=tool.name)
    return resources[kind]
