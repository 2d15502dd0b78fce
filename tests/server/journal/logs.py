"""Logs to write: events by seq, and what became of their appends."""

from contextlib import contextmanager

import gevent
import pytest

from actors.runtime.dispatcher import HubClock
from actors.session.events import AgentCompleted, AgentStarted, AgentThinking, MessageAccepted, Recorded, encode, event
from actors.session.journal import Batch
from server.journal.sqlite import SQLiteJournal
from server.storage.database import connect

SYNCS = pytest.mark.parametrize("sync", ["normal", "full"])
STARTED = AgentStarted("librarian", 1, 0, 0)
COMPLETED = AgentCompleted("success", "x", 1, 1)


def accepted(client_msg_id="m1"):
    return MessageAccepted("hi", client_msg_id, "librarian", 0)


def thought(words="hm"):
    return AgentThinking(1, words)


def recorded(seq, data=None, run_id="r1", session_id="s1"):
    entry = event(session_id, run_id, seq, 1000 + seq, data or thought())
    return Recorded(entry, encode(entry))


def thoughts(first_seq, count, session_id="s1", words="hm"):
    return Batch(recorded(seq, thought(words), session_id=session_id) for seq in range(first_seq, first_seq + count))


def frames(entries):
    return [entry.frame for entry in entries]


class LongPause:
    """A call that waits for the test."""

    def __init__(self, seconds, call):
        self.seconds = seconds
        self.call = call

    def cancel(self):
        self.call = None


class HandClock(HubClock):
    """The hub's time, but that what is due in half a second or later comes when the test lets it."""

    def __init__(self):
        self._pauses = []

    def call_later(self, seconds, call):
        if seconds < 0.5:
            return super().call_later(seconds, call)
        pause = LongPause(seconds, call)
        self._pauses.append(pause)
        return pause

    @property
    def waiting(self):
        """How many seconds each call that waits was to wait."""
        return [pause.seconds for pause in self._pauses if pause.call is not None]

    def let_pass(self):
        """Let all that waits come."""
        pauses, self._pauses = self._pauses, []
        for pause in pauses:
            if pause.call is not None:
                pause.call()


class Told(list):
    """A callback that keeps what it is told."""

    def __call__(self, error):
        self.append(error)

    @property
    def problem(self):
        """The one failure that it was told."""
        (error,) = self
        return str(error)


def until(condition, seconds=10):
    """Block until the condition holds; what is waited for comes from a thread, or from another process."""
    with gevent.Timeout(seconds):
        while not (found := condition()):
            gevent.sleep(0.001)
    return found


def append(journal, *entries, session_id="s1"):
    """Append, wait until that is decided, and return the failure or None."""
    told = Told()
    journal.append(session_id, Batch(entries), told)
    until(lambda: told)
    (error,) = told
    return error


def create(journal, session_id="s1", user_id="u1", title="A title", now_ms=1000):
    """Make a log and return its record, committed."""
    told = Told()
    record = journal.create(session_id, user_id, title, now_ms, told)
    until(lambda: told)
    assert told == [None]
    return record


def delete(journal, session_id="s1"):
    """Delete a session, committed."""
    told = Told()
    journal.delete(session_id, told)
    until(lambda: told)
    assert told == [None]


def count_rows(connection, table):
    return connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0]


def moved(connection):
    """Return what tells whether everything that was committed is in the tables."""
    return lambda: not count_rows(connection, "commits")


@contextmanager
def open_on(path, **options):
    """Open the log in any file, made where it is missing, on the hub's time."""
    connect(path).close()
    journal = SQLiteJournal(path, HubClock(), **options)
    try:
        yield journal
    finally:
        journal.close()
