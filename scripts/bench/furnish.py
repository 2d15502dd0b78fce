"""Furnishes a data directory before a server starts on it: the account of the load, and as many sessions as it wants.

    python -m scripts.bench.furnish DATA_DIR SESSIONS [EVENTS]

Each session's log is as long as that many events. They are written by the project's own journal.
"""

import sys
import time
from collections.abc import Iterator
from itertools import count, islice
from pathlib import Path

from actors.runtime.dispatcher import HubClock
from actors.runtime.future import Future
from actors.session.events import (
    AgentCompleted,
    AgentStarted,
    AgentThinking,
    Data,
    MessageAccepted,
    Recorded,
    ToolCompleted,
    ToolExecuting,
    encode,
    event,
)
from actors.session.journal import Batch
from scripts.bench.names import PASSWORD, TEXT, USERNAME, session_id
from server.identity.accounts import Accounts
from server.journal.sqlite import SQLiteJournal
from server.storage.database import FILE_NAME, open_database

AT_ONCE = 1000
"""How many entries are put before their commit is waited for."""
COMMIT_SECONDS = 60.0


def furnish(data_dir: Path, sessions: int, events: int = 0) -> None:
    """Make the account and its sessions, each with a log of so many events; blocks on the disk."""
    data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    database = open_database(data_dir)
    user_id = Accounts(database).add(USERNAME, PASSWORD).user_id
    database.close()
    journal = SQLiteJournal(data_dir / FILE_NAME, HubClock())
    for number in range(sessions):
        done: Future[None] = Future()
        journal.create(session_id(number), user_id, "", _now_ms(), done.settle)
        entries = list(islice(_log(session_id(number)), events))
        for begin in range(0, events, AT_ONCE):
            done = Future()
            journal.append(session_id(number), Batch(entries[begin : begin + AT_ONCE]), done.settle)
        if events or number % AT_ONCE == AT_ONCE - 1 or number == sessions - 1:
            done.get(timeout=COMMIT_SECONDS)
    journal.close()


def _log(session: str) -> Iterator[Recorded]:
    """Yield the entries of run after run."""
    seqs = count(1)
    for number in count(1):
        run_id, call_id = f"r_{number:016x}", f"tc_{number:016x}"
        turn: tuple[Data, ...] = (
            MessageAccepted(TEXT, None, "bench", 0),
            AgentStarted("bench", 1, 0, 120_000),
            AgentThinking(1, "Looking it up"),
            ToolExecuting(call_id, "echo", {"value": TEXT}, 1),
            ToolCompleted.succeeded(call_id, "echo", 0, TEXT, truncated=False),
            AgentCompleted("success", TEXT, 1, 1),
        )
        for data in turn:
            entry = event(session, run_id, next(seqs), _now_ms(), data)
            yield Recorded(entry, encode(entry))


def _now_ms() -> int:
    return time.time_ns() // 1_000_000


if __name__ == "__main__":
    furnish(Path(sys.argv[1]), *map(int, sys.argv[2:]))
