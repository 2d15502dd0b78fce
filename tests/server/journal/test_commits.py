"""Group commit: who waits for what, in which order, and what becomes of it when the disk fails."""

import gevent
import pytest
import structlog

from actors.runtime.errors import AskTimeout
from actors.session.journal import Batch, JournalUnavailable
from actors.testing.clock import ManualClock
from server.journal.commits import AtOnce, GroupCommit
from server.journal.entries import Created, Deleted, Writing
from tests.server.journal.logs import Told, recorded, thoughts


class Pen:
    """A sink that commits when it is told to."""

    def __init__(self):
        self.commits = []
        self.broken = False

    def commit(self, entries, done):
        if self.broken:
            raise ZeroDivisionError("the pen broke")
        self.commits.append(list(entries))
        self.done = done

    def fail(self, problem="no ink"):
        self.done(JournalUnavailable(problem))


class Desk:
    """A group commit, its pen and its clock, and everything that it has committed."""

    def __init__(self):
        self.pen = Pen()
        self.clock = ManualClock()
        self.committed = []
        self.group = GroupCommit(self.pen, self.clock, self.committed.extend, AtOnce())

    def put(self, number, session_id="s1"):
        told = Told()
        self.group.put(Writing(session_id, "u1", thoughts(number, 1, session_id)), told)
        return told

    def numbers(self):
        return [[entry.first_seq for entry in entries] for entries in self.pen.commits]


@pytest.fixture
def desk():
    return Desk()


def test_what_is_put_during_a_commit_goes_into_the_next_one(desk):
    told = [desk.put(number) for number in (1, 2, 3)]
    assert desk.numbers() == [[1]]
    desk.pen.done(None)
    assert told == [[None], [], []]
    assert desk.numbers() == [[1], [2, 3]]
    desk.pen.done(None)
    assert told == [[None]] * 3
    assert [entry.first_seq for entry in desk.committed] == [1, 2, 3]


def test_nobody_is_told_before_the_whole_commit_can_be_read(desk):
    seen = []
    desk.put(1)
    for number in (2, 3):
        entry = Writing("s1", "u1", thoughts(number, 1))
        desk.group.put(entry, lambda _: seen.append(len(desk.committed)))
    desk.pen.done(None)
    desk.pen.done(None)
    assert seen == [3, 3]


def test_a_commit_begins_when_whoever_decides_lets_it():
    calls = []
    pen = Pen()
    group = GroupCommit(pen, ManualClock(), lambda _: None, calls.append)
    group.put(Deleted("s1"), Told())
    group.put(Deleted("s2"), Told())
    assert pen.commits == []
    (begin,) = calls
    begin()
    assert len(pen.commits[0]) == 2


def test_a_failure_takes_everything_with_it_that_was_put_meanwhile(desk):
    told = [desk.put(1), desk.put(2), desk.put(1, "s2")]
    desk.pen.fail("the disk is full")
    assert [told_one.problem for told_one in told] == ["the disk is full"] * 3
    assert len({id(error) for (error,) in told}) == 3
    assert desk.committed == []
    assert desk.group.tails.get("s1") is None
    assert desk.group.problem == "the disk is full"


def test_everything_fails_at_once_until_a_commit_of_nothing_goes_well(desk):
    desk.put(1)
    desk.pen.fail()
    assert desk.put(1).problem == "no ink"
    called = Told()
    desk.group.when_available(lambda: called(None))
    desk.clock.advance(0.9)
    assert len(desk.pen.commits) == 1
    desk.clock.advance(0.1)
    assert desk.pen.commits[1:] == [[]]
    desk.pen.fail("still no ink")
    assert desk.put(1).problem == "still no ink"
    assert called == []
    desk.clock.advance(1)
    assert desk.pen.commits[2:] == [[]]
    desk.pen.done(None)
    assert called == [None]
    assert desk.group.problem is None
    told = desk.put(1)
    desk.pen.done(None)
    assert told == [None]
    desk.clock.advance(10)
    assert len(desk.pen.commits) == 4


def test_whoever_waits_for_better_times_may_put_at_once_and_harms_nobody_else(desk):
    desk.put(1)
    desk.pen.fail()
    told = []

    def break_down():
        raise ZeroDivisionError("I broke")

    desk.group.when_available(break_down)
    desk.group.when_available(lambda: told.append(desk.put(7)))
    desk.clock.advance(1)
    desk.pen.done(None)
    desk.pen.done(None)
    assert told == [[None]]
    assert desk.numbers() == [[1], [], [7]]


def test_an_outage_is_logged_when_it_begins_and_when_it_ends(desk):
    with structlog.testing.capture_logs() as logs:
        desk.put(1)
        desk.pen.fail("no ink")
        desk.clock.advance(1)
        desk.pen.fail("no ink")
        desk.clock.advance(1)
        desk.pen.done(None)
    assert [entry["event"] for entry in logs] == ["journal_unavailable", "journal_available"]
    assert logs[0]["problem"] == "no ink"


def test_a_sink_that_breaks_has_failed(desk):
    desk.pen.broken = True
    with structlog.testing.capture_logs() as logs:
        assert desk.put(1).problem == "the pen broke"
    assert [entry["event"] for entry in logs] == ["commit_broke", "journal_unavailable"]


def test_the_lag_is_what_the_commit_under_way_has_taken(desk):
    assert desk.group.lag == 0.0
    desk.put(1)
    desk.clock.advance(2.5)
    assert desk.group.lag == 2.5
    desk.put(2)
    desk.pen.done(None)
    assert desk.group.lag == 0.0
    desk.pen.done(None)
    desk.clock.advance(1)
    assert desk.group.lag == 0.0


def test_what_is_added_before_a_commit_takes_it_is_in_it(desk):
    desk.put(1)
    batch = Batch([recorded(2)])
    desk.group.put(Writing("s1", "u1", batch), Told())
    batch.append(recorded(3))
    assert (batch.taken, desk.group.tails["s1"].head_seq) == (False, 3)

    desk.pen.done(None)
    assert batch.taken
    assert [len(entry.frames) for entry in desk.pen.commits[-1]] == [2]


def test_a_tail_is_what_the_session_will_be(desk):
    desk.put(1)
    desk.put(2)
    assert (desk.group.tails["s1"].user_id, desk.group.tails["s1"].head_seq) == ("u1", 2)
    desk.group.put(Deleted("s1"), Told())
    assert desk.group.tails["s1"].user_id is None
    created = Created("s1", "u2", "", "e", 0)
    desk.group.put(created, Told())
    tail = desk.group.tails["s1"]
    assert (tail.user_id, tail.head_seq, tail.created) == ("u2", 0, created)
    desk.pen.done(None)
    assert desk.group.tails.get("s1") is tail
    desk.pen.done(None)
    assert desk.group.tails.get("s1") is None


def test_whoever_waits_for_a_session_goes_on_when_the_last_of_it_is_decided(desk):
    desk.put(1)
    desk.put(2)
    desk.put(1, "s2")
    waiting = [gevent.spawn(desk.group.wait, name) for name in ("s1", "s2", "s3")]
    gevent.idle()
    assert [greenlet.dead for greenlet in waiting] == [False, False, True]
    desk.pen.done(None)
    gevent.idle()
    assert not waiting[0].dead
    desk.pen.fail()
    gevent.joinall(waiting, timeout=5, raise_error=True)


def test_whoever_waits_for_a_session_waits_for_what_is_put_meanwhile(desk):
    desk.put(1)
    waiting = gevent.spawn(desk.group.wait, "s1")
    gevent.idle()
    desk.pen.done(None)
    desk.put(2)
    gevent.idle()
    assert not waiting.dead
    desk.pen.done(None)
    waiting.get(timeout=5)


def test_draining_waits_for_everything_and_not_for_ever(desk):
    desk.put(1)
    with pytest.raises(AskTimeout):
        desk.group.drain(0.01)
    draining = gevent.spawn(desk.group.drain, 5)
    gevent.idle()
    desk.put(1, "s2")
    desk.pen.done(None)
    gevent.idle()
    assert not draining.dead
    desk.pen.done(None)
    draining.get(timeout=5)


def test_what_is_lost_is_told_to_nobody(desk):
    told = [desk.put(1), desk.put(2)]
    waiting = gevent.spawn(desk.group.wait, "s1")
    gevent.idle()
    late = desk.pen.done
    desk.group.lose(landed=False)
    late(None)
    gevent.idle()
    assert (told, desk.committed, waiting.dead) == ([[], []], [], False)
    waiting.kill()
    again = desk.put(1)
    desk.pen.done(None)
    assert again == [None]


def test_a_commit_that_got_through_before_everything_was_lost_is_on_record(desk):
    told = [desk.put(1), desk.put(2)]
    desk.group.lose(landed=True)
    assert [entry.first_seq for entry in desk.committed] == [1]
    assert told == [[], []]


def test_an_outage_is_lost_with_the_rest(desk):
    desk.put(1)
    desk.pen.fail()
    desk.group.when_available(pytest.fail)
    desk.group.lose(landed=False)
    assert desk.group.problem is None
    desk.clock.advance(10)
    assert len(desk.pen.commits) == 1


def test_a_loss_in_the_middle_of_the_news_ends_the_news(desk):
    told = Told()
    desk.put(1)
    desk.group.put(Deleted("s1"), lambda _: desk.group.lose(landed=False))
    desk.group.put(Deleted("s2"), told)
    desk.pen.done(None)
    desk.pen.done(None)
    assert told == []
    again = desk.put(1)
    desk.pen.done(None)
    assert again == [None]


def test_what_is_closed_fails_for_good(desk):
    told = [desk.put(1), desk.put(2)]
    late = desk.pen.done
    desk.group.close("closed")
    late(None)
    assert [told_one.problem for told_one in [*told, desk.put(3)]] == ["closed"] * 3
    desk.clock.advance(10)
    assert len(desk.pen.commits) == 1


def test_what_is_closed_in_an_outage_tries_no_more(desk):
    desk.put(1)
    desk.pen.fail()
    desk.group.close("closed")
    desk.clock.advance(10)
    assert len(desk.pen.commits) == 1


def test_calls_at_once_are_made_one_after_another():
    order = []
    soon = AtOnce()

    def first():
        soon(lambda: order.append("second"))
        order.append("first")

    soon(first)
    assert order == ["first", "second"]


def test_a_call_at_once_that_breaks_keeps_nobody_from_calling():
    soon, order = AtOnce(), []
    with pytest.raises(ZeroDivisionError):
        soon(lambda: 1 // 0)
    soon(lambda: order.append("next"))
    assert order == ["next"]
