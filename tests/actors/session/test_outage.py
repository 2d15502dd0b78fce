"""A log that can't be written: nothing is shown that isn't recorded, and everything goes on when it can be again."""

import gevent
import pytest

from actors.session.journal import JournalUnavailable
from actors.session.messages import Delete, Describe
from actors.session.promises import check_log
from tests.actors.session.disk import HeldDisk

HANG = {"hang": True}
LONG = {"tool": "wait", "arguments": {"seconds": 1000}}
CHARGE = {"tool": "charge", "arguments": {"amount": 5}}


@pytest.fixture
def disk():
    return HeldDisk()


@pytest.fixture
def fragile(make_house, disk):
    return make_house(disk=disk)


@pytest.fixture
def fragile_tab(fragile):
    return fragile.tab()


def seen(tab):
    return check_log(tab.session, tab.connection.events, finished=False)


def settled():
    for _ in range(20):
        gevent.sleep(0)


def test_a_message_that_cannot_be_recorded_is_refused_and_may_be_sent_again(fragile_tab, disk):
    fragile_tab.completed(fragile_tab.run({"answer": "x"}))
    disk.failing = True
    refusal = fragile_tab.refusal(fragile_tab.submit({"answer": "y"}, msg_id="m1"))
    assert (refusal.code, refusal.temporary) == ("internal", True)
    disk.failing = False
    fragile_tab.connection.wait_for(lambda _: fragile_tab.house.journal.available)
    answer = fragile_tab.ack(fragile_tab.submit({"answer": "y"}, msg_id="m1"))
    assert not answer["duplicate"]
    assert fragile_tab.completed(answer["run_id"])["data"]["text"] == "y"


def test_new_messages_are_refused_at_once_in_an_outage(fragile, fragile_tab, disk):
    fragile_tab.subscribe()
    other = fragile.tab(session="s_2")
    other.completed(other.run({"answer": "x"}))
    disk.failing = True
    fragile_tab.refusal(fragile_tab.submit({"answer": "y"}))
    refusal = other.refusal(other.submit({"answer": "z"}))
    assert (refusal.code, refusal.temporary, refusal.retry_after_ms) == ("internal", True, 1000)


@pytest.mark.parametrize("steps", [(LONG,), (CHARGE, LONG), (HANG,)])
def test_the_run_under_way_ends_as_journal_unavailable_once_that_can_be_recorded(fragile, fragile_tab, disk, steps):
    run_id = fragile_tab.run({"think": "a"}, *steps)
    fragile_tab.wait_for_event(run_id, "agent_thinking")
    gevent.sleep(0.05)
    disk.failing = True
    waiting = fragile_tab.submit({"answer": "never on record"})
    fragile_tab.refusal(waiting)
    before = len(fragile_tab.connection.events)
    gevent.sleep(0.3)
    assert len(fragile_tab.connection.events) == before
    disk.failing = False
    end = fragile_tab.completed(run_id)["data"]
    assert (end["outcome"], end["error"]["code"]) == ("error", "journal_unavailable")
    assert fragile_tab.completed(fragile_tab.run({"answer": "next"}))["data"]["text"] == "next"
    assert seen(fragile_tab).active is None
    assert fragile.actor("emitter").incarnation == 1


def test_what_waited_runs_after_the_outage(fragile_tab, disk):
    first, second = fragile_tab.run(HANG), fragile_tab.run({"answer": "2"})
    disk.failing = True
    fragile_tab.refusal(fragile_tab.submit({"answer": "3"}))
    disk.failing = False
    assert fragile_tab.completed(first)["data"]["error"]["code"] == "journal_unavailable"
    assert fragile_tab.completed(second)["data"]["text"] == "2"


def test_a_cancel_that_could_not_be_recorded_is_acked_when_its_run_has_ended(fragile_tab, disk):
    run_id = fragile_tab.run(HANG)
    fragile_tab.wait_for_event(run_id, "agent_started")
    disk.failing = True
    frame_id = fragile_tab.cancel(run_id)
    settled()
    assert frame_id not in fragile_tab.connection.acks
    disk.failing = False
    assert fragile_tab.ack(frame_id)["run_id"] == run_id
    assert fragile_tab.completed(run_id)


def test_commands_in_an_outage_are_refused_as_temporary(fragile_tab, disk):
    run_id = fragile_tab.run(HANG)
    disk.failing = True
    fragile_tab.refusal(fragile_tab.submit({"answer": "x"}))
    for frame_id in (fragile_tab.ask(), fragile_tab.cancel(run_id), fragile_tab.dequeue(run_id)):
        assert fragile_tab.refusal(frame_id).temporary


def test_an_emitter_that_dies_in_an_outage_costs_nothing_more(fragile, fragile_tab, disk):
    run_id = fragile_tab.run(HANG)
    disk.failing = True
    fragile_tab.refusal(fragile_tab.submit({"answer": "x"}))
    fragile.actor("emitter").kill()
    gevent.sleep(0.2)
    disk.failing = False
    fragile_tab.completed(run_id)
    assert fragile_tab.completed(fragile_tab.run({"answer": "next"}))["data"]["text"] == "next"


def test_nobody_waits_for_a_run_that_nothing_works_on(fragile, fragile_tab, disk):
    fragile_tab.run(HANG)
    assert fragile.actor().ask(Describe()) == "running"
    disk.failing = True
    fragile_tab.refusal(fragile_tab.submit({"answer": "x"}))
    assert fragile.actor().ask(Describe()) == "idle"


def test_a_session_that_was_given_up_in_an_outage_ends_its_runs_after_it(fragile, fragile_tab, disk):
    run_id = fragile_tab.run(CHARGE, HANG)
    fragile_tab.wait_for_event(run_id, "tool_completed")
    disk.failing = True
    fragile_tab.refusal(fragile_tab.submit({"answer": "x"}))
    while (session := fragile.actor()) is not None:
        session.kill()
        gevent.sleep(0.01)
    disk.failing = False
    fragile_tab.connection.wait_for(lambda _: not fragile.journal.unfinished())
    later = fragile.tab()
    later.subscribe(0)
    assert later.completed(run_id)["data"]["outcome"] == "error"


def delete(house, tab):
    return house.root.ask(Delete("u_1", tab.session), timeout=2)


def test_a_deletion_in_an_outage_is_refused_and_ends_nothing(fragile, fragile_tab, disk):
    run_id = fragile_tab.run({"sleep_ms": 300}, {"answer": "still here"})
    other = fragile.tab(session="s_2")
    disk.failing = True
    other.refusal(other.submit({"answer": "x"}))
    with pytest.raises(JournalUnavailable):
        delete(fragile, fragile_tab)
    assert not fragile_tab.connection.lost_sessions
    disk.failing = False
    assert fragile_tab.completed(run_id)


def test_a_deletion_that_meets_an_outage_leaves_no_run_behind(fragile, fragile_tab, disk):
    run_id = fragile_tab.run(CHARGE, HANG)
    fragile_tab.wait_for_event(run_id, "tool_completed")
    disk.failing = True
    with pytest.raises(JournalUnavailable):
        delete(fragile, fragile_tab)
    disk.failing = False
    later = fragile.tab()
    later.connection.wait_for(lambda _: not fragile.journal.unfinished())
    later.subscribe(0)
    assert later.completed(run_id)["data"]["outcome"] == "error"


def test_a_tool_that_must_not_run_unrecorded_does_not(fragile_tab, disk):
    run_id = fragile_tab.run({"sleep_ms": 100}, CHARGE, {"answer": "x"})
    fragile_tab.wait_for_event(run_id, "agent_started")
    disk.failing = True
    gevent.sleep(0.3)
    disk.failing = False
    fragile_tab.completed(run_id)
    assert "tool_completed" not in fragile_tab.kinds(run_id)
