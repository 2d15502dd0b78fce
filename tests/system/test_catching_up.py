"""Whoever comes back, from wherever, at whatever moment, gets exactly the rest; or is told that it isn't kept."""

import asyncio
import json
import sqlite3
import time
from contextlib import closing

import pytest

from actors.testing.views import check_connection, event_bytes
from tests.system.client import dial, dial_narrowly, on_stage
from tests.system.process import run_greenroom
from tests.system.wire import Wire, framed

pytestmark = pytest.mark.system

TOML = """
    agents = ["tests.system.agents:Novelist"]
    [limits]
    message_bytes = 1048576
    messages_per_second = 10000
    message_burst = 10000
    [timeouts]
    write = 600
    dead_after = 600
"""
SAID = "Ein \U0001f3ad f\u00fcr die B\u00fchne. " * 10
TICK = {"tool": "wait", "arguments": {"seconds": 0.001}}
BIG = {"answer": "x" * 200 * 1024}


@pytest.fixture(scope="module")
def server(launch):
    """A server without haste."""
    return launch("--demo", toml=TOML)


def thoughts(count):
    return [{"think": f"thought {number}"} for number in range(count)]


# In the middle of an answer.


async def resubscribe(client, session, until):
    """Subscribe over and over, as a page does that is reloaded all the time; return how often."""
    times = 0
    while not until.done():
        await client.request("subscribe", session_id=session, after={"seq": 0})
        times += 1
    return times


def words_shown(client):
    """Return the answer as a page shows it that begins with each ``partial`` and adds what follows."""
    shown = ""
    for frame in client.frames:
        if frame["type"] == "ack" and frame.get("partial"):
            assert frame["partial"]["text"].startswith(shown)
            shown = frame["partial"]["text"]
        elif frame["type"] == "message_delta":
            assert frame["offset"] == len(shown)
            shown += frame["text"]
    return shown


async def test_a_page_that_is_reloaded_at_any_moment_of_an_answer_shows_all_of_it(server, session):
    async with on_stage(server) as writer, on_stage(server) as one, on_stage(server) as other:
        said = {"say": SAID, "chunks": 200, "every_ms": 3}
        ack = await writer.message(said, session_id=session)
        over = asyncio.create_task(writer.ended(ack["run_id"]))
        times = await asyncio.gather(*(resubscribe(client, session, over) for client in (one, other)))
        for client in (one, other):
            await client.ended(ack["run_id"])
    partials = {frame["partial"]["text"] for frame in one.frames if frame.get("partial")}

    assert min(times) > 100
    assert len(partials) > 50
    assert [words_shown(client) for client in (writer, one, other)] == [SAID] * 3


# However much it is.


async def test_an_answer_of_megabytes_is_shown_and_shown_again(server, session):
    async with on_stage(server) as client, on_stage(server) as back:
        ack = await client.request("message", text="write", agent="novelist", session_id=session)
        end = await client.ended(ack["run_id"])
        await back.request("subscribe", session_id=session, after={"seq": 0})
        again = await back.ended(ack["run_id"])

    assert len(end["data"]["text"]) == 3_000_000
    assert again == end


async def test_a_queue_of_long_messages_is_told_whole(server, session):
    texts = [f"{number} " + "x" * 64_000 for number in range(20)]
    async with on_stage(server) as client, on_stage(server) as back:
        await client.message({"hang": True}, session_id=session)
        for text in texts:
            await client.request("message", text=text, agent="rehearsal", session_id=session)
        standing = await back.request("subscribe", session_id=session)
        await client.request("cancel", session_id=session, queue="clear")

    assert [waiting["text"] for waiting in standing["queue"]] == texts


# From everywhere.


async def test_a_resume_from_each_of_a_thousand_events_gets_exactly_the_rest(server, session):
    async with on_stage(server) as client:
        epoch = (await client.request("subscribe", session_id=session))["epoch"]
        await client.perform(*thoughts(997), session_id=session)
    texts = event_bytes(client.entries, session)
    assert list(texts) == list(range(1, 1001))
    frames = [framed(text if isinstance(text, bytes) else text.encode()) for text in texts.values()]
    began = time.monotonic()
    await asyncio.gather(
        *(asyncio.to_thread(resume_from, server, session, epoch, frames, range(lane, 1001, 4)) for lane in range(4))
    )

    assert time.monotonic() - began < 30


def resume_from(server, session, epoch, frames, places):
    """Resume after each of those seqs on one connection; what comes must be the rest of the frames, byte for byte."""
    wire = Wire(server, server.known("demo"))
    whole = memoryview(b"".join(frames))
    ends = [0]
    for frame in frames:
        ends.append(ends[-1] + len(frame))
    for place in places:
        wire.send(type="subscribe", id=f"{place}", session_id=session, after={"epoch": epoch, "seq": place})
        ack = json.loads(wire.frame())
        assert (ack["re"], ack["recovered"], ack["head_seq"]) == (f"{place}", True, len(frames))
        assert wire.read(ends[-1] - ends[place]) == whole[ends[place] :]
    wire.send(type="ping", id="last")
    assert json.loads(wire.frame())["type"] == "pong"
    wire.close()


async def resume_often(client, session, epoch, times):
    """Resume from what was seen last, over and over, while more comes."""
    for _ in range(times):
        seen = max((event["seq"] for event in client.events()[-5:]), default=0)
        await client.request("subscribe", session_id=session, after={"epoch": epoch, "seq": seen})


async def test_a_thousand_resumes_that_race_with_what_happens_miss_nothing_and_repeat_nothing(server, session):
    async with on_stage(server) as writer, on_stage(server) as one, on_stage(server) as other:
        epoch = (await writer.request("subscribe", session_id=session, after={"seq": 0}))["epoch"]
        ack = await writer.message(*[TICK] * 15_000, {"hang": True}, session_id=session)
        await asyncio.gather(*(resume_often(client, session, epoch, 500) for client in (one, other)))
        await writer.request("cancel", session_id=session)
        ends = await asyncio.gather(*(client.ended(ack["run_id"]) for client in (writer, one, other)))
    views = [event_bytes(client.entries, session) for client in (writer, one, other)]

    assert [end["data"]["outcome"] for end in ends] == ["cancelled"] * 3
    assert list(views[0]) == list(range(1, ends[0]["seq"] + 1))
    assert views[1] == views[2] == views[0]


# From memory and from disk.


def moved(server, session):
    """Return the last seq that is in the tables, 0 where none is."""
    with closing(sqlite3.connect(server.data_dir / "greenroom.db")) as database:
        (seq,) = database.execute("SELECT max(last_seq) FROM segments WHERE session_id = ?", (session,)).fetchone()
    return seq or 0


def until_moved(server, session, seq):
    """Wait until that much of the log has moved to where it is kept."""
    deadline = time.monotonic() + 15
    while moved(server, session) < seq:
        assert time.monotonic() < deadline
        time.sleep(0.02)


async def test_a_log_of_which_a_part_is_on_disk_and_a_part_isnt_is_read_as_one(server, session):
    login = server.known("demo")
    async with on_stage(server) as client, on_stage(server) as back:
        events = await client.perform(*thoughts(300), session_id=session)
        await asyncio.to_thread(until_moved, server, session, len(events))
        on_disk = len(events)
        while on_disk == len(events):  # A busy machine may be overtaken by the next move.
            events += await client.perform(*thoughts(50), session_id=session)
            pages = [await asyncio.to_thread(server.events, login, session, page) for page in (17, 100, 1000)]
            asked_at = len(back.frames)
            await back.request("subscribe", session_id=session, after={"seq": 0})
            await back.ended(events[-1]["run_id"])
            on_disk = moved(server, session)

    assert 0 < on_disk < len(events)
    assert pages == [events] * 3
    assert [frame for frame in back.frames[asked_at:] if "seq" in frame] == events


# What isn't kept.


def prune(server, keep):
    """Drop all but the last events of each session, from beside the server."""
    done = run_greenroom("journal", "prune", "--events", f"{keep}", "--data-dir", str(server.data_dir))
    assert done.returncode == 0, done.stderr


async def test_a_resume_from_before_what_is_kept_is_told_so_and_begins_at_the_oldest(server, session):
    async with on_stage(server) as client:
        epoch = (await client.request("subscribe", session_id=session))["epoch"]
        events = await client.perform(*thoughts(600), session_id=session)
        await asyncio.to_thread(until_moved, server, session, len(events))
        await asyncio.to_thread(prune, server, 100)
        kept = await asyncio.to_thread(server.events, server.known("demo"), session)
        again = await client.perform({"answer": "goes on"}, session_id=session)
    oldest = kept[0]["seq"]
    acks, seen = zip(
        *[
            await replayed(server, session, {"epoch": epoch, "seq": seq}, again[-1]["seq"])
            for seq in (0, 5, oldest - 2, oldest - 1, oldest)
        ],
        strict=True,
    )
    rest = [*kept, *again]

    assert 100 <= len(kept) < len(events)
    assert kept == events[-len(kept) :]
    assert [ack["recovered"] for ack in acks] == [False, False, False, True, True]
    assert list(seen) == [rest, rest, rest, rest, rest[1:]]


async def replayed(server, session, after, head_seq):
    """Return the ack and the events of a resume; where some are gone, its own checker doesn't know which."""
    client = await dial(server, token=server.known("demo").token)
    ack = await client.request("subscribe", session_id=session, after=after)
    await client.wait_for(lambda frame: frame.get("seq") == head_seq)
    await client.close()
    return ack, client.events()


async def test_a_reader_so_slow_that_what_it_needs_is_gone_is_told_to_come_back(server, session):
    slow = await dial_narrowly(server, server.known("demo"))
    epoch = (await slow.request("subscribe", session_id=session))["epoch"]
    slow.socket.transport.pause_reading()
    async with on_stage(server) as client:
        for _ in range(40):
            events = await client.perform(BIG, session_id=session)
        await asyncio.to_thread(until_moved, server, session, events[-1]["seq"])
        await asyncio.to_thread(prune, server, 3)
    slow.socket.transport.resume_reading()
    code = await slow.close_code()
    seen = slow.events()
    ack, rest = await replayed(server, session, {"epoch": epoch, "seq": len(seen)}, events[-1]["seq"])

    assert code == 4010
    assert (slow.frames[-1]["type"], slow.frames[-1]["code"], slow.frames[-1]["reconnect"]) == ("bye", 4010, True)
    assert seen == client.events()[: len(seen)]
    assert len(seen) < len(client.events())
    assert ack["recovered"] is False
    assert rest == client.events()[-len(rest) :]
    check_connection(slow.entries)
