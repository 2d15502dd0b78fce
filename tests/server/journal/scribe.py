"""A process that appends to logs until it is killed, and says on standard output what it was told is on record."""

from gevent import monkey

monkey.patch_all()

import sys  # noqa: E402 - after the patch, as in the server
from pathlib import Path  # noqa: E402

import gevent  # noqa: E402

sys.path.insert(0, str(Path(__file__).parents[3]))

from actors.runtime.dispatcher import HubClock  # noqa: E402
from actors.session.journal import Batch  # noqa: E402
from server.journal import compaction  # noqa: E402
from server.journal.sqlite import SQLiteJournal  # noqa: E402
from tests.server.journal.logs import accepted, recorded, thought  # noqa: E402

SESSIONS = 5
WORDS = "x" * 500


def main(path, sync):
    # So that many a kill falls into a move.
    compaction.MOST_BYTES = 20_000
    compaction.LONGEST_STAY = 0.01
    journal = SQLiteJournal(Path(path), HubClock(), sync=sync)
    for number in range(SESSIONS):
        gevent.spawn(write, journal, f"s{number}")
    gevent.get_hub().join()


def write(journal, session_id):
    journal.create(session_id, "u1", "", 1000, lambda _: None)
    seq = journal.open(session_id).record.head_seq
    while True:
        run_id = f"{session_id}.{seq + 1}"
        batch = [recorded(seq + 1, accepted(run_id), run_id, session_id)]
        batch += [recorded(seq + 2 + more, thought(WORDS), run_id, session_id) for more in range(seq % 4)]
        seq += len(batch)
        journal.append(session_id, Batch(batch), lambda error, seq=seq: say(session_id, seq, error))
        if seq % 3:
            journal.open(session_id)


def say(session_id, seq, error):
    sys.stdout.write(f"{session_id} {seq} {error}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(*sys.argv[1:])
