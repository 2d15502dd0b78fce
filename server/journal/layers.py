"""What is committed, as one: the newest memtable over the one that is being moved, over what is kept for good."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import msgspec

from actors.session.journal import LogPruned
from server.journal.memtable import Memtable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from actors.session.journal import Claim, SessionRecord
    from server.journal.entries import Entry
    from server.journal.memtable import Part


class Standing(msgspec.Struct, frozen=True):
    """What the next append to a log must follow."""

    user_id: str
    head_seq: int


class Base(Protocol):
    """What lies below the memtables. A look-up may wait for a page of a local disk.

    Each of them raises `JournalUnavailable` where that can't be read.
    """

    def find(self, session_id: str) -> SessionRecord | None:
        """Return a session's record, or None."""

    def sessions(self, user_id: str) -> list[SessionRecord]:
        """Return a user's sessions, in any order."""

    def read(self, session_id: str, seq: int, below: int, limit: int) -> list[bytes]:
        """Return ``limit`` frames from ``seq`` on, or as many as come before ``below``.

        Raises:
            LogPruned: that of ``seq`` isn't kept.
        """

    def claimed(self, user_id: str, client_msg_id: str) -> Claim | None:
        """Return what a message id was spent on, or None."""

    def session_of(self, run_id: str) -> str | None:
        """Return the session in which that run is unfinished, or None."""

    def unfinished_of(self, session_id: str) -> dict[str, int]:
        """Return a session's unfinished runs, by where they were accepted."""

    def unfinished(self) -> list[tuple[str, str, str]]:
        """Return user id, session id and run id of every run that isn't over."""


class Layers:
    """Look-ups, from the newest layer down."""

    def __init__(self, base: Base, current: Memtable) -> None:
        """Look up in ``current``, then in ``base``."""
        self._base = base
        self.current = current
        self.compacting: Memtable | None = None
        self._newest_first: tuple[Memtable, ...] = (self.current,)

    @property
    def size(self) -> int:
        """How many bytes the memtables hold, roughly."""
        return sum(memtable.size for memtable in self._newest_first)

    def absorb(self, entries: Sequence[Entry]) -> None:
        """Take in the entries of a commit."""
        self.current.absorb(entries)

    def freeze(self) -> Memtable:
        """Begin a new memtable, and return the one so far: it changes no more, and stays until `drop`."""
        assert self.compacting is None
        self.compacting, self.current = self.current, Memtable()
        self._newest_first = (self.current, self.compacting)
        return self.compacting

    def drop(self) -> None:
        """Forget the frozen memtable: all that it says is below now."""
        self.compacting = None
        self._newest_first = (self.current,)

    def find(self, session_id: str) -> SessionRecord | None:
        """Return a session's record, or None."""
        parts, reaches_base = self._parts(session_id)
        record = self._base.find(session_id) if reaches_base else None
        for part in parts:
            record = part.over(record)
        return record

    def standing(self, session_id: str) -> Standing | None:
        """Return what an append must follow, or None where there is no such log; cheap where it was of late."""
        part = self.current.parts.get(session_id)
        if part is not None and part.frames:
            return Standing(part.user_id, part.head_seq)
        record = self.find(session_id)
        return None if record is None else Standing(record.user_id, record.head_seq)

    def sessions(self, user_id: str) -> list[SessionRecord]:
        """Return a user's sessions, the one that changed last first."""
        records = {record.session_id: record for record in self._base.sessions(user_id)}
        for memtable in reversed(self._newest_first):
            touched = memtable.sessions_of(user_id) | (records.keys() & memtable.parts.keys())
            for session_id in touched:
                record = memtable.parts[session_id].over(records.pop(session_id, None))
                if record is not None:
                    records[session_id] = record
        return sorted(records.values(), key=_changed, reverse=True)

    def read(self, session_id: str, after: int, limit: int) -> list[bytes]:
        """Return up to ``limit`` frames with seqs above ``after``, oldest first, none left out.

        Raises:
            LogPruned: the one that is next isn't kept any more.
        """
        record = self.find(session_id)
        after = max(after, 0)
        if record is None or after >= record.head_seq or limit <= 0:
            return []
        if after + 1 < record.first_seq:
            raise LogPruned(f"the log of {session_id} is kept from {record.first_seq} on")
        return self._gather(session_id, after + 1, record.head_seq, limit)

    def _gather(self, session_id: str, seq: int, head_seq: int, limit: int) -> list[bytes]:
        parts, reaches_base = self._parts(session_id)
        parts = [part for part in parts if part.frames]
        begin = min((part.first_seq for part in parts), default=head_seq + 1)
        # Once a memtable was moved, and until it is dropped, what it holds lies below as well: it is taken from here.
        frames = self._base.read(session_id, seq, begin, limit) if reaches_base and seq < begin else []
        for part in parts:
            if len(frames) < limit:
                frames += part.slice(seq + len(frames), limit - len(frames))
        return frames

    def claimed(self, user_id: str, client_msg_id: str) -> Claim | None:
        """Return what a message id was spent on, or None."""
        for depth, layer in enumerate(self._all()):
            claim = layer.claimed(user_id, client_msg_id)
            if claim is not None:
                return None if self._is_wiped(claim.session_id, depth) else claim
        return None

    def session_of(self, run_id: str) -> str | None:
        """Return the session in whose log that run is unfinished, or None."""
        for depth, layer in enumerate(self._all()):
            session_id = layer.session_of(run_id)
            if session_id is not None:
                return None if self._is_over(session_id, run_id, depth) else session_id
        return None

    def unfinished_of(self, session_id: str) -> dict[str, int]:
        """Return a session's unfinished runs, by the seqs of their ``message_accepted``."""
        parts, reaches_base = self._parts(session_id)
        runs = self._base.unfinished_of(session_id) if reaches_base else {}
        for part in parts:
            runs = {run_id: seq for run_id, seq in runs.items() if run_id not in part.ended} | part.begun
        return runs

    def unfinished(self) -> list[tuple[str, str]]:
        """Return user id and session id of every session with a run that isn't over."""
        owners = {
            session_id: user_id
            for user_id, session_id, run_id in self._base.unfinished()
            if not self._is_over(session_id, run_id, len(self._newest_first))
        }
        for depth, memtable in enumerate(self._newest_first):
            for session_id, part in memtable.parts.items():
                if not all(self._is_over(session_id, run_id, depth) for run_id in part.begun):
                    owners[session_id] = part.user_id
        return [(user_id, session_id) for session_id, user_id in owners.items()]

    def _all(self) -> tuple[Memtable | Base, ...]:
        return (*self._newest_first, self._base)

    def _parts(self, session_id: str) -> tuple[list[Part], bool]:
        """Return what memtables know of a session, oldest first, and whether what lies below counts."""
        parts: list[Part] = []
        for memtable in self._newest_first:
            part = memtable.parts.get(session_id)
            if part is not None:
                parts.insert(0, part)
                if part.is_base:
                    return parts, False
        return parts, True

    def _above(self, session_id: str, depth: int) -> list[Part]:
        parts = (memtable.parts.get(session_id) for memtable in self._newest_first[:depth])
        return [part for part in parts if part is not None]

    def _is_wiped(self, session_id: str, depth: int) -> bool:
        return any(part.wiped for part in self._above(session_id, depth))

    def _is_over(self, session_id: str, run_id: str, depth: int) -> bool:
        return any(part.wiped or run_id in part.ended for part in self._above(session_id, depth))


def _changed(record: SessionRecord) -> tuple[int, int, str]:
    return record.updated_at, record.created_at, record.session_id
