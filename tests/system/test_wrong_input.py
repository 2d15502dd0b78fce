"""Whatever a client sends, it gets the error that the protocol names, and where it may the socket goes on."""

import asyncio
import json

import pytest

from tests.system.client import dial, on_stage, script

pytestmark = pytest.mark.system

DEEP = "[" * 20_000 + "]" * 20_000

# The frame, the error's code, and the id that the error answers.
BAD_FRAMES = {
    "bad json": ("{", "bad_request", None),
    "nothing": ("", "bad_request", None),
    "an array": ("[]", "bad_request", None),
    "a number": ("7", "bad_request", None),
    "a string": ('"message"', "bad_request", None),
    "null": ("null", "bad_request", None),
    "two objects": ('{"type":"ping"}{"type":"ping"}', "bad_request", None),
    "deep nesting": (DEEP, "bad_request", None),
    "a deep field": ('{"type":"ping","id":"a","t":' + DEEP + "}", "bad_request", None),
    "no type": ('{"id":"a"}', "bad_request", "a"),
    "a numeric type": ('{"type":7,"id":"a"}', "bad_request", "a"),
    "an unknown type": ('{"type":"shout","id":"a"}', "unknown_type", "a"),
    "an unknown type without an id": ('{"type":"shout"}', "unknown_type", None),
    "an event's type": ('{"type":"agent_completed","id":"a"}', "unknown_type", "a"),
    "an id of 65 characters": (json.dumps({"type": "ping", "id": "i" * 65}), "bad_request", None),
    "a numeric id": ('{"type":"ping","id":7}', "bad_request", None),
    "a message without a text": ('{"type":"message","id":"a"}', "bad_request", "a"),
    "a numeric text": ('{"type":"message","id":"a","text":7}', "bad_request", "a"),
    "a null text": ('{"type":"message","id":"a","text":null}', "bad_request", "a"),
    "an unknown on_busy": ('{"type":"message","id":"a","text":"x","on_busy":"wait"}', "bad_request", "a"),
    "a numeric session": ('{"type":"message","id":"a","text":"x","session_id":7}', "bad_request", "a"),
    "a long session id": (json.dumps({"type": "subscribe", "id": "a", "session_id": "s" * 65}), "bad_request", "a"),
    "a long message id": (
        json.dumps({"type": "message", "id": "a", "text": "x", "client_msg_id": "m" * 129}),
        *("bad_request", "a"),
    ),
    "an unknown session": ('{"type":"subscribe","id":"a","session_id":"s_none"}', "not_found", "a"),
    "a session of strange letters": (
        json.dumps({"type": "message", "id": "a", "text": "x", "session_id": "../\u0000/\U0001f600"}),
        *("not_found", "a"),
    ),
    "an unknown agent": ('{"type":"message","id":"a","text":"x","agent":"nobody"}', "not_found", "a"),
    "a numeric after": ('{"type":"subscribe","id":"a","after":7}', "bad_request", "a"),
    "an after without a seq": ('{"type":"subscribe","id":"a","after":{"epoch":"e"}}', "bad_request", "a"),
    "a fractional seq": ('{"type":"subscribe","id":"a","after":{"seq":1.5}}', "bad_request", "a"),
    "an unknown queue": ('{"type":"cancel","id":"a","queue":"drop"}', "bad_request", "a"),
    "a dequeue of nothing": ('{"type":"dequeue","id":"a"}', "bad_request", "a"),
    "an unsubscribe from elsewhere": ('{"type":"unsubscribe","id":"a","session_id":"s_none"}', "not_found", "a"),
    "an auth without a token": ('{"type":"auth","id":"a"}', "bad_request", "a"),
    "a bad renewal": ('{"type":"auth","id":"a","token":"nonsense"}', "unauthorized", "a"),
}


@pytest.mark.parametrize("wrong", BAD_FRAMES)
async def test_a_bad_frame_gets_its_error_and_the_socket_goes_on(server, session, wrong):
    raw, code, answered = BAD_FRAMES[wrong]
    async with on_stage(server) as client:
        # What is too deep for the server's reader is so for the client's own, too.
        await (client.socket.send(raw) if answered is None else client.send_raw(raw))
        error = await client.event("error")
        events = await client.perform({"answer": "goes on"}, session_id=session)

    assert error["code"] == code
    assert error.get("re") == answered
    assert ("re" in error) == (answered is not None)
    assert [frame["type"] for frame in client.frames].count("error") == 1
    assert events[-1]["data"]["text"] == "goes on"
    for inside in ("Traceback", ".py", "site-packages", "msgspec"):
        assert inside not in error["message"]


async def test_unknown_fields_are_ignored(server, session):
    async with on_stage(server) as client:
        events = await client.perform({"answer": "fine"}, session_id=session, colour="blue", run_id=7)

    assert events[-1]["data"]["text"] == "fine"


async def test_an_id_of_64_characters_is_answered_by_that_id(server):
    async with on_stage(server) as client:
        await client.send("ping", id="i" * 64, t=1)
        assert await client.answer("i" * 64) == {"type": "pong", "t": 1, "re": "i" * 64}


@pytest.mark.parametrize(
    "text",
    [
        "not json",
        "[]",
        '{"steps": 7}',
        '{"steps": [{}]}',
        '{"steps": [{"think": "a", "answer": "b"}]}',
        '{"steps": [{"sing": "la"}]}',
        '{"steps": [{"sleep_ms": "long"}]}',
    ],
)
async def test_a_bad_script_is_an_error_of_the_run_in_words(server, session, text):
    async with on_stage(server) as client:
        ack = await client.request("message", text=text, agent="rehearsal", session_id=session)
        end = await client.ended(ack["run_id"])

    assert end["data"]["outcome"] == "error"
    assert end["data"]["error"]["code"] == "bad_script"
    assert end["data"]["attempts"] == 1


async def test_any_text_survives_the_way_there_and_back(server, session):
    text = (
        'quote " backslash \\ null \u0000 tab \t newline \n separator \u2028 emoji \U0001f9d1‍\U0001f680 \ud7ff\ue000￿'
    )
    async with on_stage(server) as client:
        events = await client.perform({"say": text, "chunks": 3}, {"answer": text}, session_id=session)

    assert events[0]["data"]["text"] == script({"say": text, "chunks": 3}, {"answer": text})
    assert events[-1]["data"]["text"] == text
    assert server.events(server.known("demo"), session) == events


# What closes the socket.


async def test_a_binary_frame_closes_with_1003_and_no_bye(server):
    client = await dial(server, token=server.known("demo").token)
    await client.event("welcome")
    await client.send_raw(b'{"type":"ping"}')

    assert await client.close_code() == 1003
    assert [frame["type"] for frame in client.frames] == ["welcome"]


async def test_invalid_utf8_closes_with_1007_and_no_bye(server):
    client = await dial(server, token=server.known("demo").token)
    await client.event("welcome")
    await client.socket.send(b'{"type":"ping","t":"\xff"}', text=True)

    assert await client.close_code() == 1007
    assert [frame["type"] for frame in client.frames] == ["welcome"]


@pytest.mark.parametrize("frames", [1, 4])
async def test_a_message_that_is_too_big_closes_with_1009_over_however_many_frames(server, frames):
    client = await dial(server, token=server.known("demo").token)
    await client.event("welcome")
    pieces = ["x" * (65_537 // frames + 1)] * frames
    await client.socket.send(pieces if frames > 1 else pieces[0])

    assert await client.close_code() == 1009
    assert [frame["type"] for frame in client.frames] == ["welcome"]


async def test_a_message_of_just_the_size_is_taken(server, session):
    async with on_stage(server) as client:
        around = len(json.dumps({"type": "ping", "t": ""}))
        await client.send("ping", t="x" * (65_536 - around))
        assert len((await client.event("pong"))["t"]) == 65_536 - around


async def test_a_frame_in_pieces_is_one_frame(server):
    async with on_stage(server) as client:
        await client.socket.send(['{"type":"pi', 'ng","t":"\u00e9', '"}'])

        assert (await client.event("pong"))["t"] == "\u00e9"


async def test_a_close_of_the_client_is_answered_with_its_code(server):
    client = await dial(server, token=server.known("demo").token)
    await client.event("welcome")
    await client.socket.close(1001, "the page went away")

    assert await client.close_code() == 1001


async def test_one_clients_nonsense_closes_nobody_else(server, session):
    async with on_stage(server) as client:
        ack = await client.message(
            {"tool": "wait", "arguments": {"seconds": 0.3}}, {"answer": "ok"}, session_id=session
        )
        nonsense = [await dial(server, token=server.known("demo2").token) for _ in range(5)]
        for other in nonsense:
            await other.send_raw(b"\x00")
        codes = await asyncio.gather(*(other.close_code() for other in nonsense))
        end = await client.ended(ack["run_id"])

    assert codes == [1003] * 5
    assert end["data"]["text"] == "ok"
