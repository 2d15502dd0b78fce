"""Others who write to the log's file, and disks that fail: what is wrong is said, and it goes on by itself."""

import os
import subprocess
import time
from contextlib import closing, contextmanager

import gevent
import pytest

from actors.session.journal import JournalUnavailable
from server.errors import DatabaseUnusable
from server.journal import committing, compaction
from server.journal.sqlite import SQLiteJournal
from server.storage.database import connect
from tests.server.journal.logs import (
    SYNCS,
    HandClock,
    Told,
    append,
    count_rows,
    create,
    frames,
    moved,
    open_on,
    recorded,
    thoughts,
    until,
)


@SYNCS
def test_a_commit_waits_for_another_writer(open_journal, other, sync):
    journal = open_journal(sync=sync)
    create(journal)
    other.execute("BEGIN IMMEDIATE")
    told = Told()
    journal.append("s1", thoughts(1, 1), told)
    gevent.sleep(0.3)
    assert told == []
    assert journal.available
    assert journal.lag > 0.1
    other.execute("ROLLBACK")
    until(lambda: told)
    assert told == [None]


@SYNCS
def test_another_writer_who_does_not_end_makes_it_unavailable_and_his_end_available(open_journal, other, sync):
    journal = open_journal(sync=sync, patience=0.2)
    create(journal)
    append(journal, recorded(1))
    other.execute("BEGIN IMMEDIATE")
    problem = append(journal, recorded(2))
    assert isinstance(problem, JournalUnavailable)
    assert "locked by another program" in str(problem)
    assert not journal.available
    assert journal.problem == str(problem)
    assert isinstance(append(journal, recorded(2)), JournalUnavailable)
    with pytest.raises(JournalUnavailable):
        journal.create("s2", "u1", "", 1000, Told())
    assert journal.create("s1", "u1", "", 1000, Told()) == journal.find("s1")
    assert journal.read("s1", 0, 10) == frames(thoughts(1, 1))
    called = Told()
    journal.when_available(lambda: called(None))
    other.execute("ROLLBACK")
    until(lambda: called)
    assert journal.available
    assert append(journal, recorded(2)) is None
    assert journal.read("s1", 0, 10) == frames(thoughts(1, 2))


def holding(seconds):
    """Make a job that writes for as long as a disk that stalls would have it."""

    def job(connection):
        with connection:
            connection.execute("BEGIN IMMEDIATE")
            time.sleep(seconds)

    return job


@SYNCS
def test_what_our_own_compaction_waits_for_the_disk_is_not_another_writers_fault(open_journal, sync):
    journal = open_journal(sync=sync, patience=0.2)
    create(journal)
    compacting = gevent.spawn(journal.maintain, holding(1.0))
    gevent.sleep(0.1)
    assert append(journal, recorded(1)) is None
    assert journal.available
    compacting.get()


@SYNCS
def test_a_disk_that_stalls_for_too_long_is_said_to(open_journal, monkeypatch, sync):
    monkeypatch.setattr(committing, "STALLED", 0.3)
    journal = open_journal(sync=sync)
    create(journal)
    compacting = gevent.spawn(journal.maintain, holding(1.0))
    gevent.sleep(0.1)
    problem = append(journal, recorded(1))
    assert isinstance(problem, JournalUnavailable)
    assert "stalls" in str(problem)
    compacting.get()
    until(lambda: journal.available)
    assert append(journal, recorded(1)) is None


@contextmanager
def small_disk(folder, size="2m"):
    if os.geteuid() != 0:
        pytest.skip("only root may mount a disk of two MiB")
    folder.mkdir()
    mount = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", folder], capture_output=True, check=False
    )
    if mount.returncode != 0:
        pytest.skip("a disk of two MiB can't be mounted here")
    try:
        yield folder
    finally:
        subprocess.run(["umount", folder], check=True)


def fill_up(disk):
    """Take all the room there is, and return what takes it."""
    filler = disk / "filler"
    with filler.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(b"x" * 4096)
        except OSError:
            return filler


@SYNCS
def test_a_full_disk_is_said_to_be_full_and_works_again_when_there_is_room(tmp_path, sync):
    with small_disk(tmp_path / "disk") as disk, open_on(disk / "greenroom.db", sync=sync) as journal:
        create(journal)
        append(journal, *thoughts(1, 3))
        filler = fill_up(disk)
        problem, seq = None, 3
        while problem is None:
            seq += 1
            problem = append(journal, *thoughts(seq, 1, words="x" * 5000))
        assert str(problem).startswith(f"the disk of {disk / 'greenroom.db'} is full: make room")
        assert not journal.available
        assert len(journal.read("s1", 0, 100)) == journal.find("s1").head_seq == seq - 1
        gevent.sleep(1.2)
        filler.unlink()
        until(lambda: journal.available)
        assert append(journal, *thoughts(seq, 1, words="x" * 5000)) is None
        until(lambda: not journal._layers.current.parts and journal._layers.compacting is None)
        assert len(journal.read("s1", 0, 100)) == seq


def test_a_server_starts_though_the_disk_is_full_and_shows_what_is_there(tmp_path):
    with small_disk(tmp_path / "disk") as disk, closing(connect(disk / "greenroom.db")) as other:
        with open_on(disk / "greenroom.db") as journal:
            create(journal)
            append(journal, *thoughts(1, 3))
            other.execute("CREATE TRIGGER no BEFORE INSERT ON segments BEGIN SELECT RAISE(ABORT, 'no'); END")
        filler = fill_up(disk)
        with open_on(disk / "greenroom.db") as journal:
            assert journal.read("s1", 0, 10) == frames(thoughts(1, 3))
            assert append(journal, *thoughts(4, 20, words="x" * 5000)) is not None
            filler.unlink()
            other.execute("DROP TRIGGER no")
            until(lambda: journal.available)
            until(moved(other))
            assert journal.read("s1", 0, 10) == frames(thoughts(1, 3))


def test_entries_that_cannot_be_moved_are_read_from_memory_until_they_can(open_journal, other):
    clock = HandClock()
    journal = open_journal(clock)
    other.execute("CREATE TRIGGER no BEFORE INSERT ON segments BEGIN SELECT RAISE(ABORT, 'no'); END")
    create(journal)
    append(journal, *thoughts(1, 3))
    for seq in (4, 5):
        clock.let_pass()
        until(lambda: clock.waiting)
        assert append(journal, *thoughts(seq, 1)) is None
        assert journal.read("s1", 0, 10) == frames(thoughts(1, seq))
    assert journal.available
    other.execute("DROP TRIGGER no")
    clock.let_pass()
    until(lambda: journal._layers.compacting is None)
    clock.let_pass()
    until(moved(other))
    assert journal.read("s1", 0, 10) == frames(thoughts(1, 5))
    # What failed and what came meanwhile moved one after another.
    assert [row[0] for row in other.execute("SELECT last_seq FROM segments")] == [3, 5]


@SYNCS
def test_a_fault_in_a_commit_makes_it_fail_and_nothing_of_it_stays(open_journal, other, sync):
    faults = []

    def strike(point):
        if faults:
            raise RuntimeError(f"{point} struck")

    clock = HandClock()
    journal = open_journal(clock, sync=sync, strike=strike)
    create(journal)
    before = count_rows(other, "commits")
    faults.append(True)
    assert "Commit struck" in str(append(journal, recorded(1)))
    assert count_rows(other, "commits") == before
    assert not journal.available
    faults.clear()
    clock.let_pass()
    until(lambda: journal.available)
    assert append(journal, recorded(1)) is None


def test_a_log_that_another_process_wrote_is_not_written_over(open_journal, other):
    journal = open_journal(HandClock())
    create(journal)
    other.execute("INSERT INTO commits VALUES (2, x'90')")
    assert "UNIQUE" in str(append(journal, recorded(1)))
    assert journal.read("s1", 0, 10) == []


def test_a_log_may_be_read_while_it_is_written_and_holds_nobody_up(open_journal, other, path, monkeypatch):
    monkeypatch.setattr(compaction, "MOST_WAL_BYTES", 100_000)
    clock = HandClock()
    journal = open_journal(clock)
    create(journal)
    other.execute("BEGIN")
    assert count_rows(other, "segments") == 0
    wal = path.with_name("greenroom.db-wal")
    longest = 0.0
    for seq in range(1, 40):
        began = time.monotonic()
        assert append(journal, *thoughts(seq, 1, words="x" * 10_000)) is None
        longest = max(longest, time.monotonic() - began)
        if seq % 10 == 0:
            clock.let_pass()
    assert longest < 1
    assert wal.stat().st_size > 400_000
    other.execute("COMMIT")
    clock.let_pass()
    until(lambda: wal.stat().st_size < 100_000)
    assert append(journal, *thoughts(40, 1)) is None
    assert len(journal.read("s1", 0, 100)) == 40


@pytest.mark.parametrize("damage", [b"no database at all" * 1000, b""])
def test_a_file_that_is_no_log_is_refused(tmp_path, damage):
    path = tmp_path / "greenroom.db"
    path.write_bytes(damage)
    with pytest.raises(DatabaseUnusable, match=str(path)):
        SQLiteJournal(path, HandClock())


def test_a_damaged_commit_is_refused_at_the_start(path, other):
    other.execute("INSERT INTO commits VALUES (3, x'c1')")
    with pytest.raises(DatabaseUnusable, match="commit 3"):
        SQLiteJournal(path, HandClock())
