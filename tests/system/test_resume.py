"""Tabs, disconnects, reloads: whoever comes back gets exactly what was missed, or is told that it can't be had."""

import asyncio

import pytest

from actors.testing.views import check_connection, check_same, event_bytes
from tests.system.client import dial_narrowly, on_stage

pytestmark = pytest.mark.system

THINKING = [{"think": f"thought {number}"} for number in range(10)]


def seqs(client, session_id):
    return [event["seq"] for event in client.events(session_id=session_id)]


async def test_two_tabs_see_the_same_bytes(server, session):
    async with on_stage(server) as one, on_stage(server) as other:
        await other.request("subscribe", session_id=session)
        events = await one.perform(*THINKING, {"say": "done", "chunks": 4}, session_id=session)
        await other.ended(events[0]["run_id"])

    views = [event_bytes(client.entries, session) for client in (one, other)]
    assert views[0] == views[1]
    assert sorted(views[0]) == list(range(1, len(events) + 1))
    deltas = [[frame for frame in client.frames if frame["type"] == "message_delta"] for client in (one, other)]
    assert deltas[0] == deltas[1]


async def test_a_disconnect_doesnt_disturb_a_run_and_the_resume_gets_exactly_the_rest(server, session):
    async with on_stage(server) as first:
        standing = await first.request("subscribe", session_id=session)
        steps = [*THINKING, {"tool": "wait", "arguments": {"seconds": 0.2}}, *THINKING, {"answer": "made it"}]
        run_id = (await first.message(*steps, session_id=session))["run_id"]
        await first.event("tool_executing", run_id)
        first.socket.transport.abort()
    seen = first.events()[-1]["seq"]

    async with on_stage(server) as second:
        after = {"epoch": standing["epoch"], "seq": seen}
        ack = await second.request("subscribe", session_id=session, after=after)
        end = await second.ended(run_id)

    assert ack["recovered"] is True
    assert ack["active_run"]["run_id"] == run_id
    assert end["data"]["text"] == "made it"
    assert end["data"]["attempts"] == 1
    assert seqs(second, session) == list(range(seen + 1, end["seq"] + 1))


async def test_resuming_over_and_over_in_the_middle_of_a_run_loses_nothing_and_repeats_nothing(server, session):
    async with on_stage(server) as sender:
        epoch = (await sender.request("subscribe", session_id=session))["epoch"]
        steps = [{"tool": "wait", "arguments": {"seconds": 0.01}}] * 40
        run_id = (await sender.message(*steps, {"answer": "end"}, session_id=session))["run_id"]
        seen: dict[int, bytes | str] = {}
        over = False
        while not over:
            async with on_stage(server) as client:
                since = max(seen, default=0)
                await client.request("subscribe", session_id=session, after={"epoch": epoch, "seq": since})
                await client.wait_for(lambda frame, since=since: frame.get("seq", 0) >= since + 8 or is_end(frame))
            new = event_bytes(client.entries, session)
            assert not seen.keys() & new.keys()
            seen |= new
            over = any(is_end(event) for event in client.events())
        await sender.ended(run_id)

    check_same([seen, event_bytes(sender.entries, session)])
    assert list(seen) == seqs(sender, session)


def is_end(frame):
    return frame["type"] == "agent_completed"


async def test_a_page_reloaded_in_the_middle_of_an_answer_gets_all_of_it(server, session):
    said = "Ein \U0001f3ad für die Bühne. " * 5
    async with on_stage(server) as first:
        run_id = (await first.message({"say": said, "chunks": 30, "every_ms": 10}, session_id=session))["run_id"]
        await first.wait_for(lambda frame: frame["type"] == "message_delta" and frame["offset"] > 20)
        async with on_stage(server) as reloaded:
            ack = await reloaded.request("subscribe", session_id=session, after={"seq": 0})
            end = await reloaded.ended(run_id)
    partial = ack["partial"]
    deltas = [frame for frame in reloaded.frames if frame["type"] == "message_delta"]

    assert partial["run_id"] == run_id
    assert len(partial["text"]) > 20
    assert partial["text"] + "".join(delta["text"] for delta in deltas) == said == end["data"]["text"]
    assert deltas[0]["offset"] == len(partial["text"])


async def test_partial_begins_anew_with_each_attempt(server, session):
    steps = [{"say": "lost words"}, {"crash": "once", "until_attempt": 1}, {"sleep_ms": 300}, {"answer": "end"}]
    async with on_stage(server) as client:
        run_id = (await client.message(*steps, session_id=session))["run_id"]
        await client.wait_for(lambda frame: frame["type"] == "agent_started" and frame["data"]["attempt"] == 2)
        await client.wait_for(
            lambda frame: frame["type"] == "message_delta", since=index_of(client, "agent_started", attempt=2)
        )
        standing = await client.request("subscribe", session_id=session, after={"seq": 0})
        await client.ended(run_id)

    assert standing["partial"] == {"run_id": run_id, "text": "lost words"}
    assert [frame["offset"] for frame in client.frames if frame["type"] == "message_delta"] == [0, 0]


def index_of(client, kind, attempt):
    return next(
        index
        for index, entry in enumerate(client.entries)
        if not entry.sent and entry.frame["type"] == kind and entry.frame["data"]["attempt"] == attempt
    )


@pytest.mark.parametrize(
    ("epoch", "seq"),
    [("wrong", 3), ("wrong", 0), (None, 3), ("right", 1_000), ("right", -1), ("right", 10**40)],
)
async def test_what_cant_be_resumed_is_said_and_everything_comes_from_the_start(server, session, epoch, seq):
    async with on_stage(server) as client:
        right = (await client.request("subscribe", session_id=session))["epoch"]
        events = await client.perform(*THINKING, session_id=session)
    after = {"seq": seq} if epoch is None else {"epoch": right if epoch == "right" else epoch, "seq": seq}
    async with on_stage(server) as back:
        ack = await back.request("subscribe", session_id=session, after=after)
        await back.ended(events[0]["run_id"])

    assert ack["recovered"] is False
    assert (ack["epoch"], ack["head_seq"]) == (right, len(events))
    assert back.events() == events


@pytest.mark.parametrize("with_epoch", [True, False])
async def test_seq_0_is_everything_with_the_epoch_or_without_one(server, session, with_epoch):
    async with on_stage(server) as client:
        epoch = (await client.request("subscribe", session_id=session))["epoch"]
        events = await client.perform(*THINKING, session_id=session)
    async with on_stage(server) as back:
        after = {"seq": 0, "epoch": epoch} if with_epoch else {"seq": 0}
        ack = await back.request("subscribe", session_id=session, after=after)
        await back.ended(events[0]["run_id"])

    assert ack["recovered"] is True
    assert back.events() == events
    assert (ack["active_run"], ack["partial"], ack["queue"]) == (None, None, [])


async def test_whoever_is_up_to_date_gets_nothing_again(server, session):
    async with on_stage(server) as client:
        epoch = (await client.request("subscribe", session_id=session))["epoch"]
        events = await client.perform(*THINKING, session_id=session)
    async with on_stage(server) as back:
        after = {"epoch": epoch, "seq": len(events)}
        ack = await back.request("subscribe", session_id=session, after=after)
        more = await back.perform({"answer": "more"}, session_id=session)

    assert ack["recovered"] is True
    assert back.events() == more


async def test_without_after_only_what_comes_from_now_on_is_shown(server, session):
    async with on_stage(server) as client:
        events = await client.perform(*THINKING, session_id=session)
        async with on_stage(server) as late:
            ack = await late.request("subscribe", session_id=session)
            more = await client.perform({"answer": "more"}, session_id=session)
            await late.ended(more[0]["run_id"])

    assert ack["head_seq"] == len(events)
    assert late.events() == more


async def test_whoever_unsubscribes_sees_no_more_of_the_session_until_subscribing_again(server, session):
    other = server.new_session(server.known("demo"))
    async with on_stage(server) as client, on_stage(server) as watcher:
        await watcher.request("subscribe", session_id=session)
        await watcher.request("subscribe", session_id=other)
        await watcher.request("unsubscribe", session_id=session)
        events = await client.perform(*THINKING, session_id=session)
        await client.perform({"answer": "here"}, session_id=other)
        await watcher.event("agent_completed")
        assert watcher.events(session_id=session) == []
        await watcher.request("subscribe", session_id=session, after={"seq": 0})
        await watcher.ended(events[0]["run_id"])

    assert watcher.events(session_id=session) == events


async def test_subscribing_twice_shows_nothing_twice(server, session):
    async with on_stage(server) as client:
        await client.request("subscribe", session_id=session)
        await client.request("subscribe", session_id=session)
        events = await client.perform(*THINKING, session_id=session)

    assert seqs(client, session) == [event["seq"] for event in events]


async def test_a_tab_that_doesnt_read_costs_the_others_nothing_and_catches_up_to_every_event(server, session):
    # More than the kernel keeps for a connection: the server's side must fill up and fall behind.
    steps = [{"tool": "big", "arguments": {"bytes": 100_000}}] * 900
    slow = await dial_narrowly(server, server.known("demo"))
    await slow.request("subscribe", session_id=session)
    slow.socket.transport.pause_reading()
    async with on_stage(server) as client:
        events = [event for _ in range(4) for event in await client.perform(*steps, session_id=session)]
    slow.socket.transport.resume_reading()
    await slow.ended(events[-1]["run_id"])
    await slow.close()

    check_connection(slow.entries, owned=[session])
    assert slow.events() == events


async def test_a_long_log_is_read_page_by_page_and_replayed_whole(server, session):
    async with on_stage(server) as client:
        events = await client.perform(*[{"think": f"{number}"} for number in range(400)], session_id=session)
    async with on_stage(server) as back:
        await back.request("subscribe", session_id=session, after={"seq": 0})
        await back.ended(events[0]["run_id"])
    paged = await asyncio.to_thread(server.events, server.known("demo"), session, 37)

    assert back.events() == events == paged


async def test_a_deleted_session_is_told_to_those_who_watch_and_is_gone(server, session):
    async with on_stage(server) as client:
        ack = await client.message({"hang": True}, session_id=session)
        await client.event("agent_started", ack["run_id"])
        token = server.known("demo").token
        deleted = await asyncio.to_thread(server.call, "DELETE", f"/v1/sessions/{session}", token=token)
        error = await client.event("error")
        again = await client.refused("subscribe", session_id=session)
        elsewhere = await client.perform({"answer": "the socket lives"})

    assert deleted.status == 204
    assert (error["code"], error["session_id"]) == ("not_found", session)
    assert again["code"] == "not_found"
    assert elsewhere[-1]["data"]["outcome"] == "success"
    assert server.call("GET", f"/v1/sessions/{session}/events", token=token).status == 404
