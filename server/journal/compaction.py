"""When the memtable moves into the tables, and the write-ahead log into the file: in a thread, beside the commits."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import structlog

from server.diagnosis import diagnosis
from server.journal.moving import compact

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable
    from pathlib import Path

    from actors.runtime.clock import Clock, Timer
    from server.journal.committing import CommitTable
    from server.journal.layers import Layers
    from server.journal.workers import Thread

log = structlog.get_logger(__name__)

MOST_BYTES = 256 * 1024
"""Of a memtable, before it moves at once: commits wait for the move, 2 ms for so much."""

MOST_BYTES_BESIDES = 2 * 1024
"""For each session in it: with less, many sessions would move in many pieces, each of which costs 20 µs."""

CHECKPOINT_SECONDS = 1.0
"""Between checkpoints, at least: each waits for the disk, twice."""

LONGEST_STAY = 1.0
"""How many seconds an entry is in the memtable at least, and not much longer; also the pause before a second try."""

MOST_WAL_FRAMES = 4096
"""In the write-ahead log, 4 KiB each, before writers are held up for it to begin anew."""

APPLICATION_ID = 0x47524F4D
"""What marks the file as ours, for tools that ask."""

HELD_UP_MS = 20
"""How long a reader that doesn't move may hold up writers through that."""


class Compactor:
    """Moves one memtable at a time. What can't be moved stays, is read from memory, and is tried again."""

    def __init__(self, layers: Layers, thread: Thread, clock: Clock, path: Path, table: CommitTable) -> None:
        """Have nothing to move; what ``layers`` hold are the commits up to the last one of ``table``."""
        self._layers = layers
        self._thread = thread
        self._clock = clock
        self._path = path
        self._table = table
        self._number = 0
        self._moving = False
        self._stopped = False
        self._checkpoint_from = clock.monotonic()
        self._timer: Timer | None = None

    def note(self) -> None:
        """Take notice that something was committed."""
        if self._moving or self._stopped:
            return
        if self._is_full() and self._layers.compacting is None:
            self._start()
        elif self._timer is None:
            self._timer = self._clock.call_later(LONGEST_STAY, self._start)

    def _is_full(self) -> bool:
        current = self._layers.current
        return current.size > MOST_BYTES + MOST_BYTES_BESIDES * len(current.parts)

    def freeze(self) -> Callable[[sqlite3.Connection], None]:
        """Take a memtable that is to move, the one that failed to first, and return the job that moves it."""
        if self._layers.compacting is None:
            self._layers.freeze()
            self._number = self._table.number
        assert self._layers.compacting is not None
        return partial(compact, memtable=self._layers.compacting, number=self._number)

    def stop(self) -> None:
        """Begin nothing any more."""
        self._cancel()
        self._stopped = True

    def _start(self) -> None:
        self._cancel()
        self._moving = True
        self._thread.do(self.freeze(), self._moved)

    def _moved(self, error: Exception | None) -> None:
        self._moving = False
        self._table.try_again()
        if self._stopped:
            return
        if error is not None:
            log.warning("compaction_failed", problem=diagnosis(error, self._path))
            self._timer = self._clock.call_later(LONGEST_STAY, self._start)
            return
        self._layers.drop()
        self._checkpoint()
        if self._table.number > self._number:
            self.note()

    def _checkpoint(self) -> None:
        now = self._clock.monotonic()
        if now >= self._checkpoint_from:
            self._checkpoint_from = now + CHECKPOINT_SECONDS
            self._thread.do(checkpoint, self._checked)

    def _checked(self, error: Exception | None) -> None:
        self._table.try_again()
        if error is not None:
            log.warning("checkpoint_failed", problem=diagnosis(error, self._path))

    def _cancel(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


def checkpoint(connection: sqlite3.Connection) -> None:
    """Copy the write-ahead log into the file, and begin it anew where it has grown long; blocks on the disk.

    Raises:
        sqlite3.Error: it can't be done now; nothing is lost.
    """
    frames, copied = _copy(connection, "PASSIVE")
    if frames > MOST_WAL_FRAMES:
        frames, copied = _copy_all(connection)
    if frames == copied:
        _begin_anew(connection)


def _copy(connection: sqlite3.Connection, mode: str) -> tuple[int, int]:
    """Copy what can be copied; return how many frames there are, and how many of them are in the file."""
    _, frames, copied = connection.execute(f"PRAGMA wal_checkpoint({mode})").fetchone()
    return frames, copied


def _copy_all(connection: sqlite3.Connection) -> tuple[int, int]:
    # What was written during the first copy is copied now, so that little is left to do while writers are held up.
    _copy(connection, "PASSIVE")
    # They are until the last reader has moved on: not for as long as other statements may take.
    (patience,) = connection.execute("PRAGMA busy_timeout").fetchone()
    connection.execute(f"PRAGMA busy_timeout = {HELD_UP_MS}").fetchone()
    # Not TRUNCATE: to give the room back takes longer than all the rest.
    counted = _copy(connection, "RESTART")
    connection.execute(f"PRAGMA busy_timeout = {patience}").fetchone()
    return counted


def _begin_anew(connection: sqlite3.Connection) -> None:
    """Write something, so that it isn't the hub who writes first after a checkpoint: that one waits for the disk."""
    connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
