"""When things happen to a run, to the millisecond: on virtual time, after a run that set its alarms before."""

import pytest

from actors.agents import Agent
from actors.runtime.pause import hang, sleep
from actors.testing import House, ManualClock, clean_runtime
from actors.tools import tool
from server.journal.memory import MemoryJournal

HANG = {"hang": True}
EARLIER = {"tool": "echo", "arguments": {"value": 1}}


@tool(timeout=1, idempotent=True)
def brief() -> None:
    """Take longer than a second."""
    hang()


@tool(timeout=40, idempotent=True)
def patient() -> None:
    """Take longer than 40 seconds."""
    hang()


@tool(idempotent=True)
def usual() -> None:
    """Take longer than any tool may."""
    hang()


class Starter(Agent):
    """Makes calls side by side, the longest first."""

    name = "starter"
    tools = (patient, usual, brief)

    def run(self, turn):
        sleep(0.5)
        turn.use_all([patient.call(), usual.call(), brief.call()])
        return "none of them"


@pytest.fixture
def make_tab():
    """Open a tab on a session that finished a run with a tool 3 s ago, in an environment of the test's choice."""
    clock = ManualClock()
    with clean_runtime(clock, seed=7, dead_letters_expected=True) as runtime:

        def make(**limits):
            tab = House(runtime, MemoryJournal(clock=clock), (Starter,), **limits).tab()
            tab.completed(tab.run(EARLIER))
            clock.advance(3)
            return tab

        yield make


def elapsed(tab):
    return [frame["elapsed_ms"] for frame in tab.connection.frames if frame["type"] == "progress"]


def the_end(tab, *steps):
    run_id = tab.run(*steps)
    tab.house.runtime.clock.advance(10)
    return tab.completed(run_id)["data"]


def test_a_silent_run_says_every_five_seconds_that_it_lives(make_tab):
    tab = make_tab()
    tab.run(HANG)
    tab.house.runtime.clock.advance(16)
    assert elapsed(tab) == [5000, 10000, 15000]


def test_the_five_seconds_begin_anew_with_each_event_and_each_word(make_tab):
    tab = make_tab()
    tab.run({"sleep_ms": 2000}, {"think": "hm"}, {"sleep_ms": 6500}, {"say": "so"}, HANG)
    tab.house.runtime.clock.advance(24)
    assert elapsed(tab) == [7000, 13500, 18500, 23500]


@pytest.mark.parametrize("progress_after", [1.5, 5, 60])
def test_a_run_has_its_whole_time_and_no_more(make_tab, progress_after):
    tab = make_tab(run_timeout=10.25, progress_after=progress_after)
    data = the_end(tab, HANG)
    assert (data["outcome"], data["duration_ms"]) == ("timed_out", 10250)


def test_the_attempts_of_a_run_share_its_time(make_tab):
    tab = make_tab(run_timeout=10.25)
    data = the_end(tab, {"sleep_ms": 4000}, {"crash": "x", "until_attempt": 1}, HANG)
    assert (data["outcome"], data["duration_ms"], data["attempts"]) == ("timed_out", 10250, 2)


def test_each_call_has_its_own_time_whichever_began_first(make_tab):
    tab = make_tab(run_timeout=300)
    run_id = tab.run(text="x", agent="starter")
    tab.connection.wait_for(lambda seen: seen.types[-1] == "agent_completed", 60)
    ends = [event["data"] for event in tab.of_run(run_id) if event["type"] == "tool_completed"]
    assert [(end["tool"], end["error"]["code"], end["duration_ms"]) for end in ends] == [
        ("brief", "timeout", 1000),
        ("usual", "timeout", 30_000),
        ("patient", "timeout", 40_000),
    ]
