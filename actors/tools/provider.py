"""Who has tools to share: they may come and go while the server runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    from actors.tools.tool import Tool


class Provider(Protocol):
    """Somebody whose tools agents may call beside their own. Neither method blocks."""

    def tools(self, agent: str) -> Sequence[Tool]:
        """Return what it shares with the agent of that name now."""

    def find(self, agent: str, name: str) -> Tool | None:
        """Return the tool of that name, which an agent's log or model may know from earlier; None: it isn't here."""
