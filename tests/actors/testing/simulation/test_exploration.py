"""The exploration finds nothing where nothing is wrong, and each bug that is planted by hand."""

import random
import sys

import pytest

from actors.session import lifecycle
from actors.session.audience import Audience
from actors.session.emitter import Emitter
from actors.session.events import AgentCompleted, ToolCompleted
from actors.session.lifecycle import Conversation
from actors.session.receipts import Receipts
from actors.session.runs import RunQueue
from actors.session.session import Session
from actors.session.tools import Tools
from actors.testing.simulation import explore

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
]


def test_new_seeds_break_no_promise(scenario, record_property, capsys):
    start = random.SystemRandom().randrange(LARGEST_START)
    with capsys.disabled():
        sys.stdout.write(f"\nexploring seeds {start} to {start + SEEDS_TRIED - 1}\n")
    record_property("first_seed", start)
    find = explore(scenario, range(start, start + SEEDS_TRIED))
    assert find is None, str(find)


@pytest.mark.parametrize("seed", SEEDS_THAT_BROKE)
def test_seeds_that_once_broke_a_promise_keep_it(scenario, seed):
    assert explore(scenario, [seed]) is None


def drops_a_terminal(monkeypatch):
    record = Session.record

    def dropping(self, run_id, data):
        if not isinstance(data, AgentCompleted) or data.outcome != "cancelled":
            record(self, run_id, data)

    monkeypatch.setattr(Session, "record", dropping)


def doubles_a_terminal(monkeypatch):
    number = Emitter._number
    check = Conversation.check

    def doubling(self, run_id, data):
        entries = number(self, run_id, data)
        if isinstance(data, AgentCompleted) and data.outcome == "success":
            monkeypatch.setattr(Conversation, "check", lambda *_: lifecycle.Phase.RUNNING)
            monkeypatch.setattr(Conversation, "find", lambda *_: lifecycle.Run(run_id, "", "", None, 0, 0))
            entries += (self._record(run_id, data),)
            monkeypatch.setattr(Conversation, "check", check)
            monkeypatch.setattr(Conversation, "find", find)
        return entries

    find = Conversation.find
    monkeypatch.setattr(Emitter, "_number", doubling)


def completes_a_tool_late(monkeypatch):
    """Hold the end of a call back until its run is over."""
    number, held = Emitter._number, {}
    check, find, change = Conversation.check, Conversation.find, Conversation._change

    def late(self, run_id, data):
        if isinstance(data, ToolCompleted) and data.ok and run_id not in held:
            held[run_id] = data
        entries = number(self, run_id, data)
        if isinstance(data, AgentCompleted) and run_id in held:
            monkeypatch.setattr(Conversation, "check", lambda *_: lifecycle.Phase.RUNNING)
            monkeypatch.setattr(Conversation, "find", lambda *_: lifecycle.Run(run_id, "", "", None, 0, 0))
            monkeypatch.setattr(Conversation, "_change", lambda *_: None)
            entries += (self._record(run_id, held.pop(run_id)),)
            monkeypatch.setattr(Conversation, "check", check)
            monkeypatch.setattr(Conversation, "find", find)
            monkeypatch.setattr(Conversation, "_change", change)
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
        complete(self, call._replace(reply=None) if fault is not None else call, fault, value)

    monkeypatch.setattr(Tools, "_complete", silent)


def begins_out_of_order(monkeypatch):
    def last_first(self):
        if self.active is None and self.waiting:
            self.active = self.waiting.pop()
        return self.active

    monkeypatch.setattr(RunQueue, "promote", last_first)


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
