"""The exploration finds nothing where nothing is wrong, and each bug that is planted by hand."""

import random
import sys
from contextlib import suppress

import pytest

from actors.runtime.errors import AskTimeout
from actors.session.audience import Audience
from actors.session.emitter import Emitter
from actors.session.events import AgentCompleted, ToolCompleted
from actors.session.journal import unheeded
from actors.session.lifecycle import Conversation
from actors.session.messages import LossNoted
from actors.session.promises import PromiseBroken
from actors.session.receipts import Receipts
from actors.session.runs import RunQueue
from actors.session.session import Session
from actors.session.tools import Tools
from actors.testing.simulation import explore
from server.journal.commits import GroupCommit
from server.journal.memory import MemoryJournal

SEEDS_TRIED = 200
LARGEST_START = 10**9
SEEDS_THAT_BROKE = [
    11,
    14,
    26,
    28,
    113,
    118,
    149,
    187,
    211,
    338,
    575,
    697,
    743,
    814,
    832,
    907,
    1800,
    5041,
    5366,
    5821,
    6354,
    101_846,
    301_914,
    784_951_183,
    886_513_864,
]
ROUGH_SEEDS_THAT_BROKE = [150, 70_004_070, 346_771_085]


def test_new_seeds_break_no_promise(scenario, record_property, capsys):
    find = explore(scenario, new_seeds(record_property, capsys))
    assert find is None, str(find)


def test_new_seeds_break_no_promise_where_disks_fail_and_processes_are_killed(rough_scenario, record_property, capsys):
    find = explore(rough_scenario, new_seeds(record_property, capsys))
    assert find is None, str(find)


def new_seeds(record_property, capsys):
    """Draw seeds that nobody has tried, and say which."""
    start = random.SystemRandom().randrange(LARGEST_START)
    with capsys.disabled():
        sys.stdout.write(f"\nexploring seeds {start} to {start + SEEDS_TRIED - 1}\n")
    record_property("first_seed", start)
    return range(start, start + SEEDS_TRIED)


@pytest.mark.parametrize("seed", SEEDS_THAT_BROKE)
def test_seeds_that_once_broke_a_promise_keep_it(scenario, seed):
    assert explore(scenario, [seed]) is None


@pytest.mark.parametrize("seed", ROUGH_SEEDS_THAT_BROKE)
def test_rough_seeds_that_once_broke_a_promise_keep_it(rough_scenario, seed):
    assert explore(rough_scenario, [seed]) is None


def drops_a_terminal(monkeypatch):
    record = Session.record

    def dropping(self, run_id, data):
        if not isinstance(data, AgentCompleted) or data.outcome != "cancelled":
            record(self, run_id, data)

    monkeypatch.setattr(Session, "record", dropping)


def unchecked(monkeypatch, emitter, run_id, data):
    """Have an event recorded whatever its run is doing."""
    with monkeypatch.context() as unguarded:
        unguarded.setattr(Conversation, "apply", lambda self, entry: self.pass_over(entry.seq))
        return emitter._record(run_id, data)


def doubles_a_terminal(monkeypatch):
    number = Emitter._number

    def doubling(self, run_id, data):
        entries = number(self, run_id, data)
        if isinstance(data, AgentCompleted) and data.outcome == "success":
            entries += (unchecked(monkeypatch, self, run_id, data),)
        return entries

    monkeypatch.setattr(Emitter, "_number", doubling)


def completes_a_tool_late(monkeypatch):
    """Hold the end of a call back until its run is over."""
    number, held = Emitter._number, {}

    def late(self, run_id, data):
        if isinstance(data, ToolCompleted) and data.ok and run_id not in held:
            held[run_id] = data
        entries = number(self, run_id, data)
        if isinstance(data, AgentCompleted) and run_id in held:
            entries += (unchecked(monkeypatch, self, run_id, held.pop(run_id)),)
        return entries

    monkeypatch.setattr(Emitter, "_number", late)


def leaves_a_gap(monkeypatch):
    show = Audience.show

    def gappy(self, entries):
        for entry in entries:
            if entry.event.seq == 5:
                for subscription in self:
                    subscription.cursor += subscription.cursor == 4
            show(self, (entry,))

    monkeypatch.setattr(Audience, "show", gappy)


def sends_to_the_wrong_session(monkeypatch):
    """Share one audience among all sessions, as a process-wide bus does."""
    audiences, show = [], Audience.show

    def everywhere(self, entries):
        if self not in audiences:
            audiences.append(self)
        for audience in audiences:
            show(audience, entries)

    monkeypatch.setattr(Audience, "show", everywhere)


def loses_an_answer(monkeypatch):
    monkeypatch.setattr(Receipts, "ended", lambda *_: [])


def loses_an_ask(monkeypatch):
    """Never answer the agent that asked for a failing tool."""
    complete = Tools._complete

    def silent(self, call, fault, value=None):
        if fault is not None:
            call.reply = None
        complete(self, call, fault, value)

    monkeypatch.setattr(Tools, "_complete", silent)


def begins_out_of_order(monkeypatch):
    def last_first(self):
        if self.active is None and self.waiting:
            self.active = self.waiting.pop()
        return self.active

    monkeypatch.setattr(RunQueue, "promote", last_first)


def promises_what_is_not_recorded(monkeypatch):
    """Say that an event is committed when it is only about to be."""
    append = MemoryJournal.append

    def hasty(self, session_id, entries, done):
        append(self, session_id, entries, unheeded)
        done(None)

    monkeypatch.setattr(MemoryJournal, "append", hasty)


def opens_over_what_is_under_way(monkeypatch):
    """Read the log while the last writer's appends have yet to be committed."""
    wait = GroupCommit.wait

    def impatient(self, session_id, _timeout=None):
        with suppress(AskTimeout):
            wait(self, session_id, 0.001)

    monkeypatch.setattr(GroupCommit, "wait", impatient)


def goes_on_in_ignorance_of_a_loss(monkeypatch):
    """Record what the session says before it has heard that something was lost."""
    lose = Emitter._lose

    def hasty(self, error):
        if not self._lost:
            lose(self, error)
            self._on_loss_noted(None)

    monkeypatch.setattr(Emitter, "_lose", hasty)
    monkeypatch.setitem(Emitter._receivers, LossNoted, lambda *_: None)


def loses_what_was_committed(monkeypatch):
    """Forget the last event of each log with the process."""
    lose_tail = MemoryJournal.lose_tail

    def forgetful(self, **landed):
        lose_tail(self, **landed)
        for part in self._layers.current.parts.values():
            if part.frames:
                part.frames.pop()

    monkeypatch.setattr(MemoryJournal, "lose_tail", forgetful)


ROUGH_BUGS = [
    promises_what_is_not_recorded,
    opens_over_what_is_under_way,
    goes_on_in_ignorance_of_a_loss,
    loses_what_was_committed,
]


@pytest.mark.parametrize("plant", ROUGH_BUGS)
def test_a_bug_that_shows_only_where_disks_fail_or_processes_are_killed_is_found(rough_scenario, monkeypatch, plant):
    plant(monkeypatch)
    find = explore(rough_scenario, range(2 * SEEDS_TRIED))
    assert find is not None
    sys.stdout.write(str(find))
    assert isinstance(find.outcome.failure, PromiseBroken)


BUGS = {
    # What the session accepts next says where it would stand if the run had ended.
    drops_a_terminal: "4: one run at a time",
    doubles_a_terminal: "1: every acked message",
    completes_a_tool_late: "2: every tool_executing",
    leaves_a_gap: "5: a subscriber sees",
    sends_to_the_wrong_session: "6: an event reaches",
    loses_an_answer: "a frame with an id",
    loses_an_ask: "a run that can end in time",
    begins_out_of_order: "4: one run at a time",
}


@pytest.mark.parametrize("plant", BUGS)
def test_a_planted_bug_is_found_and_its_seed_is_printed(scenario, monkeypatch, plant):
    plant(monkeypatch)
    find = explore(scenario, range(SEEDS_TRIED))
    assert find is not None
    sys.stdout.write(str(find))
    assert f"seed {find.outcome.seed} breaks a promise with {find.injections} injections" in str(find)
    assert BUGS[plant] in str(find.outcome.failure)
    assert find.outcome.ledger.entries


def test_a_bug_that_needs_a_fault_is_shown_with_no_more_faults_than_it_needs(scenario, monkeypatch):
    """An agent that comes back and has forgotten to retry."""
    monkeypatch.setattr(Session, "child_exited", lambda *_: None)
    find = explore(scenario, range(SEEDS_TRIED))
    assert find is not None
    assert len(find.outcome.ledger.of("inject")) <= find.injections
