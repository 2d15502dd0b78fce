"""What a new process makes of the work that the last one left in the log."""

import pytest

from actors.agents import Agent
from actors.agents.rehearsal_tools import wait
from actors.session.messages import TakeUp
from actors.session.promises import check_log
from server.journal.memory import MemoryJournal

HANG = {"hang": True}
AFTERWARDS = {"answer": "done"}


class Once(Agent):
    """Has one attempt at each message, and hangs in it."""

    name = "once"
    max_attempts = 1
    tools = (wait,)

    def run(self, turn):
        turn.use("wait", seconds=1000)
        return "never"


@pytest.fixture
def succession(make_house):
    """Make houses one after another on one journal; each takes up what the one before it left."""
    journal, houses = MemoryJournal(), []

    def succeed(**limits):
        if houses:
            houses[-1].runtime.stop(timeout=5)
        house = make_house(agents=(Once,), journal=journal, **limits)
        house.root.tell(TakeUp(tuple(journal.unfinished())))
        houses.append(house)
        return house

    return succeed


def whole_log(tab):
    """Watch from the beginning, and return the log once nothing is left open in it."""
    tab.subscribe(0)

    def over(_):
        ended = [event for event in tab.connection.events if event["type"] in ("agent_completed", "message_dequeued")]
        accepted = [event for event in tab.connection.events if event["type"] == "message_accepted"]
        return len(ended) == len(accepted)

    tab.connection.wait_for(over)
    return check_log(tab.session, tab.connection.events)


def ends(log):
    return [event["data"] for event in log.events if event["type"] == "agent_completed"]


def test_nothing_is_started_where_nothing_is_left(succession):
    house = succession()
    tab = house.tab()
    tab.completed(tab.run(AFTERWARDS))
    assert succession().actor() is None


def test_a_run_goes_on_with_its_next_attempt_though_nobody_watches(succession):
    tab = succession().tab()
    run_id = tab.run({"tool": "wait", "arguments": {"seconds": 0.2}})
    tab.wait_for_event(run_id, "tool_executing")
    log = whole_log(succession().tab())
    assert [event["type"] for event in log.events] == [
        "message_accepted",
        "agent_started",
        "tool_executing",
        "tool_completed",
        "agent_restarted",
        "agent_started",
        "tool_executing",
        "tool_completed",
        "agent_completed",
    ]
    assert [(end["outcome"], end["attempts"]) for end in ends(log)] == [("success", 2)]


def test_a_run_in_which_something_happened_that_must_not_happen_twice_ends_honestly(succession):
    tab = succession().tab()
    run_id = tab.run({"tool": "charge", "arguments": {"amount": 5}}, HANG)
    tab.wait_for_event(run_id, "tool_completed")
    (end,) = ends(whole_log(succession().tab()))
    assert (end["outcome"], end["error"]["code"]) == ("error", "server_restarted")


def test_an_agent_with_one_attempt_gets_no_second_and_its_open_call_is_closed_first(succession):
    tab = succession().tab()
    run_id = tab.ack(tab.submit(text="x", agent="once"))["run_id"]
    tab.wait_for_event(run_id, "tool_executing")
    log = whole_log(succession().tab())
    assert ends(log)[0]["error"]["code"] == "server_restarted"


def test_what_waited_runs_in_its_order(succession):
    tab = succession().tab()
    first = tab.run({"tool": "charge", "arguments": {"amount": 5}}, HANG)
    tab.wait_for_event(first, "tool_completed")
    waiting = [tab.run({"answer": str(number)}) for number in range(3)]
    log = whole_log(succession().tab())
    started = [event["run_id"] for event in log.events if event["type"] == "agent_started"]
    assert started == [first, *waiting]
    assert [end["text"] for end in ends(log)] == ["", "0", "1", "2"]


def test_a_client_msg_id_is_spent_for_the_next_process_too(succession):
    tab = succession().tab()
    run_id = tab.run(HANG, msg_id="m1")
    again = succession().tab()
    answer = again.ack(again.submit(HANG, msg_id="m1"))
    assert (answer["run_id"], answer["duplicate"]) == (run_id, True)
    again.ack(again.cancel())


def test_the_time_that_no_server_ran_is_not_the_runs(succession, monkeypatch):
    house = succession()
    tab = house.tab()
    run_id = tab.run(HANG)
    tab.wait_for_event(run_id, "agent_started")
    house.runtime.stop(timeout=5)
    later = succession()
    an_hour = 3_600_000
    epoch_ms = later.runtime.clock.epoch_ms
    monkeypatch.setattr(later.runtime.clock, "epoch_ms", lambda: epoch_ms() + an_hour)
    tab = later.tab()
    tab.subscribe(0)
    started = tab.connection.wait_for(
        lambda seen: [event for event in seen.events if event["type"] == "agent_started"][1:]
    )
    assert started[0]["data"]["deadline_ms"] > 100_000
    tab.ack(tab.cancel())


def test_more_sessions_than_are_taken_up_at_once_all_go_on(succession):
    house = succession()
    tabs = [house.tab(session=f"s_{number}") for number in range(50)]
    for tab in tabs:
        tab.run({"tool": "wait", "arguments": {"seconds": 0.3}}, AFTERWARDS)
    house = succession()
    for tab in tabs:
        assert ends(whole_log(house.tab(session=tab.session)))[0]["outcome"] == "success"
