"""What a session needs of a socket: a place to write to that says when it is full."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    from actors.runtime.ref import ActorRef
    from actors.session.audience import Subscription


class Refusal(NamedTuple):
    """Why a frame was not done: a code of the protocol, words for people, and whether trying again may help.

    ``limit`` is the setting that was in the way, if one was.
    """

    code: str
    message: str
    temporary: bool = False
    retry_after_ms: int | None = None
    limit: str | None = None


UNAVAILABLE = Refusal(
    "internal", "The server can't record anything now. Try again soon.", temporary=True, retry_after_ms=1000
)
"""Nothing is shown that isn't recorded, so nothing begins that can't be."""


class Connection(Protocol):
    """One socket of one user. Nothing here blocks; after the socket's end everything does nothing."""

    connection_id: str

    @property
    def writable(self) -> bool:
        """Whether there is room; when there is again, each session it is attached to is told `ConnectionReady`."""

    def forward(self, frames: Sequence[bytes]) -> int:
        """Write encoded messages, in order, as long as there is room; return how many were written."""

    def acknowledge(self, frame_id: str | None, **fields: Any) -> None:
        """Answer the client's frame; one without an id gets no answer."""

    def refuse(self, frame_id: str | None, refusal: Refusal) -> None:
        """Answer the client's frame with an error."""

    def held(self, session_id: str) -> Subscription | None:
        """Return the subscription by which that session writes here, or will again; None where it doesn't."""

    def attached(self, subscription: Subscription, session: ActorRef[Any]) -> None:
        """Hear that the session writes here from now on; its death is followed by a `Reattach`."""

    def detached(self, session_id: str) -> None:
        """Hear that it no longer does, as the client wished."""

    def outrun(self) -> None:
        """Hear that it is so far behind that what it has yet to be shown isn't kept any more."""

    def gone(self, session_id: str, refusal: Refusal) -> None:
        """Hear that the session is no more: given up by its supervisor (``internal``), or deleted (``not_found``)."""
