"""How much of the logs is past its keep, and the dropping of it: whole segments, in transactions that are short."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Iterable, Iterator

    Strike = Callable[[str], object]
    """Called with the name of a point at which a fault may be injected."""

DAY_MS = 86_400_000
SLICE = 100
"""How many segments, or message ids times ten, go in one transaction: a server's commits wait for it."""


class Keep(NamedTuple):
    """What is kept: events of so many days, and so many a session; what fails either goes."""

    days: float
    events: int

    def horizon(self, now_ms: int) -> int:
        """Return the time before which everything is too old, in ms since 1970 UTC."""
        return now_ms - round(self.days * DAY_MS)

    def ids_horizon(self, now_ms: int) -> int:
        """Return the time before which message ids are too old: the protocol promises a day."""
        return now_ms - max(DAY_MS, round(self.days * DAY_MS))


class Span(NamedTuple):
    """Where a segment lies in its log, and when its last event was; ms since 1970 UTC."""

    first_seq: int
    last_seq: int
    updated_at: int


class Dropped(NamedTuple):
    """What a prune drops of one session: so many events, the oldest ones, up to ``first_seq``, which is kept."""

    session_id: str
    events: int
    first_seq: int


def nothing(_point: str) -> None:
    """Inject no fault."""


def past_keep(
    spans: Iterable[Span], head_seq: int, unfinished: Iterable[int], keep: Keep, now_ms: int
) -> Iterator[Span]:
    """Yield the segments that may go, the oldest first: none at or past the beginning of a run that isn't over.

    Args:
        spans: the log's segments, the oldest first.
        head_seq: the log's last seq.
        unfinished: the seqs of the ``message_accepted`` of the runs that aren't over.
        keep: what is kept.
        now_ms: the time.
    """
    open_from = min(unfinished, default=head_seq + 1)
    for span in spans:
        too_many = span.last_seq <= head_seq - keep.events
        too_old = span.updated_at < keep.horizon(now_ms)
        if span.last_seq >= open_from or not (too_many or too_old):
            return
        yield span


def prunable(connection: sqlite3.Connection, keep: Keep, now_ms: int) -> list[str]:
    """Return the sessions whose oldest segment is past its keep; blocks on the disk.

    A run that isn't over may yet keep it.
    """
    oldest = """
        SELECT session_id FROM sessions WHERE EXISTS (
            SELECT 1 FROM segments
            WHERE segments.session_id = sessions.session_id
            AND last_seq = (SELECT min(last_seq) FROM segments WHERE segments.session_id = sessions.session_id)
            AND (last_seq <= head_seq - ? OR segments.updated_at < ?)
        )
    """
    return [session_id for (session_id,) in connection.execute(oldest, (keep.events, keep.horizon(now_ms)))]


def prospect(connection: sqlite3.Connection, session_id: str, keep: Keep, now_ms: int) -> Dropped | None:
    """Tell what a prune would drop of a session, None where that is nothing; blocks on the disk."""
    return _dropped(session_id, list(_past_keep(connection, session_id, keep, now_ms)))


def prune(
    connection: sqlite3.Connection, session_id: str, keep: Keep, now_ms: int, strike: Strike = nothing
) -> Dropped | None:
    """Drop what is past its keep of a session; tell what that was, None where it is nothing.

    Blocks on the disk and for its turn to write, in a transaction for each slice. ``strike`` is called with "Prune"
    inside each of them.
    """
    spans: list[Span] = []
    while more := _prune_slice(connection, session_id, keep, now_ms, strike):
        spans += more
    return _dropped(session_id, spans)


def prune_message_ids(connection: sqlite3.Connection, keep: Keep, now_ms: int, strike: Strike = nothing) -> int:
    """Forget the message ids that are past their keep, and return how many; blocks as `prune`."""
    old = aged_message_ids(connection, keep, now_ms)
    for begin in range(0, len(old), 10 * SLICE):
        with connection:
            connection.execute("BEGIN IMMEDIATE")
            strike("Prune")
            connection.executemany(
                # What has been spent anew since it was looked up is young again.
                "DELETE FROM message_ids WHERE user_id = ? AND client_msg_id = ? AND run_id = ?",
                old[begin : begin + 10 * SLICE],
            )
    return len(old)


def aged_message_ids(connection: sqlite3.Connection, keep: Keep, now_ms: int) -> list[tuple[str, str, str]]:
    """Return user, message id and run of those that are past their keep, unless the run isn't over yet."""
    return connection.execute(
        "SELECT user_id, client_msg_id, run_id FROM message_ids "
        "WHERE at < ? AND run_id NOT IN (SELECT run_id FROM runs)",
        (keep.ids_horizon(now_ms),),
    ).fetchall()


def _prune_slice(
    connection: sqlite3.Connection, session_id: str, keep: Keep, now_ms: int, strike: Strike
) -> list[Span]:
    with connection:
        connection.execute("BEGIN IMMEDIATE")
        spans = list(islice(_past_keep(connection, session_id, keep, now_ms), SLICE))
        if spans:
            last = spans[-1].last_seq
            connection.execute("DELETE FROM segments WHERE session_id = ? AND last_seq <= ?", (session_id, last))
            connection.execute("UPDATE sessions SET first_seq = ? WHERE session_id = ?", (last + 1, session_id))
            strike("Prune")
        return spans


def _past_keep(connection: sqlite3.Connection, session_id: str, keep: Keep, now_ms: int) -> Iterator[Span]:
    """Decide by the tables as they are now: what isn't in them yet is newer than all of it, and is never dropped."""
    found = connection.execute("SELECT head_seq FROM sessions WHERE session_id = ?", (session_id,)).fetchone()
    head_seq = 0 if found is None else found[0]
    begun = connection.execute("SELECT seq FROM runs WHERE session_id = ?", (session_id,)).fetchall()
    spans = connection.execute(
        "SELECT first_seq, last_seq, updated_at FROM segments WHERE session_id = ? ORDER BY last_seq", (session_id,)
    )
    return past_keep(map(Span._make, spans), head_seq, [seq for (seq,) in begun], keep, now_ms)


def _dropped(session_id: str, spans: list[Span]) -> Dropped | None:
    if not spans:
        return None
    return Dropped(session_id, spans[-1].last_seq - spans[0].first_seq + 1, spans[-1].last_seq + 1)
