"""Messages on their way: kept until the server has them on record, so that no lost line loses or doubles one. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterator

    from server.protocol import Message

T = TypeVar("T")

WINDOW = 16
"""How many messages may be under way unanswered: well below what a connection may send at once."""

UNDECIDED = frozenset({"internal", "rate_limited", "draining"})
"""Errors that say nothing of the message itself: it is to be sent again."""


class Outgoing(Generic[T]):
    """A message under its id, and who waits for it. ``asked`` while an answer is due on the present connection."""

    def __init__(self, message: Message, waiter: T) -> None:
        """Note it before it is sent for the first time."""
        self.message = message
        self.waiter = waiter
        self.asked = False


class Outbox(Generic[T]):
    """What isn't on record yet, in the order of its sending."""

    def __init__(self) -> None:
        """Begin empty."""
        self._entries: list[Outgoing[T]] = []

    def __iter__(self) -> Iterator[Outgoing[T]]:
        """Yield all, oldest first."""
        return iter(list(self._entries))

    def add(self, message: Message, waiter: T) -> Outgoing[T]:
        """Take a new message."""
        entry = Outgoing(message, waiter)
        self._entries.append(entry)
        return entry

    def remove(self, entry: Outgoing[T]) -> bool:
        """Drop one that is settled or given up; tell whether it was still there."""
        if entry not in self._entries:
            return False
        self._entries.remove(entry)
        return True

    def named(self, client_msg_id: str) -> list[Outgoing[T]]:
        """Return those under an id: more than one where it was sent twice on purpose."""
        return [entry for entry in self._entries if entry.message.client_msg_id == client_msg_id]

    def next(self, live: frozenset[str]) -> Outgoing[T] | None:
        """Return the oldest that may be sent now, to one of these sessions; None where the window is full."""
        if sum(entry.asked for entry in self._entries) >= WINDOW:
            return None
        due = (entry for entry in self._entries if not entry.asked and entry.message.session_id in live)
        return next(due, None)
