"""The log in memory: for tests, and for servers whose sessions may end with the process."""

from __future__ import annotations

from random import SystemRandom
from typing import TYPE_CHECKING

from actors.session.events import AgentCompleted, MessageAccepted, MessageDequeued
from actors.session.journal import Claim, JournalUnavailable, SessionRecord

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from random import Random

    from actors.session.events import Recorded


class _Log:
    """One session's frames; their seqs are dense from 1."""

    __slots__ = ("claims", "created_at", "epoch", "frames", "title", "updated_at", "user_id")

    def __init__(self, user_id: str, title: str, epoch: str, now_ms: int) -> None:
        self.user_id = user_id
        self.title = title
        self.epoch = epoch
        self.created_at = self.updated_at = now_ms
        self.frames: list[bytes] = []
        self.claims: list[tuple[str, str]] = []


class MemoryJournal:
    """Commits at once, blocks never, and forgets everything with the process."""

    def __init__(self, random: Random | None = None) -> None:
        """Begin empty; epochs are drawn from ``random``, the system's own source by default."""
        self._random = random or SystemRandom()
        self._logs: dict[str, _Log] = {}
        self._by_user: dict[str, list[str]] = {}
        self._claims: dict[tuple[str, str], Claim] = {}
        self._unfinished: dict[str, str] = {}

    def create(self, session_id: str, user_id: str, title: str, now_ms: int) -> SessionRecord:
        """Make an empty log, or return the record of the one that is there."""
        if session_id not in self._logs:
            self._logs[session_id] = _Log(user_id, title, f"{self._random.getrandbits(32):08x}", now_ms)
            self._by_user.setdefault(user_id, []).append(session_id)
        return self._record(session_id)

    def find(self, session_id: str) -> SessionRecord | None:
        """Return a session's record, or None."""
        return self._record(session_id) if session_id in self._logs else None

    def _record(self, session_id: str) -> SessionRecord:
        log = self._logs[session_id]
        return SessionRecord(
            session_id, log.user_id, log.title, log.epoch, log.created_at, log.updated_at, len(log.frames), 1
        )

    def sessions(self, user_id: str) -> list[SessionRecord]:
        """Return a user's sessions, the one that changed last first."""
        records = [self._record(session_id) for session_id in self._by_user.get(user_id, ())]
        return sorted(records, key=lambda record: record.updated_at, reverse=True)

    def delete(self, session_id: str) -> None:
        """Forget a session, its log and its message ids."""
        log = self._logs.pop(session_id, None)
        if log is not None:
            self._by_user[log.user_id].remove(session_id)
            for key in log.claims:
                self._claims.pop(key, None)
            self._unfinished = {run: owner for run, owner in self._unfinished.items() if owner != session_id}

    def append(self, session_id: str, entries: Sequence[Recorded], done: Callable[[Exception | None], None]) -> None:
        """Write entries; ``done`` is called before this returns."""
        log = self._logs.get(session_id)
        if log is None or entries[0].event.seq != len(log.frames) + 1:
            done(JournalUnavailable(f"the entries don't follow the log of {session_id}"))
            return
        log.frames.extend(entry.frame for entry in entries)
        log.updated_at = entries[-1].event.ts
        for entry in entries:
            self._note(log.user_id, entry)
        done(None)

    def _note(self, user_id: str, entry: Recorded) -> None:
        event = entry.event
        if isinstance(event.data, AgentCompleted | MessageDequeued):
            self._unfinished.pop(event.run_id, None)
        elif isinstance(event.data, MessageAccepted):
            self._unfinished[event.run_id] = event.session_id
            if event.data.client_msg_id is not None:
                key = (user_id, event.data.client_msg_id)
                self._claims[key] = Claim(event.session_id, event.run_id, committed=True)

    def read(self, session_id: str, after: int, limit: int) -> list[bytes]:
        """Return up to ``limit`` frames after seq ``after``."""
        log = self._logs.get(session_id)
        return [] if log is None else log.frames[after : after + limit]

    def session_of(self, run_id: str) -> str | None:
        """Return the session in whose log that run is unfinished, or None."""
        return self._unfinished.get(run_id)

    def claimed(self, user_id: str, client_msg_id: str) -> Claim | None:
        """Return what a message id was spent on, or None."""
        return self._claims.get((user_id, client_msg_id))

    def claim(self, user_id: str, client_msg_id: str, session_id: str, run_id: str) -> None:
        """Spend a message id on a run."""
        self._claims[user_id, client_msg_id] = Claim(session_id, run_id, committed=False)
        self._logs[session_id].claims.append((user_id, client_msg_id))

    def release_claims(self, session_id: str) -> None:
        """Take back the claims of messages that never got on record."""
        log = self._logs.get(session_id)
        if log is None:
            return
        lost = [key for key in log.claims if not self._claims[key].committed]
        for key in lost:
            del self._claims[key]
        log.claims = [key for key in log.claims if key not in lost]
