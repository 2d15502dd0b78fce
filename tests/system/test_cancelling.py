"""Runs that are cancelled: while they hang, wait, or pause before a retry; and by several people at once."""

import asyncio
import time

import pytest

from actors.session.promises import check_log
from tests.system.client import on_stage, script
from tests.system.runs import HANG, hanging, kinds

pytestmark = pytest.mark.system


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
