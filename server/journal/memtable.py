"""What was committed of late, by session: looked up before what lies below it, until it is moved there as a whole."""

from __future__ import annotations

from typing import TYPE_CHECKING

from actors.session.journal import Claim, SessionRecord
from server.journal.entries import Created, Deleted, Logged

if TYPE_CHECKING:
    from collections.abc import Sequence

    from server.journal.entries import Entry

ENTRY_BYTES = 200
"""What an entry takes besides its frames, about."""

FRAME_BYTES = 60
"""What a frame takes besides its bytes, about."""


class Part:
    """What a memtable knows of one session.

    ``wiped`` says that nothing of what lies below counts any more; without ``created`` the session is gone then.
    """

    __slots__ = (
        "begun",
        "claims",
        "created",
        "ended",
        "first_seq",
        "frames",
        "head_seq",
        "updated_at",
        "user_id",
        "wiped",
    )

    def __init__(self, user_id: str, first_seq: int) -> None:
        """Know nothing; ``first_seq`` is what the first frame will have."""
        self.user_id = user_id
        self.first_seq = first_seq
        self.head_seq = first_seq - 1
        """The seq of the last frame, or the one before the first where there is none yet."""
        self.created: Created | None = None
        self.wiped = False
        self.frames: list[bytes] = []
        self.updated_at = 0
        self.begun: dict[str, int] = {}
        """Runs that aren't over, by where they were accepted."""
        self.ended: set[str] = set()
        """Runs that are over and began below."""
        self.claims: dict[str, str] = {}
        """Message ids, by the runs that they were spent on."""

    @property
    def is_base(self) -> bool:
        """Whether this says all there is of the session, whatever lies below."""
        return self.wiped or self.created is not None

    @property
    def is_gone(self) -> bool:
        """Whether the session was deleted, and didn't come again."""
        return self.wiped and self.created is None

    def slice(self, seq: int, limit: int) -> list[bytes]:
        """Return up to ``limit`` frames from ``seq`` on, which isn't before the first."""
        begin = seq - self.first_seq
        return self.frames[begin : begin + limit]

    def drop(self, before: int) -> None:
        """Forget the frames before a seq."""
        count = min(max(before - self.first_seq, 0), len(self.frames))
        del self.frames[:count]
        self.first_seq += count

    def append(self, entry: Logged) -> None:
        """Add frames and what they begin and end."""
        self.frames += entry.frames
        self.head_seq += len(entry.frames)
        self.updated_at = entry.at
        for run in entry.begun:
            self.begun[run.run_id] = run.seq
            if run.client_msg_id is not None:
                self.claims[run.client_msg_id] = run.run_id
        for run_id in entry.ended:
            if self.begun.pop(run_id, None) is None:
                self.ended.add(run_id)

    def over(self, base: SessionRecord | None) -> SessionRecord | None:
        """Return the session's record as it is with this, ``base`` being what lies below."""
        new = self.created
        if new is not None:
            times = (new.at, self.updated_at)
            return SessionRecord(
                new.session_id, new.user_id, new.title, new.epoch, *times, self.head_seq, self.first_seq
            )
        if self.is_gone or base is None:
            return None
        return base._replace(updated_at=self.updated_at, head_seq=self.head_seq)


class Memtable:
    """Commits, as the state of the sessions that they speak of."""

    def __init__(self) -> None:
        """Begin empty."""
        self.parts: dict[str, Part] = {}
        self.size = 0
        """How many bytes it takes, about."""
        self._runs: dict[str, str] = {}
        self._claims: dict[tuple[str, str], Claim] = {}
        self._by_user: dict[str, set[str]] = {}

    def absorb(self, entries: Sequence[Entry]) -> None:
        """Take in the entries of a commit; commits come in their order."""
        self.size += ENTRY_BYTES * len(entries)
        for entry in entries:
            if type(entry) is Logged:
                self._append(entry)
            elif type(entry) is Created:
                self._create(entry)
            elif type(entry) is Deleted:
                self._delete(entry)

    def session_of(self, run_id: str) -> str | None:
        """Return the session in which this says that the run is unfinished."""
        return self._runs.get(run_id)

    def claimed(self, user_id: str, client_msg_id: str) -> Claim | None:
        """Return what this says that a message id was spent on."""
        return self._claims.get((user_id, client_msg_id))

    def sessions_of(self, user_id: str) -> set[str]:
        """Return the sessions of a user that this knows something of."""
        return self._by_user.get(user_id, set())

    def _begin(self, session_id: str, user_id: str, first_seq: int) -> Part:
        part = self.parts[session_id] = Part(user_id, first_seq)
        self._by_user.setdefault(user_id, set()).add(session_id)
        return part

    def _append(self, entry: Logged) -> None:
        part = self.parts.get(entry.session_id) or self._begin(entry.session_id, entry.user_id, entry.first_seq)
        part.append(entry)
        self.size += sum(map(len, entry.frames)) + FRAME_BYTES * len(entry.frames)
        for run in entry.begun:
            self._runs[run.run_id] = entry.session_id
            if run.client_msg_id is not None:
                claim = Claim(entry.session_id, run.run_id, committed=True)
                self._claims[entry.user_id, run.client_msg_id] = claim
        for run_id in entry.ended:
            self._runs.pop(run_id, None)

    def _create(self, entry: Created) -> None:
        wiped = self._forget(entry.session_id)
        part = self._begin(entry.session_id, entry.user_id, 1)
        part.created = entry
        part.wiped = wiped
        part.updated_at = entry.at

    def _delete(self, entry: Deleted) -> None:
        self._forget(entry.session_id)
        part = self.parts[entry.session_id] = Part("", 1)
        part.wiped = True

    def _forget(self, session_id: str) -> bool:
        """Drop what is known of a session; tell whether what lies below was wiped."""
        part = self.parts.pop(session_id, None)
        if part is None or part.is_gone:
            return part is not None
        self.size -= sum(map(len, part.frames)) + FRAME_BYTES * len(part.frames)
        self._by_user[part.user_id].discard(session_id)
        for run_id in part.begun:
            self._runs.pop(run_id, None)
        for client_msg_id in part.claims:
            self._claims.pop((part.user_id, client_msg_id), None)
        return part.wiped
