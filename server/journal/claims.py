"""Message ids that were spent on runs whose messages aren't on record yet."""

from __future__ import annotations

from typing import TYPE_CHECKING

from actors.session.journal import Claim
from server.journal.entries import Deleted, Logged

if TYPE_CHECKING:
    from collections.abc import Iterable

    from server.journal.entries import Entry


class Claims:
    """Claims by user and message id, until their messages are committed or their session takes them back."""

    def __init__(self) -> None:
        """Begin empty."""
        self._claims: dict[tuple[str, str], Claim] = {}
        self._by_session: dict[str, set[tuple[str, str]]] = {}

    def find(self, user_id: str, client_msg_id: str) -> Claim | None:
        """Return what a message id was spent on, where that isn't on record."""
        return self._claims.get((user_id, client_msg_id))

    def spend(self, user_id: str, client_msg_id: str, session_id: str, run_id: str) -> None:
        """Spend a message id on a run."""
        self._claims[user_id, client_msg_id] = Claim(session_id, run_id, committed=False)
        self._by_session.setdefault(session_id, set()).add((user_id, client_msg_id))

    def release(self, session_id: str) -> None:
        """Take back all of a session."""
        for key in list(self._by_session.get(session_id, ())):
            self._let_go(session_id, key)

    def settle(self, entries: Iterable[Entry]) -> None:
        """Let go of what committed entries say for good."""
        for entry in entries:
            if type(entry) is Logged:
                for run in entry.begun:
                    if run.client_msg_id is not None:
                        self._let_go(entry.session_id, (entry.user_id, run.client_msg_id))
            elif type(entry) is Deleted:
                self.release(entry.session_id)

    def _let_go(self, session_id: str, key: tuple[str, str]) -> None:
        keys = self._by_session.get(session_id, set())
        if key not in keys:
            return
        del self._claims[key]
        keys.remove(key)
        if not keys:
            del self._by_session[session_id]
