"""What a session does with messages: runs, queues, interrupts, cancels, retries."""

import gevent
import pytest
from gevent.queue import Queue
from structlog.contextvars import bind_contextvars, get_contextvars

from actors.agents import Agent
from actors.runtime.pause import hang
from actors.session.messages import Describe
from actors.tools import Call, tool
from actors.tools.calculator import calculator

FIVE = ["message_accepted", "agent_started", "agent_thinking", "tool_executing", "tool_completed", "agent_completed"]
HANG = {"hang": True}


def kinds(events):
    return [event["type"] for event in events]


def test_a_question_is_answered_with_the_five_events_in_order(tab):
    run_id = tab.run(text="what is 17% of 2,340?", agent=None)
    assert "397.8" in tab.completed(run_id)["data"]["text"]
    assert kinds(tab.of_run(run_id)) == FIVE
    assert [event["seq"] for event in tab.connection.events] == [1, 2, 3, 4, 5, 6]


def test_a_message_is_acked_with_where_it_went(tab):
    ack = tab.ack(tab.submit({"answer": "x"}))
    assert ack.keys() == {"session_id", "run_id", "position", "duplicate"}
    assert (ack["session_id"], ack["position"], ack["duplicate"]) == ("s_1", 0, False)


def test_deltas_count_code_points_and_come_before_the_end(tab):
    run_id = tab.run({"say": "grüß 👋 Gott", "chunks": 4})
    tab.completed(run_id)
    deltas = [frame for frame in tab.connection.frames if frame["type"] == "message_delta"]
    assert "".join(delta["text"] for delta in deltas) == "grüß 👋 Gott"
    assert [delta["offset"] for delta in deltas] == [sum(len(d["text"]) for d in deltas[:n]) for n in range(4)]
    assert tab.connection.types[-1] == "agent_completed"


def test_messages_wait_their_turn_and_say_their_position(tab):
    first = tab.run(HANG)
    second, third = tab.ack(tab.submit({"answer": "2"})), tab.ack(tab.submit({"answer": "3"}))
    assert (second["position"], third["position"]) == (1, 2)
    assert [waiting["run_id"] for waiting in tab.subscribe()["queue"]] == [second["run_id"], third["run_id"]]
    tab.cancel(first)
    tab.completed(third["run_id"])
    started = [event["run_id"] for event in tab.connection.events if event["type"] == "agent_started"]
    assert started == [first, second["run_id"], third["run_id"]]


def test_reject_refuses_while_busy_and_accepts_when_idle(tab):
    first = tab.run(HANG)
    assert tab.refusal(tab.submit({"answer": "x"}, on_busy="reject")).code == "busy"
    tab.ack(tab.cancel(first))
    tab.completed(tab.run({"answer": "x"}, on_busy="reject"))


def test_interrupt_ends_the_running_run_and_goes_ahead_of_the_queue(tab):
    first, waiting = tab.run(HANG), tab.run({"answer": "later"})
    urgent = tab.ack(tab.submit({"answer": "now"}, on_busy="interrupt"))
    assert urgent["position"] == 0
    assert tab.completed(first)["data"]["outcome"] == "cancelled"
    tab.completed(waiting)
    started = [event["run_id"] for event in tab.connection.events if event["type"] == "agent_started"]
    assert started == [first, urgent["run_id"], waiting]


def test_an_interrupt_that_clears_the_queue_says_so_for_each_message(tab):
    tab.run(HANG)
    waiting = tab.run({"answer": "later"})
    urgent = tab.run({"answer": "now"}, on_busy="interrupt", queue="clear")
    tab.completed(urgent)
    assert tab.of_run(waiting)[-1]["data"] == {"reason": "interrupted"}


def test_the_message_after_the_last_place_in_the_queue_is_refused(make_house):
    tab = make_house(queued_messages=2).tab()
    tab.run(HANG)
    tab.run({"answer": "1"})
    tab.run({"answer": "2"})
    assert tab.refusal(tab.submit({"answer": "3"})).code == "queue_full"


def test_a_waiting_message_can_be_dequeued_and_a_running_one_cannot(tab):
    running, waiting = tab.run(HANG), tab.run({"answer": "x"})
    tab.ack(tab.dequeue(waiting))
    assert tab.wait_for_event(waiting, "message_dequeued")["data"] == {"reason": "cancelled"}
    assert tab.refusal(tab.dequeue(running)).code == "conflict"
    assert tab.refusal(tab.dequeue("r_unknown")).code == "not_found"


@pytest.mark.parametrize("step", [HANG, {"tool": "wait", "arguments": {"seconds": 60}}, {"sleep_ms": 60_000}])
def test_cancel_ends_a_hung_run_closes_its_calls_and_the_next_message_works(tab, step):
    run_id = tab.run({"think": "…"}, step)
    tab.wait_for_event(run_id, "tool_executing" if "tool" in step else "agent_thinking")
    with gevent.Timeout(2):
        assert tab.ack(tab.cancel())["run_id"] == run_id
    assert tab.completed(run_id)["data"]["outcome"] == "cancelled"
    if "tool" in step:
        assert tab.of_run(run_id)[-2]["data"]["error"]["code"] == "cancelled"
    assert tab.completed(tab.run({"answer": "fine"}))["data"]["text"] == "fine"


@pytest.mark.parametrize("at_once", [1, 3])
def test_the_calls_that_an_agent_left_behind_end_with_its_run(make_house, at_once):
    ended = Queue()

    @tool(idempotent=True)
    def linger() -> None:
        """Stay for as long as one may."""
        try:
            hang()
        finally:
            ended.put("linger")

    class Impatient(Agent):
        name = "impatient"
        tools = (linger,)

        def run(self, turn):
            with gevent.Timeout(0.02, exception=False):
                turn.use_all([linger.call()] * at_once)
            return "without it"

    tab = make_house(agents=[Impatient]).tab()
    run_id = tab.run(text="x", agent="impatient")
    assert tab.completed(run_id)["data"]["text"] == "without it"
    assert [ended.get(timeout=5) for _ in range(at_once)] == ["linger"] * at_once
    codes = [event["data"]["error"]["code"] for event in tab.of_run(run_id) if event["type"] == "tool_completed"]
    assert codes == ["cancelled"] * at_once


def test_cancel_with_nothing_running_is_acked_with_null(tab):
    assert tab.ack(tab.cancel())["run_id"] is None
    run_id = tab.run({"answer": "x"})
    tab.completed(run_id)
    assert tab.ack(tab.cancel(run_id))["run_id"] is None


def test_cancel_that_clears_the_queue_ends_what_waits_as_well(tab):
    tab.run(HANG)
    waiting = tab.run({"answer": "x"})
    tab.ack(tab.cancel(queue="clear"))
    assert tab.wait_for_event(waiting, "message_dequeued")["data"] == {"reason": "cancelled"}


def test_a_crash_is_retried_once_and_shown(tab):
    run_id = tab.run({"crash": "boom", "until_attempt": 1}, {"answer": "second time lucky"})
    assert tab.completed(run_id)["data"] | {"duration_ms": 0} == {
        "outcome": "success",
        "text": "second time lucky",
        "duration_ms": 0,
        "attempts": 2,
    }
    assert kinds(tab.of_run(run_id)) == [
        "message_accepted",
        "agent_started",
        "agent_restarted",
        "agent_started",
        "agent_completed",
    ]
    assert tab.of_run(run_id)[2]["data"]["attempt"] == 2


@pytest.mark.parametrize("step", [{"crash": "boom"}, {"exit": True}])
def test_an_agent_that_always_crashes_ends_in_an_honest_error(tab, step):
    completed = tab.completed(tab.run(step))
    assert (completed["data"]["outcome"], completed["data"]["error"]["code"]) == ("error", "agent_crashed")
    assert completed["data"]["attempts"] == 2


def test_a_run_that_used_a_tool_that_must_not_run_twice_is_not_retried(tab):
    completed = tab.completed(tab.run({"tool": "charge", "arguments": {"amount": 5}}, {"crash": "boom"}))
    assert (completed["data"]["outcome"], completed["data"]["attempts"]) == ("error", 1)


def test_the_fourth_crash_in_a_window_restarts_the_session_and_the_user_still_gets_answers(house, tab):
    for _ in range(3):
        tab.completed(tab.run({"crash": "boom"}))
    tab.subscribe(0)
    assert house.actor().incarnation > 1
    assert tab.completed(tab.run({"answer": "still here"}))["data"]["text"] == "still here"


def test_a_bad_script_is_an_answer_not_a_crash(house, tab):
    completed = tab.completed(tab.run(text="not a script", agent="rehearsal"))
    assert completed["data"]["error"]["code"] == "bad_script"
    assert house.actor("agent").incarnation == 1


def test_a_run_out_of_time_is_stopped_and_says_so(make_house):
    tab = make_house(run_timeout=0.1).tab()
    completed = tab.completed(tab.run({"tool": "wait", "arguments": {"seconds": 60}}))
    assert completed["data"]["outcome"] == "timed_out"
    assert tab.completed(tab.run({"answer": "next"}))["data"]["text"] == "next"


def test_a_tool_out_of_time_fails_and_the_run_goes_on(make_house):
    tab = make_house(tool_timeout=0.05).tab()
    run_id = tab.run({"tool": "wait", "arguments": {"seconds": 60}}, {"answer": "went on"})
    assert tab.completed(run_id)["data"]["text"] == "went on"
    assert tab.wait_for_event(run_id, "tool_completed")["data"]["error"]["code"] == "timeout"


def test_a_silent_run_shows_that_it_lives_and_what_it_waits_for(make_house):
    tab = make_house(progress_after=0.05).tab()
    run_id = tab.run({"tool": "wait", "arguments": {"seconds": 60}})
    progress = tab.connection.wait_for_type("progress", 2)
    assert (progress["run_id"], progress["waiting_on"]) == (run_id, "tool:wait")
    assert progress["elapsed_ms"] >= 100


@pytest.mark.parametrize(
    ("call", "code"),
    [
        ({"tool": "crash", "arguments": {}}, "crashed"),
        ({"tool": "fail", "arguments": {"message": "no"}}, "failed"),
        ({"tool": "nobody", "arguments": {}}, "not_found"),
        ({"tool": "echo", "arguments": {"wrong": 1}}, "bad_arguments"),
    ],
)
def test_every_failed_call_has_its_begin_and_its_end(tab, call, code):
    run_id = tab.run(call, {"answer": "on"})
    assert tab.completed(run_id)["data"]["text"] == "on"
    executing, completed = tab.of_run(run_id)[2:4]
    assert (executing["type"], completed["type"]) == ("tool_executing", "tool_completed")
    assert completed["data"]["tool_call_id"] == executing["data"]["tool_call_id"]
    assert (completed["data"]["ok"], completed["data"]["error"]["code"]) == (False, code)
    assert "result" not in completed["data"]


def test_calls_run_side_by_side(tab):
    waits = [{"tool": "wait", "arguments": {"seconds": 0.2}} for _ in range(5)]
    completed = tab.completed(tab.run({"tools": waits}, {"answer": "x"}))
    assert completed["data"]["duration_ms"] < 900


def test_a_message_id_is_spent_once(tab):
    frame_id = tab.submit({"answer": "x"}, msg_id="m1")
    first = tab.ack(frame_id)
    tab.completed(first["run_id"])
    again = tab.ack(tab.submit({"answer": "x"}, msg_id="m1"))
    assert again | {"duplicate": False} == first | {"position": 0}
    assert again["duplicate"]
    assert tab.connection.types.count("message_accepted") == 1


def test_a_message_id_sent_twice_at_once_starts_one_run(house, tab):
    other = house.tab()
    one, two = tab.submit({"answer": "x"}, msg_id="m1"), other.submit({"answer": "x"}, msg_id="m1")
    assert tab.ack(one)["run_id"] == other.ack(two)["run_id"]
    assert {tab.ack(one)["duplicate"], other.ack(two)["duplicate"]} == {False, True}


def test_a_refused_message_does_not_spend_its_id(tab):
    running = tab.run(HANG)
    assert tab.refusal(tab.submit({"answer": "x"}, msg_id="m1", on_busy="reject")).code == "busy"
    tab.ack(tab.cancel(running))
    assert not tab.ack(tab.submit({"answer": "x"}, msg_id="m1"))["duplicate"]


def test_an_unknown_agent_is_not_found(tab):
    assert tab.refusal(tab.submit({"answer": "x"}, agent="nobody")).code == "not_found"


def test_an_agent_sees_earlier_messages_with_their_answers(make_house):
    class Historian(Agent):
        name = "historian"

        def run(self, turn):
            return " | ".join(f"{text}={answer}" for text, answer in turn.history)

    tab = make_house(agents=[Historian]).tab()
    tab.run(text="one", agent="historian")
    tab.run(text="two", agent="historian")
    assert tab.completed(tab.run(text="three", agent="historian"))["data"]["text"] == "one= | two=one="


def test_an_agent_that_returns_no_text_is_a_crash(make_house):
    class Mute(Agent):
        name = "mute"

        def run(self, turn):
            return None

    tab = make_house(agents=[Mute]).tab()
    assert tab.completed(tab.run(text="x", agent="mute"))["data"]["error"]["code"] == "agent_crashed"


def test_secrets_in_arguments_are_masked_for_showing_and_whole_for_the_tool(make_house):
    @tool
    def open_door(token: str) -> str:
        """Open."""
        return f"opened with {len(token)} letters"

    class Porter(Agent):
        name = "porter"
        tools = (open_door,)

        def run(self, turn):
            return turn.use(open_door, token="sesame")

    tab = make_house(agents=[Porter]).tab()
    run_id = tab.run(text="x", agent="porter")
    assert tab.completed(run_id)["data"]["text"] == "opened with 6 letters"
    assert tab.wait_for_event(run_id, "tool_executing")["data"]["arguments"] == {"token": "***"}


def test_an_agent_says_what_it_waits_for_while_it_uses_no_tool(make_house):
    class Oracle(Agent):
        name = "oracle"
        waits_on = "model"

        def run(self, turn):
            hang()

    tab = make_house(agents=[Oracle], progress_after=0.05).tab()
    tab.run(text="x", agent="oracle")
    assert tab.connection.wait_for_type("progress")["waiting_on"] == "model"


def test_a_call_whose_arguments_cannot_be_read_is_refused_on_record(make_house):
    class Mumbler(Agent):
        name = "mumbler"
        tools = (calculator,)

        def run(self, turn):
            return str(turn.use_all([Call(calculator, {}, problem="calculator: no JSON")])[0])

    tab = make_house(agents=[Mumbler]).tab()
    run_id = tab.run(text="x", agent="mumbler")
    assert tab.completed(run_id)["data"]["text"] == "calculator: no JSON"
    assert tab.wait_for_event(run_id, "tool_executing")["data"]["arguments"] == {}
    assert tab.wait_for_event(run_id, "tool_completed")["data"]["error"]["code"] == "bad_arguments"


def test_a_tool_for_other_roles_is_forbidden(make_house):
    @tool(roles=("operator",))
    def launch() -> str:
        """Launch."""
        return "launched"

    class Pilot(Agent):
        name = "pilot"
        tools = (launch,)

        def run(self, turn):
            return str(turn.use_all([launch.call()])[0].code)

    tab = make_house(agents=[Pilot]).tab()
    assert tab.completed(tab.run(text="x", agent="pilot"))["data"]["text"] == "forbidden"


def test_what_an_agent_and_its_tool_log_names_who_ran_it(make_house):
    named = {}

    @tool(idempotent=True)
    def note() -> None:
        """Keep what a line logged here would say."""
        named["tool"] = get_contextvars()

    class Clerk(Agent):
        name = "clerk"
        tools = (note,)

        def run(self, turn):
            named["agent"] = get_contextvars()
            turn.use(note)
            bind_contextvars(actor="mine")
            named["rebound"] = get_contextvars()["actor"]
            return "noted"

    tab = make_house(agents=[Clerk]).tab()
    run_id = tab.run(text="x", agent="clerk")
    tab.completed(run_id)
    call_id = tab.wait_for_event(run_id, "tool_executing")["data"]["tool_call_id"]
    assert named == {
        "agent": {"run_id": run_id, "actor": "session/u_1/s_1/agent", "incarnation": 1},
        "tool": {"run_id": run_id, "actor": f"session/u_1/s_1/tools/{call_id}", "incarnation": 1},
        "rebound": "mine",
    }


def test_a_thousand_chunks_without_a_pause_all_arrive(tab):
    text = "x" * 5000
    run_id = tab.run({"say": text, "chunks": 5000})
    assert tab.completed(run_id)["data"]["text"] == text
    deltas = [frame["text"] for frame in tab.connection.frames if frame["type"] == "message_delta"]
    assert "".join(deltas) == text


def test_an_idle_session_and_a_busy_one_say_what_they_are(house, tab):
    running = tab.run(HANG)
    assert house.actor().ask(Describe()) == "running"
    tab.ack(tab.cancel(running))
    assert house.actor().ask(Describe()) == "idle"
