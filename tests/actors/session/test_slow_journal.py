"""A log that takes its time to commit: nothing is shown or acked before, and nothing decided meanwhile is undone."""

import gevent
import pytest

from server.journal.memory import MemoryJournal

HANG = {"hang": True}


class SlowJournal(MemoryJournal):
    """Holds every commit back until it is let go."""

    def __init__(self):
        super().__init__()
        self.held = []
        self.holding = False

    def append(self, session_id, entries, done):
        super().append(session_id, entries, lambda error: self.held.append((done, error)))
        if not self.holding:
            self.let_go()

    def let_go(self):
        self.holding = False
        held, self.held = self.held, []
        for done, error in held:
            done(error)


@pytest.fixture
def slow(make_house):
    return make_house(journal=SlowJournal())


@pytest.fixture
def slow_tab(slow):
    return slow.tab()


def settle():
    for _ in range(20):
        gevent.sleep(0)


def kill(house, name):
    ref = house.actor(name)
    incarnation = ref.incarnation
    ref.kill()
    with gevent.Timeout(5):
        while ref.incarnation == incarnation:
            gevent.sleep(0)


def test_nothing_is_shown_or_acked_before_it_is_on_record(slow, slow_tab):
    slow.journal.holding = True
    frame_id = slow_tab.submit({"say": "x"})
    settle()
    assert (slow_tab.connection.acks, slow_tab.connection.frames) == ({}, [])
    slow.journal.let_go()
    slow_tab.completed(slow_tab.ack(frame_id)["run_id"])


def test_a_tool_that_must_not_run_twice_waits_until_its_call_is_on_record(slow, slow_tab):
    run_id = slow_tab.run({"sleep_ms": 30}, {"tool": "charge", "arguments": {"amount": 5}}, {"answer": "x"})
    slow.journal.holding = True
    gevent.sleep(0.1)
    assert not slow_tab.connection.types.count("tool_completed")
    slow.journal.let_go()
    assert slow_tab.completed(run_id)["data"]["outcome"] == "success"


def test_a_cancel_while_a_call_is_being_recorded_costs_no_restart(slow, slow_tab):
    run_id = slow_tab.run({"sleep_ms": 30}, {"tool": "charge", "arguments": {"amount": 5}})
    slow.journal.holding = True
    gevent.sleep(0.1)
    frame_id = slow_tab.cancel(run_id)
    settle()
    slow.journal.let_go()
    assert slow_tab.ack(frame_id)["run_id"] == run_id
    assert slow_tab.completed(run_id)["data"]["outcome"] == "cancelled"
    assert slow.actor("emitter").incarnation == 1


@pytest.mark.parametrize("moment", range(4))
def test_an_emitter_that_dies_before_it_hears_of_its_commit_loses_nothing(slow, slow_tab, moment):
    slow_tab.subscribe()
    slow.journal.holding = True
    frame_id = slow_tab.submit({"think": "a"}, {"tool": "echo", "arguments": {"value": 1}}, {"answer": "x"})
    for _ in range(moment * 3):
        gevent.sleep(0)
    kill(slow, "emitter")
    slow.journal.let_go()
    slow_tab.connection.wait_for(lambda seen: frame_id in seen.acks or frame_id in seen.refusals)
    if frame_id in slow_tab.connection.acks:
        run_id = slow_tab.connection.acks[frame_id]["run_id"]
        assert slow_tab.completed(run_id)["data"]["outcome"] == "success"
        seqs = [event["seq"] for event in slow_tab.connection.events]
        assert seqs == list(range(1, len(seqs) + 1))
    assert slow_tab.completed(slow_tab.run({"answer": "y"}))["data"]["text"] == "y"


def test_a_dequeue_and_a_cancel_outlive_the_emitter_they_were_told_to(slow, slow_tab):
    running, waiting = slow_tab.run(HANG), slow_tab.run({"answer": "should never run"})
    slow.actor("emitter").kill()
    asked = [slow_tab.dequeue(waiting), slow_tab.cancel(running)]
    for frame_id in asked:
        slow_tab.ack(frame_id)
    assert slow_tab.wait_for_event(waiting, "message_dequeued")
    assert slow_tab.completed(running)["data"]["outcome"] == "cancelled"
    assert len(slow_tab.of_run(waiting)) == 2


def test_a_log_that_cannot_be_written_is_told_to_whoever_waits(slow, slow_tab):
    slow_tab.completed(slow_tab.run({"answer": "x"}))
    slow.journal.holding = True
    frame_id = slow_tab.submit({"answer": "y"}, msg_id="m1")
    settle()
    (done, _), *_ = slow.journal.held
    slow.journal.held = []
    slow.journal.holding = False
    # As if the disk had been full: the entries are taken back, the journal says so.
    log = slow.journal._logs["s_1"]
    del log.frames[3:]
    done(OSError("no space"))
    refusal = slow_tab.refusal(frame_id)
    assert (refusal.code, refusal.temporary) == ("internal", True)
    assert not slow_tab.ack(slow_tab.submit({"answer": "z"}, msg_id="m2"))["duplicate"]
