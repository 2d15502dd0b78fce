"""A tool that is elsewhere, as agents see it."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any

from actors.tools.tool import Tool, tool

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping


@dataclass(frozen=True, eq=False)
class RemoteTool(Tool):
    """A tool whose schema came from elsewhere, where its arguments are checked by it as well."""

    def bind(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """Return the arguments as they are."""
        return dict(arguments)


def remote_tool(
    name: str,
    function: Callable[..., Any],
    *,
    description: str = "",
    parameters: Mapping[str, Any] | None = None,
    timeout: float | None = None,
    idempotent: bool = False,
    roles: Collection[str] = (),
) -> RemoteTool:
    """Make a tool that ``function`` calls, wherever it is; `tool` says what the rest means.

    Args:
        name: what it is called here.
        function: takes the arguments by name, and blocks until there is a result.
        description: for models.
        parameters: the arguments' JSON Schema; None where it isn't known.
        timeout: seconds that one call may take.
        idempotent: whether a retried run may call it again.
        roles: a user needs one of them; empty for everybody.

    Raises:
        TypeError: the name isn't one.
    """
    plain = tool(name=name, timeout=timeout, idempotent=idempotent, roles=roles)(_without_arguments)
    same = {field.name: getattr(plain, field.name) for field in fields(plain)}
    remote = RemoteTool(**same | {"function": function, "description": description})
    return remote if parameters is None else replace(remote, parameters=dict(parameters))


def _without_arguments() -> None:
    """Stand where a function's signature would tell of the arguments."""
