"""When the memtable moves into the tables, and the write-ahead log into the file: in a thread, beside the commits."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import structlog

from server.journal.archive import compact
from server.storage.diagnosis import diagnosis

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable

    from actors.runtime.clock import Clock, Timer
    from server.journal.layers import Layers
    from server.journal.workers import Thread

log = structlog.get_logger(__name__)

MOST_BYTES = 4 * 1024 * 1024
"""Of a memtable, before it moves at once: about what a busy server writes in half a second. The fewer moves, the less
there is to do for each event: sessions have fewer and longer segments, and pages are copied less often."""

LONGEST_STAY = 1.0
"""How many seconds an entry is in the memtable at least, and not much longer; also the pause before a second try."""

MOST_WAL_BYTES = 16 * 1024 * 1024
"""Of the write-ahead log, before writers are held up for it to begin anew."""

HELD_UP_MS = 20
"""How long a reader that doesn't move may hold up writers through that."""


class Compactor:
    """Moves one memtable at a time. What can't be moved stays, is read from memory, and is tried again."""

    def __init__(self, layers: Layers, thread: Thread, clock: Clock, path: Path, number: Callable[[], int]) -> None:
        """Have nothing to move; ``number`` tells the last commit that is in the layers."""
        self._layers = layers
        self._thread = thread
        self._clock = clock
        self._path = path
        self._last_number = number
        self._number = 0
        self._moving = False
        self._stopped = False
        self._timer: Timer | None = None

    def note(self) -> None:
        """Take notice that something was committed."""
        if self._moving or self._stopped:
            return
        if self._layers.current.size > MOST_BYTES and self._layers.compacting is None:
            self._start()
        elif self._timer is None:
            self._timer = self._clock.call_later(LONGEST_STAY, self._start)

    def freeze(self) -> Callable[[sqlite3.Connection], None]:
        """Take a memtable that is to move, the one that failed to first, and return the job that moves it."""
        if self._layers.compacting is None:
            self._layers.freeze()
            self._number = self._last_number()
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
        if self._stopped:
            return
        if error is not None:
            log.warning("compaction_failed", problem=diagnosis(error, self._path))
            self._timer = self._clock.call_later(LONGEST_STAY, self._start)
            return
        self._layers.drop()
        self._thread.do(partial(checkpoint, path=self._path), self._checked)
        if self._last_number() > self._number:
            self.note()

    def _checked(self, error: Exception | None) -> None:
        if error is not None:
            log.warning("checkpoint_failed", problem=diagnosis(error, self._path))

    def _cancel(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


def checkpoint(connection: sqlite3.Connection, path: Path) -> None:
    """Copy the write-ahead log into the file, and begin it anew where it has grown long; blocks on the disk.

    Raises:
        sqlite3.Error: it can't be done now; nothing is lost.
    """
    _, frames, copied = connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
    if Path(f"{path}-wal").stat().st_size > MOST_WAL_BYTES:
        frames, copied = _truncate(connection)
    if frames == copied:
        _begin_anew(connection)


def _truncate(connection: sqlite3.Connection) -> tuple[int, int]:
    # Writers wait until the last reader has moved on: not for as long as other statements may take.
    (patience,) = connection.execute("PRAGMA busy_timeout").fetchone()
    connection.execute(f"PRAGMA busy_timeout = {HELD_UP_MS}").fetchone()
    _, frames, copied = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    connection.execute(f"PRAGMA busy_timeout = {patience}").fetchone()
    return frames, copied


def _begin_anew(connection: sqlite3.Connection) -> None:
    """Write something, so that it isn't the hub who writes first after a checkpoint: that one waits for the disk."""
    with connection:
        connection.execute("BEGIN IMMEDIATE")
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        connection.execute(f"PRAGMA user_version = {version}")
