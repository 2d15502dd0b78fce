"""A log whose commits take their time, as those of a disk do."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from random import Random

    from actors.runtime.clock import Clock
    from actors.session.events import Recorded
    from actors.session.journal import Claim, Journal, SessionRecord


class LaggingJournal:
    """Commits to another journal in the order of the appends, up to ``lag`` seconds late; reads see the committed."""

    def __init__(self, journal: Journal, clock: Clock, random: Random, lag: float) -> None:
        """Have nothing under way."""
        self._journal = journal
        self._clock = clock
        self._random = random
        self._lag = lag
        self._under_way: deque[Callable[[], None]] = deque()

    def append(self, session_id: str, entries: Sequence[Recorded], done: Callable[[Exception | None], None]) -> None:
        """Commit later."""
        self._under_way.append(lambda: self._journal.append(session_id, entries, done))
        self._clock.call_later(self._random.uniform(0, self._lag), self._commit_oldest)

    def _commit_oldest(self) -> None:
        # Whichever timer it is that fires, so that no append overtakes another.
        self._under_way.popleft()()

    def create(self, session_id: str, user_id: str, title: str, now_ms: int) -> SessionRecord:
        """Make an empty log."""
        return self._journal.create(session_id, user_id, title, now_ms)

    def find(self, session_id: str) -> SessionRecord | None:
        """Return a session's record, or None."""
        return self._journal.find(session_id)

    def sessions(self, user_id: str) -> list[SessionRecord]:
        """Return a user's sessions."""
        return self._journal.sessions(user_id)

    def delete(self, session_id: str) -> None:
        """Forget a session."""
        self._journal.delete(session_id)

    def read(self, session_id: str, after: int, limit: int) -> list[bytes]:
        """Return committed frames."""
        return self._journal.read(session_id, after, limit)

    def claimed(self, user_id: str, client_msg_id: str) -> Claim | None:
        """Return what a message id was spent on."""
        return self._journal.claimed(user_id, client_msg_id)

    def claim(self, user_id: str, client_msg_id: str, session_id: str, run_id: str) -> None:
        """Spend a message id."""
        self._journal.claim(user_id, client_msg_id, session_id, run_id)

    def session_of(self, run_id: str) -> str | None:
        """Return the session of an unfinished run."""
        return self._journal.session_of(run_id)

    def release_claims(self, session_id: str) -> None:
        """Take back what never got on record."""
        self._journal.release_claims(session_id)
