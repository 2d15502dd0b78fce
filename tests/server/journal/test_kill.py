"""A process that is killed in the middle of everything: what it was told is on record is there, and whole."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from actors.session import events
from tests.server.journal.logs import SYNCS

SCRIPT = Path(__file__).with_name("scribe.py")


@pytest.mark.parametrize("round_", range(3))
@SYNCS
def test_what_a_killed_process_was_told_is_on_record(path, open_journal, sync, round_):
    told = {}
    for life in range(2):
        with subprocess.Popen([sys.executable, SCRIPT, path, sync], stdout=subprocess.PIPE, text=True) as process:
            for _ in range(100 + 37 * round_ + 11 * life):
                line = process.stdout.readline()
                session_id, seq, error = line.split()
                assert error == "None"
                told[session_id] = int(seq)
            os.kill(process.pid, signal.SIGKILL)
            # What it still managed to say counts as well; the last line may be half of one.
            for line in process.stdout.read().splitlines()[:-1]:
                session_id, seq, _ = line.split()
                told[session_id] = int(seq)
    journal = open_journal()
    assert len(told) == 5
    for session_id, seq in told.items():
        record = journal.find(session_id)
        assert record.head_seq >= seq
        log = [events.decode(frame) for frame in journal.read(session_id, 0, 100_000)]
        assert [event.seq for event in log] == list(range(1, record.head_seq + 1))
        runs = {event.run_id: event.seq for event in log if event.type == "message_accepted"}
        assert journal.open(session_id).unfinished == runs
        for run_id in runs:
            assert journal.claimed("u1", run_id) == (session_id, run_id, True)
            assert journal.session_of(run_id) == session_id
    assert sorted(journal.unfinished()) == sorted(("u1", session_id) for session_id in told)
