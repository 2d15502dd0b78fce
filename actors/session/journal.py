"""What the session tree needs of a log. The bodies are in `server.journal`."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from actors.session.events import Recorded


class JournalUnavailable(Exception):
    """The log can't be written or read now."""


class SessionRecord(NamedTuple):
    """What is known of a session without reading its log. Times are epoch ms."""

    session_id: str
    user_id: str
    title: str
    epoch: str
    created_at: int
    updated_at: int
    head_seq: int
    first_seq: int
    """The oldest seq that is kept; ``head_seq + 1`` where none is."""


class Claim(NamedTuple):
    """Where a client's message id was spent."""

    session_id: str
    run_id: str
    committed: bool
    """Whether the message is on record; before that it may still fail."""


class Journal(Protocol):
    """Logs by session, sessions by user, and the ids of clients' messages."""

    def create(self, session_id: str, user_id: str, title: str, now_ms: int) -> SessionRecord:
        """Make an empty log under a new epoch, or return the record of the one that is there."""

    def find(self, session_id: str) -> SessionRecord | None:
        """Return a session's record, or None."""

    def sessions(self, user_id: str) -> list[SessionRecord]:
        """Return a user's sessions, the one that changed last first."""

    def delete(self, session_id: str) -> None:
        """Forget a session, its log and its message ids."""

    def append(self, session_id: str, entries: Sequence[Recorded], done: Callable[[Exception | None], None]) -> None:
        """Write entries whose seqs follow the head; returns at once.

        ``done`` is called on the hub once they are committed, or with the `JournalUnavailable` that kept them from it.
        """

    def read(self, session_id: str, after: int, limit: int) -> list[bytes]:
        """Return up to ``limit`` committed frames with seqs above ``after``, oldest first; may block."""

    def claimed(self, user_id: str, client_msg_id: str) -> Claim | None:
        """Return what a user's message id was spent on, or None."""

    def claim(self, user_id: str, client_msg_id: str, session_id: str, run_id: str) -> None:
        """Spend a user's message id on a run; this is committed with the run's ``message_accepted``."""

    def session_of(self, run_id: str) -> str | None:
        """Return the session in whose log that run is unfinished, or None."""

    def release_claims(self, session_id: str) -> None:
        """Take back the claims of a session whose messages never got on record: it lost them with its life."""
