"""What one MCP server shares with agents, as its actor last heard from it. Its tools outlive its connection."""

from __future__ import annotations

import contextlib
import itertools
from functools import partial
from typing import TYPE_CHECKING, Any

from actors.mcp.naming import local_names, prefix
from actors.mcp.remote import remote_tool
from actors.mcp.wire import CallRemote, CancelRemote
from actors.runtime.errors import ActorDied, MailboxFull, Phase, RuntimeFault
from actors.tools.errors import ToolFailed

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from actors.mcp.remote import RemoteTool
    from actors.mcp.wire import Described
    from actors.runtime.ref import ActorRef
    from actors.tools.tool import Tool
    from config.settings import McpServer


class Offer:
    """The tools of one server. Made with the server's settings, before anything of it is known."""

    def __init__(self, name: str, settings: McpServer) -> None:
        """Begin without tools."""
        self.name = name
        self.settings = settings
        self.server: ActorRef[Any] | None = None
        self._tools: dict[str, RemoteTool] | None = None
        self._numbers = itertools.count(1)

    def tools(self, agent: str) -> Sequence[Tool]:
        """Return the server's tools, where they are for that agent."""
        return tuple((self._tools or {}).values()) if self._is_for(agent) else ()

    def find(self, agent: str, name: str) -> Tool | None:
        """Return the server's tool of that name; one that fails where the server hasn't said yet what it has."""
        if not self._is_for(agent) or not name.startswith(prefix(self.name)):
            return None
        return self._unknown(name) if self._tools is None else self._tools.get(name)

    def replace(self, described: Iterable[Described]) -> None:
        """Offer these tools from now on."""
        there = {tool.name: tool for tool in described}
        names = local_names(self.name, there)
        self._tools = {here: self._remote(here, there[name]) for here, name in names.items()}

    def _is_for(self, agent: str) -> bool:
        return not self.settings.agents or agent in self.settings.agents

    def _remote(self, name: str, described: Described) -> RemoteTool:
        return remote_tool(
            name,
            partial(self._call, described.name),
            description=described.description,
            parameters=described.parameters,
            timeout=self.settings.timeout,
            idempotent=described.idempotent,
            roles=self.settings.roles,
        )

    def _unknown(self, name: str) -> RemoteTool:
        # Nothing is ever done by it, so a retried run may call it again.
        return remote_tool(name, self._fail, idempotent=True, roles=self.settings.roles)

    def _fail(self, **_arguments: Any) -> None:
        raise self.unavailable()

    def unavailable(self) -> ToolFailed:
        """Return the failure of a call while the server is down; nothing was done."""
        return ToolFailed("unavailable", f"The tool's server, {self.name}, isn't available now.")

    def _call(self, remote_name: str, /, **arguments: Any) -> Any:
        """Have the server's actor make a call; blocks until it is answered. However the wait ends, so does the call.

        Raises:
            ToolFailed: there is no result; ``unavailable`` where nothing was done.
        """
        if self.server is None:
            raise self.unavailable()
        number = next(self._numbers)
        try:
            return self.server.ask(CallRemote(number, remote_name, arguments), timeout=None)
        except MailboxFull:
            raise self.unavailable() from None
        except ActorDied as died:
            if died.phase is Phase.QUEUED:
                raise self.unavailable() from died
            raise ToolFailed("crashed", f"The tool's server, {self.name}, was lost during the call.") from died
        except ToolFailed:
            raise
        except BaseException:  # The call is cancelled or out of time; there too, nobody is to go on with it.
            with contextlib.suppress(RuntimeFault):
                self.server.tell(CancelRemote(number))
            raise
