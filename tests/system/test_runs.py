"""Cancelling, queueing, interrupting, sending twice: what becomes of messages in one session."""

import asyncio
import time

import pytest

from actors.session.promises import check_log
from actors.testing.views import check_connection
from tests.system.client import dial, on_stage, script

pytestmark = pytest.mark.system

HANG = {"hang": True}


async def hanging(client, session_id, *before):
    """Start a run that never ends by itself, and wait until it is under way."""
    ack = await client.message(*before, {"think": "about to hang"}, HANG, session_id=session_id)
    await client.event("agent_thinking", ack["run_id"])
    return ack["run_id"]


def kinds(events):
    return [event["type"] for event in events]


# Cancelling.


async def test_cancel_ends_a_hung_run_within_two_seconds_and_the_next_message_works(server, session):
    async with on_stage(server) as client:
        run_id = await hanging(client, session)
        began = time.monotonic()
        ack = await client.request("cancel", session_id=session)
        took = time.monotonic() - began
        before_ack = client.frames[: client.frames.index(ack)]
        events = await client.perform({"answer": "works"}, session_id=session)

    assert took < 2
    assert ack["run_id"] == run_id
    ends = [frame for frame in before_ack if frame["type"] == "agent_completed"]
    assert [(end["run_id"], end["data"]["outcome"]) for end in ends] == [(run_id, "cancelled")]
    assert events[-1]["data"]["text"] == "works"


async def test_cancel_closes_the_open_tool_calls_as_failed_before_the_end(server, session):
    async with on_stage(server) as client:
        waits = {"tools": [{"tool": "wait", "arguments": {"seconds": 60}}] * 3}
        run_id = (await client.message({"say": "so far"}, waits, session_id=session))["run_id"]
        third = [frame for frame in client.frames if frame["type"] == "tool_executing"]
        while len(third) < 3:
            await client.wait_for(lambda frame: frame["type"] == "tool_executing", since=len(client.entries))
            third = [frame for frame in client.frames if frame["type"] == "tool_executing"]
        await client.request("cancel", session_id=session, run_id=run_id)
        events = client.events(run_id)

    calls = [event["data"] for event in events if event["type"] == "tool_completed"]
    assert [(call["ok"], call["error"]["code"]) for call in calls] == [(False, "cancelled")] * 3
    assert events[-1]["data"]["outcome"] == "cancelled"
    assert events[-1]["data"]["text"] == "so far"


async def test_two_connections_that_cancel_one_run_are_both_acked(server, session):
    async with on_stage(server) as one, on_stage(server) as other:
        run_id = await hanging(one, session)
        acks = await asyncio.gather(*(client.request("cancel", session_id=session) for client in (one, other)))

    assert run_id in [ack["run_id"] for ack in acks]
    assert {ack["run_id"] for ack in acks} <= {run_id, None}
    assert kinds(one.events(run_id)).count("agent_completed") == 1


async def test_cancel_where_nothing_runs_is_acked_with_null(server, session):
    async with on_stage(server) as client:
        done = await client.perform({"answer": "done"}, session_id=session)

        assert (await client.request("cancel", session_id=session))["run_id"] is None
        assert (await client.request("cancel", session_id=session, run_id=done[0]["run_id"]))["run_id"] is None
        assert (await client.request("cancel", session_id=session, run_id="r_unknown"))["run_id"] is None


async def test_cancel_during_the_pause_before_a_retry_ends_the_run(server, session):
    async with on_stage(server) as client:
        run_id = (await client.message({"crash": "first", "until_attempt": 1}, HANG, session_id=session))["run_id"]
        await client.event("agent_restarted", run_id)
        assert (await client.request("cancel", session_id=session))["run_id"] == run_id
        events = await client.perform({"answer": "works"}, session_id=session)

    assert client.events(run_id)[-1]["data"]["outcome"] == "cancelled"
    assert events[-1]["data"]["outcome"] == "success"


async def test_cancel_keeps_the_queue_unless_it_is_told_to_clear_it(server, session):
    async with on_stage(server) as client:
        await hanging(client, session)
        kept = (await client.message({"answer": "kept"}, session_id=session))["run_id"]
        await client.request("cancel", session_id=session)
        assert (await client.ended(kept))["data"]["text"] == "kept"

        hung = await hanging(client, session)
        dropped = [(await client.message({"answer": "no"}, session_id=session))["run_id"] for _ in range(2)]
        await client.request("cancel", session_id=session, queue="clear")
        ends = [await client.ended(run_id) for run_id in dropped]

    assert [(end["type"], end["data"]) for end in ends] == [("message_dequeued", {"reason": "cancelled"})] * 2
    assert client.events(hung)[-1]["data"]["outcome"] == "cancelled"


async def test_cancel_of_a_waiting_run_takes_it_out_of_the_queue(server, session):
    async with on_stage(server) as client:
        hung = await hanging(client, session)
        waiting = (await client.message({"answer": "no"}, session_id=session))["run_id"]
        assert (await client.request("cancel", session_id=session, run_id=waiting))["run_id"] == waiting
        end = await client.ended(waiting)
        await client.request("cancel", session_id=session, run_id=hung)

    assert end["type"] == "message_dequeued"


async def test_many_cancels_and_messages_at_once_leave_no_promise_open(server, session):
    async with on_stage(server) as client:
        asked = []
        for _ in range(6):
            asked.append(await client.ask("message", text=script(HANG), agent="rehearsal", session_id=session))
            asked.append(await client.ask("cancel", session_id=session, queue="clear"))
        answers = [await client.answer(frame_id) for frame_id in asked]
        runs = [answer["run_id"] for answer in answers if "duplicate" in answer]
        ends = [await client.ended(run_id) for run_id in runs]

    assert len(ends) == 6
    check_log(session, client.events(session_id=session))


# A busy run.


async def test_a_ping_is_answered_while_a_run_is_busy(server, session):
    async with on_stage(server) as client:
        await hanging(client, session)
        began = time.monotonic()
        for number in range(100):
            await client.send("ping", t=number)
        named = await client.request("ping", t={"any": ["thing"]})
        took = time.monotonic() - began
        await client.request("cancel", session_id=session)
    pongs = [frame["t"] for frame in client.frames if frame["type"] == "pong"]

    assert pongs == [*range(100), {"any": ["thing"]}]
    assert named["type"] == "pong"
    assert took < 2


async def test_an_agent_that_spins_loses_nothing(server, session):
    others = server.new_session(server.known("demo2"))
    async with on_stage(server) as client, on_stage(server, "demo2") as other:
        spin = await client.ask(
            "message",
            session_id=session,
            agent="rehearsal",
            text=script({"think": "before"}, {"spin_ms": 700}, {"say": "after", "chunks": 5}),
        )
        steps = [{"tool": "echo", "arguments": {"value": number}} for number in range(20)]
        events = await other.perform(*steps, session_id=others)
        spun = await client.ended((await client.answer(spin))["run_id"])

    assert [event["data"]["result"] for event in events if event["type"] == "tool_completed"] == list(range(20))
    assert spun["data"]["text"] == "after"
    check_log(others, other.events(session_id=others))


# The queue.


async def test_messages_wait_in_order_and_are_told_their_places(server, session):
    async with on_stage(server) as client:
        await hanging(client, session)
        acks = [await client.message({"answer": str(number)}, session_id=session) for number in range(3)]
        standing = await client.request("subscribe", session_id=session, after={"seq": 0})
        await client.request("cancel", session_id=session)
        texts = [(await client.ended(ack["run_id"]))["data"]["text"] for ack in acks]

    assert [ack["position"] for ack in acks] == [1, 2, 3]
    assert [waiting["run_id"] for waiting in standing["queue"]] == [ack["run_id"] for ack in acks]
    assert texts == ["0", "1", "2"]
    started = [event["run_id"] for event in client.events() if event["type"] == "agent_started"]
    assert list(dict.fromkeys(started))[1:] == [ack["run_id"] for ack in acks]


async def test_reject_is_busy_while_a_run_is_under_way_and_runs_otherwise(server, session):
    async with on_stage(server) as client:
        await hanging(client, session)
        error = await client.refused("message", text="hi", session_id=session, on_busy="reject")
        await client.request("cancel", session_id=session)
        events = await client.perform({"answer": "now"}, session_id=session, on_busy="reject")

    assert (error["code"], error["temporary"]) == ("busy", True)
    assert events[-1]["data"]["text"] == "now"


async def test_interrupt_ends_the_running_run_and_goes_before_those_that_wait(server, session):
    async with on_stage(server) as client:
        hung = await hanging(client, session)
        waiting = (await client.message({"answer": "waited"}, session_id=session))["run_id"]
        ack = await client.message({"answer": "interrupted"}, session_id=session, on_busy="interrupt")
        await client.ended(waiting)

    assert ack["position"] == 0
    assert client.events(hung)[-1]["data"]["outcome"] == "cancelled"
    ends = [event["run_id"] for event in client.events() if event["type"] == "agent_completed"]
    assert ends == [hung, ack["run_id"], waiting]


async def test_interrupt_that_clears_the_queue_dequeues_what_waits_as_interrupted(server, session):
    async with on_stage(server) as client:
        await hanging(client, session)
        waiting = (await client.message({"answer": "waited"}, session_id=session))["run_id"]
        ack = await client.message({"answer": "only me"}, session_id=session, on_busy="interrupt", queue="clear")
        await client.ended(ack["run_id"])

    assert client.events(waiting)[-1]["data"] == {"reason": "interrupted"}
    assert client.events(ack["run_id"])[-1]["data"]["text"] == "only me"


async def test_interrupts_on_each_others_heels_each_come_to_one_end(server, session):
    async with on_stage(server) as client:
        await hanging(client, session)
        text = script({"sleep_ms": 20}, {"answer": "mine"})
        asked = [
            await client.ask("message", text=text, agent="rehearsal", session_id=session, on_busy="interrupt")
            for _ in range(6)
        ]
        acks = [await client.answer(frame_id) for frame_id in asked]
        assert [ack["type"] for ack in acks] == ["ack"] * 6
        last = await client.ended(acks[-1]["run_id"])
        for ack in acks:
            await client.ended(ack["run_id"])

    assert last["data"]["text"] == "mine"
    check_log(session, client.events(session_id=session))


async def test_the_21st_waiting_message_is_refused_and_its_id_isnt_spent(server, session):
    async with on_stage(server) as client:
        hung = await hanging(client, session)
        acks = [await client.message({"answer": "x"}, session_id=session) for _ in range(20)]
        error = await client.refused("message", text=script(), session_id=session, client_msg_id=f"21-{session}")
        await client.request("cancel", session_id=session, queue="clear", run_id=hung)
        again = await client.message({"answer": "now"}, session_id=session, client_msg_id=f"21-{session}")
        await client.ended(again["run_id"])

    assert [ack["position"] for ack in acks] == list(range(1, 21))
    assert (error["code"], error["temporary"]) == ("queue_full", True)
    assert again["duplicate"] is False


async def test_dequeue_takes_a_waiting_message_and_no_other(server, session):
    async with on_stage(server) as client:
        hung = await hanging(client, session)
        waiting = (await client.message({"answer": "no"}, session_id=session))["run_id"]
        await client.request("dequeue", run_id=waiting)
        end = await client.ended(waiting)
        running = await client.refused("dequeue", run_id=hung)
        again = await client.refused("dequeue", run_id=waiting)
        unknown = await client.refused("dequeue", run_id="r_unknown")
        await client.request("cancel", session_id=session)

    assert (end["type"], end["data"]) == ("message_dequeued", {"reason": "cancelled"})
    assert running["code"] == "conflict"
    assert again["code"] == unknown["code"] == "not_found"


# Sending twice.


async def test_a_message_id_sent_again_returns_the_same_run_and_starts_nothing(server, session):
    message = {"text": script({"think": "once"}, HANG), "agent": "rehearsal", "session_id": session}
    message["client_msg_id"] = f"again-{session}"
    async with on_stage(server) as client, on_stage(server) as other:
        first = await client.request("message", **message)
        await client.event("agent_thinking", first["run_id"])
        while_running = [await client.request("message", **message), await other.request("message", **message)]
        await client.request("cancel", session_id=session)
        afterwards = [await client.request("message", **message), await other.request("message", **message)]
        await client.perform({"answer": "still works"}, session_id=session)

    assert first["duplicate"] is False
    for again in (*while_running, *afterwards):
        assert (again["run_id"], again["session_id"], again["duplicate"]) == (first["run_id"], session, True)
    accepted = [event for event in server.events(server.known("demo"), session) if event["type"] == "message_accepted"]
    assert len(accepted) == 2


async def test_two_sends_with_one_message_id_at_once_start_one_run(server, session):
    message = {"text": script({"answer": "once"}), "agent": "rehearsal", "session_id": session}
    message["client_msg_id"] = f"at-once-{session}"
    clients = [await dial(server, token=server.known("demo").token) for _ in range(4)]
    await asyncio.gather(*(client.request("subscribe", session_id=session) for client in clients))
    acks = await asyncio.gather(*(client.request("message", **message) for client in clients for _ in range(2)))
    await clients[0].ended(acks[0]["run_id"])
    for client in clients:
        await client.close()
        check_connection(client.entries, owned=[session])

    assert len({ack["run_id"] for ack in acks}) == 1
    assert sorted(ack["duplicate"] for ack in acks) == [False] + [True] * 7
    assert kinds(server.events(server.known("demo"), session)).count("message_accepted") == 1


async def test_one_message_id_in_two_sessions_is_one_run(server, session):
    other = server.new_session(server.known("demo"))
    async with on_stage(server) as client:
        first = await client.message({"answer": "here"}, session_id=session, client_msg_id=f"both-{session}")
        await client.ended(first["run_id"])
        second = await client.message({"answer": "there"}, session_id=other, client_msg_id=f"both-{session}")

    assert (second["run_id"], second["session_id"], second["duplicate"]) == (first["run_id"], session, True)
    assert server.events(server.known("demo"), other) == []


# Ends of other kinds.


@pytest.fixture(scope="module")
def hurried(launch):
    """A server where runs and tools have little time, and whatever crashes twice is given up."""
    toml = """
        [timeouts]
        run = 0.4
        tool = 0.1
        [restart.agent]
        max_restarts = 1
        [restart.session]
        max_restarts = 1
    """
    return launch("--demo", toml=toml)


async def test_a_run_that_takes_too_long_is_timed_out_and_its_calls_are_closed(hurried):
    async with on_stage(hurried) as client:
        slow_tool = {"tool": "wait", "arguments": {"seconds": 60}}
        events = await client.perform({"say": "so far"}, slow_tool, HANG)
        again = await client.perform({"answer": "works"})

    tool = next(event["data"] for event in events if event["type"] == "tool_completed")
    assert (tool["ok"], tool["error"]["code"]) == (False, "timeout")
    assert (events[-1]["data"]["outcome"], events[-1]["data"]["text"]) == ("timed_out", "so far")
    assert 300 < events[-1]["data"]["duration_ms"] < 3_000
    assert again[-1]["data"]["outcome"] == "success"


async def test_a_session_that_crashes_too_often_ends_every_promise_and_closes_with_1011(hurried):
    session_id = hurried.new_session(hurried.known("demo2"))
    async with on_stage(hurried, "demo2") as client, on_stage(hurried, "demo2") as other:
        crash = {"text": script({"crash": "always"}), "agent": "rehearsal", "session_id": session_id}
        await other.perform({"answer": "fine"})
        await other.request("subscribe", session_id=session_id)
        asked = [await client.ask("message", **crash) for _ in range(6)]
        code = await client.close_code()
        error = await other.event("error")
        still = await other.perform({"answer": "still fine"})
    acks = [frame for frame in client.frames if frame.get("re") in asked]
    log = check_log(session_id, hurried.events(hurried.known("demo2"), session_id))
    ends = [event["data"] for event in log.events if event["type"] == "agent_completed"]

    assert code == 1011
    assert (client.frames[-1]["type"], client.frames[-1]["code"]) == ("bye", 1011)
    assert (error["code"], error["session_id"]) == ("internal", session_id)
    assert still[-1]["data"]["outcome"] == "success"
    assert len(acks) == len(asked)
    assert len(ends) == len([ack for ack in acks if ack["type"] == "ack"])
    assert ends[-1]["error"]["code"] == "session_failed"
    assert client.events() == log.events


async def test_a_long_silence_is_broken_by_progress(server, session):
    async with on_stage(server) as client:
        events = await client.perform({"tool": "wait", "arguments": {"seconds": 5.6}}, session_id=session)
    progress = [frame for frame in client.frames if frame["type"] == "progress"]

    assert len(progress) == 1
    assert progress[0]["run_id"] == events[0]["run_id"]
    assert progress[0]["waiting_on"] == "tool:wait"
    assert 4_900 < progress[0]["elapsed_ms"] < 7_000


async def test_a_crash_is_retried_and_then_told(server, session):
    async with on_stage(server) as client:
        events = await client.perform({"crash": "always"}, session_id=session)

    assert kinds(events) == [
        *("message_accepted", "agent_started", "agent_restarted", "agent_started", "agent_completed"),
    ]
    assert events[2]["data"]["attempt"] == events[3]["data"]["attempt"] == 2
    assert events[-1]["data"]["outcome"] == "error"
    assert events[-1]["data"]["attempts"] == 2


async def test_a_run_that_fails_ends_with_the_words_that_were_shown(server, session):
    async with on_stage(server) as client:
        events = await client.perform({"say": "almost"}, {"crash": "always"}, session_id=session)
    shown = [frame["text"] for frame in client.frames if frame["type"] == "message_delta"]

    assert shown == ["almost", "almost"]
    assert events[-1]["data"]["text"] == shown[-1]


@pytest.mark.parametrize("chunks", [1, 3, 10, 30])
async def test_a_run_that_is_cancelled_ends_with_the_words_that_were_shown(server, session, chunks):
    async with on_stage(server) as client:
        said = {"say": "word " * 100, "chunks": 100, "every_ms": 1}
        run_id = (await client.message(said, HANG, session_id=session))["run_id"]
        await client.wait_for(lambda frame: frame["type"] == "message_delta" and frame["offset"] >= 5 * (chunks - 1))
        await client.request("cancel", session_id=session)
    shown = "".join(frame["text"] for frame in client.frames if frame["type"] == "message_delta")

    assert client.events(run_id)[-1]["data"]["text"] == shown


async def test_a_run_isnt_retried_after_a_tool_that_isnt_idempotent(server, session):
    async with on_stage(server) as client:
        charge = {"tool": "charge", "arguments": {"amount": 5}}
        events = await client.perform(charge, {"crash": "after paying", "until_attempt": 1}, session_id=session)

    assert kinds(events).count("agent_started") == 1
    assert events[-1]["data"]["outcome"] == "error"


async def test_each_way_a_tool_can_fail_is_told_and_the_run_goes_on(server, session):
    steps = [
        {"tool": "fail", "arguments": {"message": "as asked"}},
        {"tool": "crash"},
        {"tool": "echo", "arguments": {}},
        {"tool": "echo", "arguments": {"value": 1, "more": 2}},
        {"tool": "nosuch"},
        {"answer": "went on"},
    ]
    async with on_stage(server) as client:
        events = await client.perform(*steps, session_id=session)
    calls = [event["data"] for event in events if event["type"] == "tool_completed"]

    codes = ["failed", "crashed", "bad_arguments", "bad_arguments", "not_found"]
    assert [call["error"]["code"] for call in calls] == codes
    assert kinds(events).count("tool_executing") == 5
    assert events[-1]["data"]["text"] == "went on"


async def test_secrets_are_masked_and_long_values_are_cut(server, session):
    value = {"password": "hunter2", "api_key": "k-1", "nested": {"Authorization": "Bearer x"}, "plain": "y" * 50_000}
    async with on_stage(server) as client:
        events = await client.perform({"tool": "echo", "arguments": {"value": value}}, session_id=session)
    shown = str([event["data"] for event in events if event["type"].startswith("tool_")])

    assert not [secret for secret in ("hunter2", "k-1", "Bearer x") if secret in shown]
    assert next(event for event in events if event["type"] == "tool_completed")["data"]["truncated"] is True
    assert len(shown) < 20_000
