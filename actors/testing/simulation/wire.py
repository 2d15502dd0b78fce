"""A connection without a socket that keeps every frame, both ways, as the protocol writes them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from actors.runtime.errors import RuntimeFault
from actors.session.messages import ConnectionGone, ConnectionReady, Reattach, Route
from actors.testing.views import Entry

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from actors.runtime.ref import ActorRef
    from actors.session.audience import Subscription
    from actors.session.connection import Refusal


class Wire:
    """The `actors.session.connection.Connection` of a simulated person, as the server's own keeps to it."""

    def __init__(self, root: ActorRef[Any], user_id: str, connection_id: str) -> None:
        """Open, with room; ``entries`` is all that crosses it."""
        self.connection_id = connection_id
        self.user_id = user_id
        self.entries: list[Entry] = []
        self.writable = True
        self.open = True
        self._root = root
        self._attached: dict[str, tuple[Subscription, ActorRef[Any], Callable[[], None]]] = {}

    # The person's side.

    def say(self, session_id: str, frame: dict[str, Any], command: Any) -> None:
        """Send a frame, which means ``command`` to the session: straight where it writes here, else by the root."""
        self.entries.append(Entry.of(msgspec.json.encode(frame), sent=True))
        attached = self._attached.get(session_id)
        if attached is None or not _tell(attached[1], command):
            _tell(self._root, Route(self.user_id, session_id, self, frame.get("id"), command))

    def held(self, session_id: str) -> Subscription | None:
        """Return the subscription by which a session writes here, or will again; None where it doesn't."""
        attached = self._attached.get(session_id)
        return None if attached is None else attached[0]

    def make_room(self) -> None:
        """Read what has come, after a time of not reading."""
        self.writable = True
        for subscription, session, _ in list(self._attached.values()):
            _tell(session, ConnectionReady(subscription))

    def close(self) -> None:
        """Go away."""
        self.open = False
        for session_id, (subscription, session, _) in list(self._attached.items()):
            self.detached(session_id)
            _tell(session, ConnectionGone(subscription))

    def cut(self) -> None:
        """Lose the server, which can't be told."""
        self.open = False
        self._attached.clear()

    # The session's side.

    def forward(self, frames: Sequence[bytes]) -> int:
        """Keep messages, unless it is full or gone."""
        if not self.writable:
            return 0
        for frame in frames:
            self._keep(frame)
        return len(frames)

    def _keep(self, frame: bytes) -> None:
        if self.open:
            self.entries.append(Entry.of(frame, sent=False))

    def acknowledge(self, frame_id: str | None, **fields: Any) -> None:
        """Keep an ack."""
        if frame_id is not None:
            self._keep(msgspec.json.encode({"type": "ack", "re": frame_id, **fields}))

    def refuse(self, frame_id: str | None, refusal: Refusal) -> None:
        """Keep a refusal."""
        self._error(refusal, {} if frame_id is None else {"re": frame_id})

    def attached(self, subscription: Subscription, session: ActorRef[Any]) -> None:
        """Note that a session writes here; when it dies, come back to its next life."""
        if not self.open:
            _tell(session, ConnectionGone(subscription))
            return
        self.detached(subscription.session_id)
        forget = session.on_death(lambda _down: self._come_back(subscription.session_id))
        self._attached[subscription.session_id] = (subscription, session, forget)

    def _come_back(self, session_id: str) -> None:
        subscription = self.held(session_id)
        if subscription is not None:
            _tell(self._root, Route(self.user_id, session_id, self, None, Reattach(subscription)))

    def detached(self, session_id: str) -> None:
        """Note that it no longer does."""
        if session_id in self._attached:
            self._attached.pop(session_id)[2]()

    def outrun(self) -> None:
        """Close: nothing is pruned in a simulation that the person could have been shown."""
        self.close()

    def gone(self, session_id: str, refusal: Refusal) -> None:
        """Close where it was the only session and the fault is the server's."""
        self.detached(session_id)
        if refusal.code != "internal" or self._attached:
            self._error(refusal, {"session_id": session_id})
        else:
            bye = {"type": "bye", "code": 1011, "reason": "the session failed", "reconnect": True}
            self._keep(msgspec.json.encode({**bye, "retry_after_ms": 1000}))
            self.close()

    def _error(self, refusal: Refusal, extra: dict[str, Any]) -> None:
        if refusal.retry_after_ms is not None:
            extra["retry_after_ms"] = refusal.retry_after_ms
        said = {"code": refusal.code, "message": refusal.message, "temporary": refusal.temporary}
        self._keep(msgspec.json.encode({"type": "error", **said, **extra}))


def _tell(actor: ActorRef[Any], message: Any) -> bool:
    try:
        actor.tell(message)
    except RuntimeFault:
        return False
    return True
