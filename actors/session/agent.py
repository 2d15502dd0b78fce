"""Who works: the actor that runs an agent's code, one attempt at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from actors.agents.errors import AgentError
from actors.runtime.actor import Actor, receives
from actors.session.events import Fault
from actors.session.log_context import RUN_ID, name_in_logs
from actors.session.messages import RunFinished, StartRun
from actors.session.turn import LiveTurn, written

if TYPE_CHECKING:
    from actors.runtime.ref import ActorRef
    from actors.session.environment import Environment


class AgentActor(Actor):
    """Runs the agents of one session. A crash of theirs is this actor's crash; its supervisor decides what follows."""

    def __init__(
        self,
        environment: Environment,
        session_id: str,
        session: ActorRef[Any],
        emitter: ActorRef[Any],
        tools: ActorRef[Any],
    ) -> None:
        """Know whom to tell; holds nothing between runs."""
        self._environment = environment
        self._session_id = session_id
        self._session = session
        self._emitter = emitter
        self._tools = tools

    @receives(StartRun)
    def _on_start_run(self, order: StartRun) -> None:
        """Run the agent; blocks for as long as it works."""
        name_in_logs(self.address, self.incarnation)
        RUN_ID.set(order.run_id)
        turn = LiveTurn(
            order,
            self._session_id,
            self._environment.journal,
            self._emitter,
            self._tools,
            self.runtime.clock.monotonic,
            self._environment.tools_of,
            self._environment.asked,
        )
        text, error = "", None
        try:
            text = self._environment.agents[order.agent]().run(turn)
        except AgentError as answer:
            error = Fault(written(str(answer.code)), written(str(answer)))
        finished = RunFinished(order.run_id, order.attempt, written(text), error, turn.counted, turn.calls_open > 0)
        self._session.tell(finished)
