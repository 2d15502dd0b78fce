"""The log on disk: when it is written, what moves when, and that it outlives its process."""

import sqlite3
import time

import gevent
import pytest

from actors.session.journal import Batch, JournalUnavailable
from server.journal import compaction
from tests.server.journal.logs import (
    SYNCS,
    HandClock,
    Told,
    accepted,
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


def test_what_is_appended_in_one_turn_is_one_row(open_journal, other):
    journal = open_journal(HandClock())
    for number in range(5):
        create(journal, f"s{number}")
    rows = count_rows(other, "commits")
    told = Told()
    for number in range(5):
        for seq in (1, 2):
            journal.append(f"s{number}", thoughts(seq, 1, f"s{number}"), told)
    assert told == []
    until(lambda: len(told) == 10)
    assert count_rows(other, "commits") == rows + 1


@pytest.mark.parametrize(("sync", "level"), [("normal", 1), ("full", 2)])
def test_commits_are_as_durable_as_was_asked_for(open_journal, sync, level):
    journal = open_journal(sync=sync)
    levels, told = [], Told()
    journal._committer.do(lambda c: levels.extend(c.execute("PRAGMA synchronous").fetchone()), told)
    until(lambda: told)
    assert levels == [level]


@SYNCS
def test_a_commit_that_takes_its_time_is_seen_as_lag_and_stalls_only_what_it_must(open_journal, sync):
    slow = []

    def strike(point):
        if slow:
            assert point == "Commit"
            time.sleep(0.1)

    journal = open_journal(sync=sync, strike=strike)
    create(journal)
    slow.append(True)
    told = Told()
    journal.append("s1", thoughts(1, 1), told)
    turns, lag = 0, 0.0
    while not told:
        gevent.sleep(0.001)
        turns += 1
        lag = max(lag, journal.lag)
    assert told == [None]
    assert journal.lag == 0.0
    if sync == "full":
        assert turns > 10
        assert lag > 0.01


def test_entries_move_into_the_tables_after_a_second(open_journal, other):
    clock = HandClock()
    journal = open_journal(clock)
    create(journal)
    append(journal, *thoughts(1, 3))
    assert clock.waiting == [1.0]
    assert count_rows(other, "segments") == 0
    clock.let_pass()
    until(moved(other))
    until(lambda: journal._layers.compacting is None)
    assert count_rows(other, "segments") == 1
    assert journal._layers.current.parts == {}
    assert clock.waiting == []
    assert journal.read("s1", 0, 10) == frames(thoughts(1, 3))
    assert append(journal, *thoughts(4, 2)) is None
    assert journal.read("s1", 2, 10) == frames(thoughts(3, 3))


def test_entries_move_at_once_when_they_are_many(open_journal, other, monkeypatch):
    monkeypatch.setattr(compaction, "MOST_BYTES", 1_000_000)
    journal = open_journal(HandClock())
    create(journal)
    for seq in range(1, 13):
        assert append(journal, *thoughts(seq, 1, words="x" * 100_000)) is None
    until(lambda: count_rows(other, "segments") >= 10)
    assert journal.read("s1", 0, 100) == frames(thoughts(1, 12, words="x" * 100_000))


def test_nothing_is_held_for_a_session_that_rests(open_journal):
    clock = HandClock()
    journal = open_journal(clock)
    create(journal)
    journal.claim("u1", "m1", "s1", "r1")
    append(journal, recorded(1, accepted()))
    clock.let_pass()
    until(lambda: journal._layers.compacting is None)
    assert (journal._layers.current.parts, journal._commits.tails) == ({}, {})
    assert (journal._claims._claims, journal._claims._by_session) == ({}, {})
    assert journal.claimed("u1", "m1").committed


@SYNCS
def test_a_closed_log_is_found_again(open_journal, other, sync):
    journal = open_journal(sync=sync)
    made = create(journal)
    told = Told()
    journal.append("s1", Batch([recorded(1, accepted()), *thoughts(2, 3)]), told)
    journal.close()
    assert told == [None]
    assert moved(other)()
    again = open_journal(sync=sync)
    assert again.find("s1") == made._replace(head_seq=4, updated_at=1004)
    assert again.read("s1", 0, 10) == frames(Batch([recorded(1, accepted()), *thoughts(2, 3)]))
    assert again.unfinished() == [("u1", "s1")]
    assert again.claimed("u1", "m1") == ("s1", "r1", True)
    assert append(again, *thoughts(5, 1)) is None


def test_a_closed_log_refuses(open_journal):
    journal = open_journal()
    create(journal)
    journal.close()
    assert "stopping" in str(append(journal, recorded(1)))
    with pytest.raises(JournalUnavailable):
        journal.create("s2", "u1", "", 1000, Told())


def test_a_close_in_the_middle_of_a_move_loses_nothing(open_journal, other, monkeypatch):
    monkeypatch.setattr(compaction, "MOST_BYTES", 5_000)
    journal = open_journal()
    create(journal)
    for seq in range(1, 40):
        append(journal, *thoughts(seq, 1, words="x" * 500))
    journal.close()
    assert moved(other)()
    assert open_journal().read("s1", 0, 100) == frames(thoughts(1, 39, words="x" * 500))


def test_a_close_that_cannot_write_ends_all_the_same(open_journal, other, monkeypatch):
    monkeypatch.setattr("server.journal.sqlite.CLOSE_SECONDS", 0.2)
    journal = open_journal()
    create(journal)
    other.execute("BEGIN IMMEDIATE")
    told = Told()
    journal.append("s1", thoughts(1, 1), told)
    with gevent.Timeout(5):
        journal.close()
    assert "stopping" in told.problem
    other.execute("ROLLBACK")


def test_commits_that_were_not_moved_are_found_at_the_next_start(path, open_journal, other):
    journal = open_journal(HandClock())
    create(journal)
    append(journal, recorded(1, accepted()), *thoughts(2, 3))
    assert count_rows(other, "commits") == 2
    for name in ("one.db", "two.db"):
        snapshot(path, path.with_name(name))
        with open_on(path.with_name(name)) as again:
            assert again._layers.current.parts == {}
            assert again.read("s1", 0, 10) == journal.read("s1", 0, 10)
            assert again.open("s1") == journal.open("s1")
            assert again.claimed("u1", "m1") == journal.claimed("u1", "m1")


def snapshot(path, copy):
    """Copy a database as it is on disk, without asking who writes it."""
    source, target = sqlite3.connect(path), sqlite3.connect(copy)
    source.backup(target)
    source.close()
    target.close()


def test_a_process_that_dies_when_a_move_is_done_and_not_heard_of_loses_nothing(path, open_journal, other):
    clock = HandClock()
    journal = open_journal(clock)
    create(journal)
    append(journal, *thoughts(1, 3))
    clock.let_pass()
    with gevent.Timeout(10):
        while not moved(other)():
            time.sleep(0.001)
    # The hub hasn't run since: it still reads from memory what lies in the tables as well.
    assert journal._layers.compacting.parts
    assert journal.read("s1", 0, 10) == frames(thoughts(1, 3))
    assert journal.sessions("u1") == [journal.find("s1")]
    copy = path.with_name("copy.db")
    snapshot(path, copy)
    with open_on(copy) as again:
        assert again.read("s1", 0, 10) == frames(thoughts(1, 3))
    assert append(journal, *thoughts(4, 1)) is None
    assert journal.read("s1", 0, 10) == frames(thoughts(1, 4))
