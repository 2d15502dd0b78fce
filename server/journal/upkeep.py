"""The log's housekeeping in a running server: what is past its keep is dropped, a session at a time."""

from __future__ import annotations

import sqlite3
import time
from functools import partial
from typing import TYPE_CHECKING, Any

import gevent
import structlog

from server.journal.retention import prunable, prune, prune_message_ids

if TYPE_CHECKING:
    from collections.abc import Callable

    from server.journal.retention import Keep
    from server.journal.sqlite import SQLiteJournal

log = structlog.get_logger(__name__)


class Upkeep:
    """Prunes at the start, and then every so often. Each session is a job of its own, so that commits get through."""

    def __init__(self, journal: SQLiteJournal, keep: Keep, every: float, strike: Callable[[str], object]) -> None:
        """Wait for `start`; ``every`` is in seconds."""
        self._journal = journal
        self._keep = keep
        self._every = every
        self._strike = strike
        self._greenlet = gevent.Greenlet(self._run)

    def start(self) -> None:
        """Begin."""
        self._greenlet.start()

    def stop(self) -> None:
        """Leave the rest for another time; blocks until what is under way is over, for that is short."""
        self._greenlet.kill()

    def _run(self) -> None:
        while True:
            try:
                self._prune()
            except sqlite3.Error as error:  # A full disk, say: next time, then.
                log.warning("prune_failed", problem=str(error))
            except Exception:
                log.exception("prune_failed")
            gevent.sleep(self._every)

    def _prune(self) -> None:
        now_ms = time.time_ns() // 1_000_000
        terms: dict[str, Any] = {"keep": self._keep, "now_ms": now_ms}
        events = sessions = 0
        for session_id in self._journal.maintain(partial(prunable, **terms)):
            dropped = self._journal.maintain(partial(prune, session_id=session_id, strike=self._strike, **terms))
            if dropped is not None:
                sessions += 1
                events += dropped.events
        self._journal.maintain(partial(prune_message_ids, strike=self._strike, **terms))
        if sessions:
            log.info("pruned", sessions=sessions, events=events)
