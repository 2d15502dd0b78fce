"""Messages that wait, interrupt, are taken out again, or are sent twice: each comes to one end, in its order."""

import asyncio

import pytest

from actors.session.promises import check_log
from actors.testing.views import check_connection
from tests.system.client import dial, on_stage, script
from tests.system.runs import HANG, hanging, kinds

pytestmark = pytest.mark.system

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
