"""A connection without a socket: it keeps what a session writes to it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from actors.runtime.dispatcher import HubClock
from actors.session.messages import Reattach, Route
from actors.testing.patience import wait_until

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from actors.runtime.clock import Clock
    from actors.runtime.ref import ActorRef
    from actors.session.audience import Subscription
    from actors.session.connection import Refusal


class RecordingConnection:
    """The `actors.session.connection.Connection` of a test. Set ``writable`` to make it full.

    As a real one does, it comes back by way of ``root`` to a session that died.
    """

    def __init__(
        self, root: ActorRef[Any], user_id: str, connection_id: str = "c_test", clock: Clock | None = None
    ) -> None:
        """Begin with room and nothing written; `wait_for` goes by ``clock``, the hub's by default."""
        self.connection_id = connection_id
        self._root = root
        self._user_id = user_id
        self.writable = True
        self.raw: list[bytes] = []
        self.frames: list[dict[str, Any]] = []
        self.acks: dict[str | None, dict[str, Any]] = {}
        self.refusals: dict[str | None, Refusal] = {}
        self.answered: list[str | None] = []
        """The ids of the frames that were acked or refused, in that order."""
        self.sessions: dict[str, ActorRef[Any]] = {}
        self._subscriptions: dict[str, Subscription] = {}
        self.lost_sessions: dict[str, Refusal] = {}
        self.was_outrun = False
        self._clock = clock or HubClock()

    def wait_for(self, condition: Callable[[RecordingConnection], Any], within: float = 5.0) -> Any:
        """Block until ``condition(self)`` is true, and return it.

        Raises:
            AssertionError: it isn't within that many seconds.
        """
        found = wait_until(lambda: condition(self), self._clock, within)
        assert found, f"not within {within} s; seen: {self.types}, {self.acks}, {self.refusals}"
        return found

    def wait_for_type(self, kind: str, count: int = 1) -> dict[str, Any]:
        """Block until ``count`` frames of a type are there; return the last of them."""
        self.wait_for(lambda _: self.types.count(kind) >= count)
        return [frame for frame in self.frames if frame["type"] == kind][count - 1]

    @property
    def types(self) -> list[str]:
        """The types of the frames so far."""
        return [frame["type"] for frame in self.frames]

    @property
    def events(self) -> list[dict[str, Any]]:
        """The logged events so far."""
        return [frame for frame in self.frames if "seq" in frame]

    @property
    def raw_events(self) -> list[bytes]:
        """The bytes of the logged events so far."""
        return [raw for raw, frame in zip(self.raw, self.frames, strict=True) if "seq" in frame]

    def forward(self, frames: Sequence[bytes]) -> int:
        """Keep messages, as long as it is writable."""
        written = 0
        for frame in frames:
            if not self.writable:
                break
            self.raw.append(frame)
            self.frames.append(msgspec.json.decode(frame))
            written += 1
        return written

    def acknowledge(self, frame_id: str | None, **fields: Any) -> None:
        """Keep an ack."""
        self.answered.append(frame_id)
        self.acks[frame_id] = fields

    def refuse(self, frame_id: str | None, refusal: Refusal) -> None:
        """Keep a refusal."""
        self.answered.append(frame_id)
        self.refusals[frame_id] = refusal

    def held(self, session_id: str) -> Subscription | None:
        """Return the subscription by which that session writes here, or will again; None where it doesn't."""
        return self._subscriptions.get(session_id)

    def attached(self, subscription: Subscription, session: ActorRef[Any]) -> None:
        """Keep the session that writes here, and come back when it dies."""
        session_id = subscription.session_id
        self._subscriptions[session_id] = subscription
        if session_id not in self.sessions:
            session.on_death(lambda _down: self._come_back(session_id))
        self.sessions[session_id] = session

    def _come_back(self, session_id: str) -> None:
        if self.sessions.pop(session_id, None) is not None:
            again = Reattach(self._subscriptions[session_id])
            self._root.tell(Route(self._user_id, session_id, self, None, again))

    def detached(self, session_id: str) -> None:
        """Forget it."""
        self.sessions.pop(session_id, None)
        self._subscriptions.pop(session_id, None)

    def outrun(self) -> None:
        """Note that what it lacked wasn't kept."""
        self.was_outrun = True

    def gone(self, session_id: str, refusal: Refusal) -> None:
        """Keep why a session is no more."""
        self.detached(session_id)
        self.lost_sessions[session_id] = refusal
