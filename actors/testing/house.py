"""A tree of sessions without a server, and a person's tab in it."""

from __future__ import annotations

import json
from itertools import count
from typing import TYPE_CHECKING, Any, Literal

from actors.agents.registry import AgentCatalog
from actors.agents.rehearsal import Rehearsal
from actors.runtime.specs import ChildSpec
from actors.session.audience import Subscription
from actors.session.environment import Environment
from actors.session.journal import unheeded
from actors.session.messages import After, Cancel, Dequeue, Route, Submit, Subscribe
from actors.session.root import Root, address_of
from actors.session.staff import INTERNAL_MAILBOX
from actors.testing.connection import RecordingConnection

if TYPE_CHECKING:
    from collections.abc import Sequence

    from actors.agents.agent import Agent
    from actors.runtime.ref import ActorRef
    from actors.runtime.runtime import Runtime
    from actors.session.connection import Refusal
    from actors.session.journal import Journal

USER, SESSION = "u_1", "s_1"


class House:
    """A root with its sessions on a runtime, and their log; the first agent is the default, `Rehearsal` the last."""

    def __init__(self, runtime: Runtime, journal: Journal, agents: Sequence[type[Agent]] = (), **limits: Any) -> None:
        """Start the root; ``limits`` are fields of `Environment`."""
        self.runtime = runtime
        self.journal = journal
        offered = AgentCatalog(*agents, Rehearsal)
        self.environment = Environment(journal, offered, next(iter(offered)), **limits)
        self.root: ActorRef[Any] = runtime.supervise(
            ChildSpec("root", Root, (self.environment,), mailbox=INTERNAL_MAILBOX)
        )

    def tab(self, user: str = USER, session: str = SESSION) -> Tab:
        """Open a tab of a user on one session of theirs, which is made where it isn't there."""
        self.journal.create(session, user, "", self.runtime.clock.epoch_ms(), unheeded)
        return Tab(self, user, session)

    def actor(self, name: str = "", user: str = USER, session: str = SESSION) -> ActorRef[Any] | None:
        """Return the actor of a session, or its ``emitter``, ``tools`` or ``agent``; None where it isn't started."""
        return self.runtime.ref(address_of(user, session) + (f"/{name}" if name else ""))


class Tab:
    """One connection of one user, and short ways to say things to one session and to wait for what comes."""

    def __init__(self, house: House, user: str, session: str) -> None:
        """Watch nothing yet; a message or `subscribe` changes that."""
        self.house = house
        self.user = user
        self.session = session
        self.connection = RecordingConnection(house.root, user, clock=house.runtime.clock)
        self._ids = (f"f{number}" for number in count())

    @property
    def subscription(self) -> Subscription:
        """A subscription of this tab to its session."""
        return Subscription(self.connection, self.session)

    # Saying: these return the id of the frame at once.

    def send(self, command: Any, frame_id: str) -> str:
        """Send any command."""
        self.house.root.tell(Route(self.user, self.session, self.connection, frame_id, command))
        return frame_id

    def submit(
        self,
        *steps: dict[str, Any],
        text: str | None = None,
        agent: str | None = None,
        on_busy: Literal["enqueue", "reject", "interrupt"] = "enqueue",
        msg_id: str | None = None,
        queue: Literal["keep", "clear"] = "keep",
    ) -> str:
        """Send a message: ``text``, or without one a script of ``steps`` for the rehearsal agent."""
        if text is None:
            text, agent = json.dumps({"steps": steps}), agent or Rehearsal.name
        frame_id = next(self._ids)
        return self.send(Submit(self.subscription, frame_id, text, msg_id, agent, on_busy, queue, ()), frame_id)

    def ask(self, seq: int | None = None, epoch: str | None = None) -> str:
        """Ask to watch the session, from now on or from after ``seq`` on."""
        frame_id = next(self._ids)
        after = None if seq is None else After(epoch, seq)
        return self.send(Subscribe(self.subscription, frame_id, after), frame_id)

    def cancel(self, run_id: str | None = None, queue: Literal["keep", "clear"] = "keep") -> str:
        """Cancel what runs, or a run."""
        frame_id = next(self._ids)
        return self.send(Cancel(self.connection, frame_id, run_id, queue), frame_id)

    def dequeue(self, run_id: str) -> str:
        """Take a waiting message back."""
        frame_id = next(self._ids)
        return self.send(Dequeue(self.connection, frame_id, run_id), frame_id)

    # Waiting: these block, and raise AssertionError where it doesn't come in 5 s of the runtime's clock.

    def subscribe(self, seq: int | None = None, epoch: str | None = None) -> dict[str, Any]:
        """Watch the session, from now on or from after ``seq`` on; return the ack."""
        return self.ack(self.ask(seq, epoch))

    def run(self, *steps: dict[str, Any], **options: Any) -> str:
        """Submit a message and return its run's id once it is acked."""
        run_id: str = self.ack(self.submit(*steps, **options))["run_id"]
        return run_id

    def ack(self, frame_id: str) -> dict[str, Any]:
        """Return the ack of a frame, which must not be refused."""
        self._answered(frame_id)
        assert frame_id in self.connection.acks, self.connection.refusals[frame_id]
        return self.connection.acks[frame_id]

    def refusal(self, frame_id: str) -> Refusal:
        """Return the refusal of a frame, which must not be acked."""
        self._answered(frame_id)
        assert frame_id in self.connection.refusals, self.connection.acks[frame_id]
        return self.connection.refusals[frame_id]

    def _answered(self, frame_id: str) -> None:
        self.connection.wait_for(lambda seen: frame_id in seen.acks or frame_id in seen.refusals)

    def completed(self, run_id: str) -> dict[str, Any]:
        """Return the ``agent_completed`` of a run."""
        return self.wait_for_event(run_id, "agent_completed")

    def wait_for_event(self, run_id: str, kind: str) -> dict[str, Any]:
        """Return the first event of that type of a run."""
        found: list[dict[str, Any]] = self.connection.wait_for(
            lambda _: [event for event in self.of_run(run_id) if event["type"] == kind]
        )
        return found[0]

    # What was seen.

    def of_run(self, run_id: str) -> list[dict[str, Any]]:
        """Return the events of a run so far."""
        return [event for event in self.connection.events if event["run_id"] == run_id]

    def kinds(self, run_id: str) -> list[str]:
        """Return the types of a run's events so far."""
        return [event["type"] for event in self.of_run(run_id)]
