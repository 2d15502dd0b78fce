"""A log that takes its time to commit: nothing is shown or acked before, and nothing decided meanwhile is undone."""

import gevent
import pytest

from tests.actors.session.deaths import kill
from tests.actors.session.disk import HeldDisk

HANG = {"hang": True}


@pytest.fixture
def disk():
    return HeldDisk()


@pytest.fixture
def slow(make_house, disk):
    return make_house(disk=disk)


@pytest.fixture
def slow_tab(slow):
    return slow.tab()


def settle():
    for _ in range(20):
        gevent.sleep(0)


def test_nothing_is_shown_or_acked_before_it_is_on_record(slow, slow_tab, disk):
    disk.holding = True
    frame_id = slow_tab.submit({"say": "x"})
    settle()
    assert (slow_tab.connection.acks, slow_tab.connection.frames) == ({}, [])
    disk.let_go()
    slow_tab.completed(slow_tab.ack(frame_id)["run_id"])


def test_a_tool_that_must_not_run_twice_waits_until_its_call_is_on_record(slow, slow_tab, disk):
    run_id = slow_tab.run({"sleep_ms": 30}, {"tool": "charge", "arguments": {"amount": 5}}, {"answer": "x"})
    disk.holding = True
    gevent.sleep(0.1)
    assert not slow_tab.connection.types.count("tool_completed")
    disk.let_go()
    assert slow_tab.completed(run_id)["data"]["outcome"] == "success"


def test_a_cancel_while_a_call_is_being_recorded_costs_no_restart(slow, slow_tab, disk):
    run_id = slow_tab.run({"sleep_ms": 30}, {"tool": "charge", "arguments": {"amount": 5}})
    disk.holding = True
    gevent.sleep(0.1)
    frame_id = slow_tab.cancel(run_id)
    settle()
    disk.let_go()
    assert slow_tab.ack(frame_id)["run_id"] == run_id
    assert slow_tab.completed(run_id)["data"]["outcome"] == "cancelled"
    assert slow.actor("emitter").incarnation == 1


def test_a_session_that_dies_acks_what_its_log_takes(slow, slow_tab, disk):
    slow_tab.subscribe()
    disk.holding = True
    frame_id = slow_tab.submit({"answer": "x"})
    settle()
    slow.actor().kill()
    settle()
    disk.let_go()
    run_id = slow_tab.ack(frame_id)["run_id"]
    assert slow_tab.completed(run_id)["data"]["outcome"] == "success"
    assert slow_tab.connection.answered.count(frame_id) == 1


def test_one_whom_a_dying_session_showed_something_goes_on_from_there_though_he_comes_back_late(
    slow, slow_tab, disk, monkeypatch
):
    """His next message comes before his return, by a subscription of its own."""
    late = []
    monkeypatch.setattr(slow_tab.connection, "_come_back", late.append)
    disk.holding = True
    frame_id = slow_tab.submit({"sleep_ms": 30}, {"answer": "x"})
    settle()
    slow.actor().kill()
    settle()
    disk.let_go()
    run_id = slow_tab.ack(frame_id)["run_id"]
    other_tab = slow.tab()
    other_tab.subscribe(seq=0)
    other_tab.completed(run_id)
    slow_tab.completed(slow_tab.run({"answer": "z"}))

    assert [event["seq"] for event in slow_tab.connection.events] == list(range(1, len(slow_tab.connection.events) + 1))
    assert late


def test_a_session_that_is_given_up_while_it_waits_for_its_log_answers_once(slow, slow_tab, disk):
    slow_tab.subscribe()
    disk.holding = True
    frame_ids = [slow_tab.submit({"answer": "x"}), slow_tab.submit({"crash": "always"})]
    settle()
    kill(slow.actor("emitter"))
    frame_ids.append(slow_tab.submit({"answer": "y"}))
    settle()
    slow.actor().kill()
    slow_tab.connection.wait_for(lambda seen: set(frame_ids) <= set(seen.refusals))
    disk.let_go()
    assert slow_tab.completed(slow_tab.run({"answer": "z"}))["data"]["text"] == "z"
    assert all(slow_tab.connection.answered.count(frame_id) == 1 for frame_id in frame_ids)


@pytest.mark.parametrize("moment", range(4))
def test_an_emitter_that_dies_before_it_hears_of_its_commit_loses_nothing(slow, slow_tab, disk, moment):
    slow_tab.subscribe()
    disk.holding = True
    frame_id = slow_tab.submit({"think": "a"}, {"tool": "echo", "arguments": {"value": 1}}, {"answer": "x"})
    for _ in range(moment * 3):
        gevent.sleep(0)
    kill(slow.actor("emitter"))
    disk.let_go()
    slow_tab.connection.wait_for(lambda seen: frame_id in seen.acks or frame_id in seen.refusals)
    if frame_id in slow_tab.connection.acks:
        run_id = slow_tab.connection.acks[frame_id]["run_id"]
        assert slow_tab.completed(run_id)["data"]["outcome"] == "success"
        seqs = [event["seq"] for event in slow_tab.connection.events]
        assert seqs == list(range(1, len(seqs) + 1))
    assert slow_tab.completed(slow_tab.run({"answer": "y"}))["data"]["text"] == "y"


def test_a_dequeue_and_a_cancel_outlive_the_emitter_they_were_told_to(slow, slow_tab, disk):
    running, waiting = slow_tab.run(HANG), slow_tab.run({"answer": "should never run"})
    slow.actor("emitter").kill()
    asked = [slow_tab.dequeue(waiting), slow_tab.cancel(running)]
    for frame_id in asked:
        slow_tab.ack(frame_id)
    assert slow_tab.wait_for_event(waiting, "message_dequeued")
    assert slow_tab.completed(running)["data"]["outcome"] == "cancelled"
    assert len(slow_tab.of_run(waiting)) == 2
