"""The log, whatever it is written to: `actors.session.journal` says what it does."""

from __future__ import annotations

from random import SystemRandom
from typing import TYPE_CHECKING

from actors.session.journal import JournalUnavailable, Opening, SessionRecord
from server.journal.claims import Claims
from server.journal.commits import GroupCommit
from server.journal.entries import Created, Deleted, Writing
from server.journal.layers import Standing

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from random import Random

    from actors.runtime.clock import Clock
    from actors.session.journal import Batch, Claim, Done
    from server.journal.commits import Sink, Soon
    from server.journal.entries import Entry
    from server.journal.layers import Layers
    from server.observability.histogram import Histogram


class LogJournal:
    """Group commit to a sink, look-ups in memtables over a base. For greenlets of one hub.

    Attributes:
        on_committed: called with the appends of each commit, once it is on record and whoever made them knows; may
            neither block nor raise. The log is where everything passes once that happens in any session, whatever
            crashes on the way.
    """

    def __init__(self, sink: Sink, layers: Layers, clock: Clock, soon: Soon, random: Random | None = None) -> None:
        """Go on from what ``layers`` hold; epochs are drawn from ``random``, the system's own source by default."""
        self._commits = GroupCommit(sink, clock, self._absorb, soon)
        self._layers = layers
        self._claims = Claims()
        self.on_committed = self._commits.on_committed
        self._random = random or SystemRandom()

    @property
    def available(self) -> bool:
        """Whether the last write went well; while it didn't, every write fails at once, and the journal tries again."""
        return self._commits.problem is None

    @property
    def problem(self) -> str | None:
        """Why it can't be written, for whoever runs the server; None while it can."""
        return self._commits.problem

    @property
    def lag(self) -> float:
        """How many seconds the commit under way has taken so far; 0.0 where none is."""
        return self._commits.lag

    @property
    def commit_seconds(self) -> Histogram:
        """How long commits took that went well."""
        return self._commits.seconds

    @property
    def failures(self) -> int:
        """How many commits failed."""
        return self._commits.failures

    @property
    def pending(self) -> int:
        """How many appends wait to be committed."""
        return self._commits.pending

    @property
    def uncompacted(self) -> int:
        """How many bytes of what is committed have yet to move to where they stay."""
        return self._layers.size

    def when_available(self, call: Callable[[], object]) -> None:
        """Call ``call`` on the hub, once, when the journal can be written again; before this returns where it can."""
        self._commits.when_available(call)

    def create(self, session_id: str, user_id: str, title: str, now_ms: int, done: Done) -> SessionRecord:
        """Make an empty log under a new epoch, or return the record of the one that is there.

        Raises:
            JournalUnavailable: it can't be written now; ``done`` isn't called then.
        """
        record = self._layers.find(session_id)
        tail = self._commits.tails.get(session_id)
        if tail is not None and tail.created is not None and (record is None or record.epoch != tail.created.epoch):
            self._commits.after(session_id, done)
            return _empty(tail.created)
        if record is not None and (tail is None or tail.user_id is not None):
            done(None)
            return record
        if self._commits.problem is not None:
            raise JournalUnavailable(self._commits.problem)
        created = Created(session_id, user_id, title, f"{self._random.getrandbits(32):08x}", now_ms)
        self._commits.put(created, done)
        return _empty(created)

    def find(self, session_id: str) -> SessionRecord | None:
        """Return a session's record, or None.

        Raises:
            JournalUnavailable: it can't be read, here and in every look-up below.
        """
        return self._layers.find(session_id)

    def sessions(self, user_id: str) -> list[SessionRecord]:
        """Return a user's sessions, the one that changed last first."""
        return self._layers.sessions(user_id)

    def unfinished(self) -> list[tuple[str, str]]:
        """Return user id and session id of every session with a run that isn't over, found without reading logs."""
        return self._layers.unfinished()

    def delete(self, session_id: str, done: Done) -> None:
        """Forget a session, its log and its message ids, once that is committed."""
        self._commits.put(Deleted(session_id), done)

    def open(self, session_id: str) -> Opening | None:
        """Return a log for its next writer, or None where there is none.

        Blocks until every append of earlier writers is committed or has failed.
        """
        self._commits.wait(session_id)
        record = self._layers.find(session_id)
        return None if record is None else Opening(record, self._layers.unfinished_of(session_id))

    def append(self, session_id: str, batch: Batch, done: Done) -> None:
        """Write events whose seqs follow the last append's; where that fails, those behind it fail as well.

        The batch isn't empty. Until it is taken, more may be added to it: they are written with it.
        """
        try:
            standing = self._standing(session_id)
        except JournalUnavailable as unavailable:
            done(unavailable)
            return
        if standing is None or batch[0].event.seq != standing.head_seq + 1:
            done(JournalUnavailable(f"the entries don't follow the log of {session_id}"))
            return
        self._commits.put(Writing(session_id, standing.user_id, batch), done)

    def _standing(self, session_id: str) -> Standing | None:
        tail = self._commits.tails.get(session_id)
        if tail is None:
            return self._layers.standing(session_id)
        return None if tail.user_id is None else Standing(tail.user_id, tail.head_seq)

    def read(self, session_id: str, after: int, limit: int) -> list[bytes]:
        """Return up to ``limit`` committed frames with seqs above ``after``, oldest first, none left out.

        Raises:
            LogPruned: the one that is next isn't kept any more.
            JournalUnavailable: it can't be read.
        """
        return self._layers.read(session_id, after, limit)

    def claimed(self, user_id: str, client_msg_id: str) -> Claim | None:
        """Return what a user's message id was spent on, or None."""
        return self._claims.find(user_id, client_msg_id) or self._layers.claimed(user_id, client_msg_id)

    def claim(self, user_id: str, client_msg_id: str, session_id: str, run_id: str) -> None:
        """Spend a user's message id on a run; this is committed with the run's ``message_accepted``."""
        self._claims.spend(user_id, client_msg_id, session_id, run_id)

    def release_claims(self, session_id: str) -> None:
        """Take back the claims of a session whose messages never got on record: it lost them with its life."""
        self._claims.release(session_id)

    def session_of(self, run_id: str) -> str | None:
        """Return the session in whose log that run is unfinished, or None."""
        return self._layers.session_of(run_id)

    def _absorb(self, entries: Sequence[Entry]) -> None:
        self._layers.absorb(entries)
        self._claims.settle(entries)


def _empty(created: Created) -> SessionRecord:
    at = created.at
    return SessionRecord(created.session_id, created.user_id, created.title, created.epoch, at, at, 0, 1)
