"""Who restarts MCP servers' actors: each with a budget of its own, and a rest for one that has used it up."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from actors.mcp.server import END_SECONDS, Server
from actors.runtime.actor import receives
from actors.runtime.specs import ChildSpec
from actors.runtime.supervisor import Supervisor

if TYPE_CHECKING:
    from collections.abc import Iterable

    from actors.mcp.offer import Offer
    from actors.runtime.policies import Policy
    from actors.runtime.reasons import ExitReason


class StartServer(NamedTuple):
    """Begin with a server, or begin again after its rest."""

    name: str


class Servers(Supervisor):
    """Supervises the MCP servers of the settings. None of them is ever given up for good: they are others' to mend."""

    dynamic = True
    budget_per_child = True

    def __init__(self, offers: Iterable[Offer], policy: Policy) -> None:
        """Begin without children."""
        self._offers = {offer.name: offer for offer in offers}
        self._policy = policy

    def on_start(self) -> None:
        """Begin with every server, after this start: one that fails is no failure of ours."""
        for name in self._offers:
            self.actor_ref.tell(StartServer(name))

    @receives(StartServer)
    def _on_start_server(self, order: StartServer) -> None:
        policy = self._policy
        args = (self._offers[order.name],)
        # A little more than the process has: what doesn't end by then is killed, and the process with it.
        shutdown = END_SECONDS + 1
        spec = ChildSpec(
            order.name, Server, args, shutdown=shutdown, intensity=policy.intensity, backoff=policy.backoff
        )
        self.start_child(spec)

    def child_exited(self, child_id: str, reason: ExitReason, retry_in: float | None) -> None:
        """Say that a server is down, and why."""
        self.log.warning("mcp_down", server=child_id, reason=str(reason.error or reason), retry_in=retry_in)

    def child_lost(self, child_id: str, reason: ExitReason) -> None:
        """Let a server rest until its failures no longer count, then begin again."""
        rest = self._policy.intensity.within
        self.log.warning("mcp_resting", server=child_id, reason=str(reason.error or reason), retry_in=rest)
        self.send_after(rest, StartServer(child_id))
