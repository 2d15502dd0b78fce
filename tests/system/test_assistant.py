"""The assistant against a model server of another maker, over HTTP: what the person sees of it."""

import asyncio
import time
from itertools import pairwise

import pytest

from actors.testing.views import check_foreign
from tests.system.accounts import add_logins
from tests.system.client import on_stage, seat
from tests.system.models import KEY, SECRETS, Model, Wire, calling, discreet, refusing, said
from tests.system.process import ServerProcess

pytestmark = pytest.mark.system

POEM = " ".join(f"line {number} of a poem that is long enough to be seen coming," for number in range(40))
DROPS = " ".join(f"drop{number}" for number in range(200))
CROWD = 50

# What befalls each fifth of a crowd: the model is busy, stumbles, breaks off, takes its time, or is well.
TROUBLE = [
    lambda text, answer: [said(text, refusing(429, retryAfter=1), nth=0), said(text, {"content": answer})],
    lambda text, answer: [said(text, refusing(500), nth=0), said(text, {"content": answer})],
    lambda text, answer: [said(text, {"content": answer}, chunkSize=9, latency=20, truncateAfterChunks=8)],
    lambda text, answer: [said(text, {"content": answer}, streamingProfile={"ttft": 800, "tps": 50})],
    lambda text, answer: [said(text, {"content": answer}, chunkSize=9, latency=5)],
]

FIXTURES = [
    said("a poem", {"content": POEM, "usage": {"prompt_tokens": 40, "completion_tokens": 300}}, chunkSize=50),
    said("drip", {"content": DROPS}, chunkSize=6, latency=30),
    said("two and three", calling(("calculator", {"expression": "2+3"})), after_tools=False),
    said("two and three", {"content": "It is 5."}, after_tools=True),
    said("naps", calling(("nap", {"name": "first"}), ("nap", {"name": "second"}), text="I'll nap."), after_tools=False),
    said("naps", {"content": "Well rested.", "reasoning": "Both are over."}, after_tools=True),
    said("steps", calling(("calculator", {"expression": "6*7"})), step=0),
    said("steps", calling(("convert_units", {"value": 42, "source": "km", "target": "m"})), step=1),
    said("steps", {"content": "That is 42000 m."}, step=2),
    said("endless", calling(("calculator", {"expression": "1+1"}))),
    said("not JSON", calling(("calculator", '{"expression": "1+')), after_tools=False),
    said("no object", calling(("calculator", "[1]")), after_tools=False),
    said("misfit", calling(("calculator", {"expression": 7})), after_tools=False),
    said("no such tool", calling(("teleport", {"to": "Mars"})), after_tools=False),
    *(said(text, {"content": "I see."}, after_tools=True) for text in ("JSON", "object", "misfit", "such tool")),
    said("busy once", refusing(429, retryAfter=1), nth=0),
    said("busy once", {"content": "Now."}),
    said("busy for long", refusing(429, retryAfter=600)),
    said("stumbles", refusing(500), nth=0),
    said("stumbles", refusing(503), nth=1),
    said("stumbles", {"content": "Recovered."}),
    said("broken", refusing(500)),
    said("cut off", {"content": POEM}, chunkSize=50, latency=10, truncateAfterChunks=12),
    said("hesitates", {"content": "After a while."}, streamingProfile={"ttft": 900, "tps": 20}),
    said("says nothing", {"content": "Too late."}, streamingProfile={"ttft": 60_000}),
    said("too much", {"content": "It begins well", "finishReason": "length"}),
    said("forbidden", {"content": "It", "finishReason": "content_filter"}),
    said("my name is", {"content": "Hello, Ada."}),
    said("what's my name", {"content": "Ada."}),
    *(said(f"number {n:02}.", {"content": f"answer-{n:02}-" * 8}, chunkSize=9, latency=5) for n in range(CROWD)),
    *(
        fixture
        for n in range(CROWD)
        for fixture in TROUBLE[n % len(TROUBLE)](f"trouble {n:02}.", f"answer-{n:02}-" * 8)
    ),
    said("a page inside", calling(("fetch_url", {"url": "http://127.0.0.1/secret"})), after_tools=False),
    said("a page inside", {"content": "I may not."}, after_tools=True),
]

SETTINGS = """
tools = [
    "actors.tools.calculator:calculator", "actors.tools.convert_units:convert_units", "tests.system.agents:nap",
    "actors.tools.fetch_url:fetch_url",
]
[model]
name = "gpt-test"
base_url = "{url}/v1"
api_key = "{key}"
max_steps = 4
connect_timeout = 2
idle_timeout = 2
retries = 2
"""


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    model = Model(tmp_path_factory.mktemp("model"), FIXTURES, KEY)
    yield model
    model.end()


@pytest.fixture(scope="module")
def wire(model):
    wire = Wire(model.port)
    yield wire
    wire.end()


@pytest.fixture(scope="module")
def crowd():
    """The logins of the crowd; known once the house stands."""
    return []


@pytest.fixture(scope="module")
def house(tmp_path_factory, wire, crowd):
    def prepare(data_dir):
        crowd.extend(add_logins(data_dir, [f"user{number:02}" for number in range(CROWD)]))

    toml = SETTINGS.format(url=wire.url, key=KEY)
    server = ServerProcess(tmp_path_factory.mktemp("house"), "--demo", toml=toml, prepare=prepare)
    with discreet(server):
        yield server


async def tell(client, session_id, text):
    """Send a message and return its run's events, all of them."""
    ack = await client.request("message", session_id=session_id, text=text)
    completed = await client.ended(ack["run_id"])
    check_foreign(client.entries, SECRETS)
    return client.events(ack["run_id"]), completed["data"]


def named(events, kind):
    return [event["data"] for event in events if event["type"] == kind]


async def test_an_answer_is_seen_as_it_comes_and_what_it_took_is_counted(house):
    async with seat(house, "demo") as (client, session_id):
        events, completed = await tell(client, session_id, "a poem, please")

        deltas = [frame["text"] for frame in client.frames if frame["type"] == "message_delta"]
    assert completed["outcome"] == "success"
    assert completed["text"] == POEM == "".join(deltas)
    assert len(deltas) > 10
    assert completed["usage"] == {"input_tokens": 40, "output_tokens": 300}
    assert named(events, "agent_started")[0]["agent"] == "assistant"


async def test_a_tool_is_used_and_the_model_told_what_came_of_it(house, model):
    async with seat(house, "demo") as (client, session_id):
        events, completed = await tell(client, session_id, "two and three?")

    assert completed["text"] == "It is 5."
    (executed,) = named(events, "tool_completed")
    assert (executed["tool"], executed["ok"], executed["result"]) == ("calculator", True, 5)
    first, second = model.asked("two and three?")
    assert [tool["function"]["name"] for tool in first["tools"]] == ["calculator", "convert_units", "nap", "fetch_url"]
    asked, answered = second["messages"][-2:]
    assert answered == {"role": "tool", "tool_call_id": asked["tool_calls"][0]["id"], "content": "5"}


async def test_tools_that_are_asked_for_together_run_side_by_side(house):
    async with seat(house, "demo") as (client, session_id):
        events, completed = await tell(client, session_id, "two naps")

    kinds = [event["type"] for event in events if event["type"].startswith("tool_")]
    assert kinds == ["tool_executing"] * 2 + ["tool_completed"] * 2
    assert completed["text"] == "Well rested."
    thoughts = [data["thought"] for data in named(events, "agent_thinking")]
    assert "I'll nap." in thoughts
    assert "Both are over." in thoughts


async def test_a_model_may_go_on_in_steps(house, model):
    async with seat(house, "demo") as (client, session_id):
        events, completed = await tell(client, session_id, "in steps")

    assert completed["text"] == "That is 42000 m."
    assert [data["tool"] for data in named(events, "tool_completed")] == ["calculator", "convert_units"]
    steps = [data["step"] for data in named(events, "tool_executing")]
    assert all(earlier < later for earlier, later in pairwise(steps))
    assert [len(body["messages"]) for body in model.asked("in steps")] == [2, 4, 6]


async def test_a_model_that_never_comes_to_an_end_is_stopped(house, model):
    async with seat(house, "demo") as (client, session_id):
        events, completed = await tell(client, session_id, "endless")

    assert completed["error"]["code"] == "too_many_steps"
    assert len(model.asked("endless")) == 4
    assert len(named(events, "tool_completed")) == 3


@pytest.mark.parametrize(
    ("text", "tool", "code", "told"),
    [
        ("not JSON", "calculator", "bad_arguments", "aren't JSON"),
        ("no object", "calculator", "bad_arguments", "must be a JSON object"),
        ("misfit", "calculator", "bad_arguments", "expression"),
        ("no such tool", "teleport", "not_found", "teleport"),
    ],
)
async def test_a_call_that_is_none_is_on_record_and_the_model_told(house, model, text, tool, code, told):
    async with seat(house, "demo") as (client, session_id):
        events, completed = await tell(client, session_id, text)

    assert completed["text"] == "I see."
    assert [data["tool"] for data in named(events, "tool_executing")] == [tool]
    (executed,) = named(events, "tool_completed")
    assert executed["error"]["code"] == code
    answered = model.asked(text)[1]["messages"][-1]["content"]
    assert code in answered
    assert told in answered


async def test_a_model_that_is_busy_is_asked_again_when_it_said(house, model):
    async with seat(house, "demo") as (client, session_id):
        events, completed = await tell(client, session_id, "busy once")

    assert completed["text"] == "Now."
    assert completed["duration_ms"] >= 1000
    waits = [data["thought"] for data in named(events, "agent_thinking") if "again in" in data["thought"]]
    assert waits == ["The language model has too much to do. Trying again in 1 s."]


async def test_a_model_that_stumbles_is_asked_again(house, model):
    async with seat(house, "demo") as (client, session_id):
        events, completed = await tell(client, session_id, "stumbles")

    assert completed["text"] == "Recovered."
    assert len(model.asked("stumbles")) == 3
    assert len([data for data in named(events, "agent_thinking") if "again in" in data["thought"]]) == 1


@pytest.mark.parametrize(
    ("text", "code", "questions"),
    [
        ("busy for long", "model_busy", 1),
        ("broken", "model_failed", 3),
        ("says nothing", "model_silent", 1),
        ("nobody told it", "model_unknown", 1),
    ],
)
async def test_where_there_is_no_answer_the_person_reads_why(house, model, text, code, questions):
    async with seat(house, "demo") as (client, session_id):
        _, completed = await tell(client, session_id, text)

    assert (completed["outcome"], completed["error"]["code"]) == ("error", code)
    assert completed["duration_ms"] < 6000
    assert len(model.asked(text)) == questions


@pytest.mark.parametrize(
    ("text", "code", "begins"),
    [
        ("cut off", "model_cut_off", POEM[:100]),
        ("too much", "answer_too_long", "It begins well"),
        ("forbidden", "model_filtered", "It"),
    ],
)
async def test_of_an_answer_that_ends_too_early_there_is_what_came_and_the_reason(house, text, code, begins):
    async with seat(house, "demo") as (client, session_id):
        _, completed = await tell(client, session_id, text)

    assert (completed["outcome"], completed["error"]["code"]) == ("error", code)
    assert completed["text"].startswith(begins)
    assert completed["text"] != POEM


async def test_a_model_may_take_its_time(house):
    async with seat(house, "demo") as (client, session_id):
        _, completed = await tell(client, session_id, "hesitates")

    assert completed["text"] == "After a while."
    assert completed["duration_ms"] >= 900


async def test_the_model_is_told_what_was_said_before_in_the_session_and_nowhere_else(house, model):
    async with seat(house, "demo") as (client, session_id):
        await tell(client, session_id, "my name is Ada")
        await tell(client, session_id, "what's my name, here?")
    async with seat(house, "demo") as (client, session_id):
        await tell(client, session_id, "what's my name, elsewhere?")

    (here,), (elsewhere,) = model.asked("name, here?"), model.asked("name, elsewhere?")
    assert [message["content"] for message in here["messages"][1:]] == [
        "my name is Ada",
        "Hello, Ada.",
        "what's my name, here?",
    ]
    assert len(elsewhere["messages"]) == 2


async def test_a_cancel_closes_the_connection_to_the_model(house, wire):
    async with seat(house, "demo") as (client, session_id):
        ack = await client.request("message", session_id=session_id, text="drip")
        await client.event("message_delta", ack["run_id"])
        assert wire.open == 1

        began = time.monotonic()
        asked = await client.ask("cancel", session_id=session_id)
        closed = await asyncio.to_thread(wire.await_open, 0, 1.0)
        took = time.monotonic() - began
        crossed = wire.crossed
        await client.answer(asked)
        completed = await client.ended(ack["run_id"])

        assert closed, f"open after {took} s"
        # They would go on for six seconds.
        assert not await asyncio.to_thread(wire.await_more, crossed, 0.5)
        assert completed["data"]["outcome"] == "cancelled"
        assert 0 < len(completed["data"]["text"]) < len(DROPS)
        _, after = await tell(client, session_id, "two and three?")
        assert after["text"] == "It is 5."


async def test_a_cancel_closes_a_connection_on_which_nothing_came_yet(house, wire):
    async with seat(house, "demo") as (client, session_id):
        ack = await client.request("message", session_id=session_id, text="says nothing")
        assert await asyncio.to_thread(wire.await_open, 1, 5.0)

        asked = await client.ask("cancel", session_id=session_id)

        assert await asyncio.to_thread(wire.await_open, 0, 1.0)
        await client.answer(asked)
        assert (await client.ended(ack["run_id"]))["data"]["outcome"] == "cancelled"


async def test_fifty_people_at_once_each_get_their_own_answer(house, crowd):
    async def ask(number):
        async with on_stage(house, crowd[number]) as client:
            _, completed = await tell(client, client.welcome["default_session_id"], f"number {number:02}.")
            others = [f"answer-{other:02}-" for other in range(CROWD) if other != number]
            check_foreign(client.entries, others)
            return completed["text"]

    answers = await asyncio.gather(*map(ask, range(CROWD)))

    assert answers == [f"answer-{number:02}-" * 8 for number in range(CROWD)]


async def test_fifty_people_whose_model_stumbles_each_get_their_own_answer_or_the_reason(house, crowd):
    async def ask(number):
        async with on_stage(house, crowd[number]) as client:
            _, completed = await tell(client, client.welcome["default_session_id"], f"trouble {number:02}.")
            check_foreign(client.entries, [f"answer-{other:02}-" for other in range(CROWD) if other != number])
            return completed

    for number, completed in enumerate(await asyncio.gather(*map(ask, range(CROWD)))):
        answer = f"answer-{number:02}-" * 8
        if number % len(TROUBLE) == 2:
            assert completed["error"]["code"] == "model_cut_off"
            assert 0 < len(completed["text"]) < len(answer)
            assert answer.startswith(completed["text"])
        else:
            assert (completed["outcome"], completed["text"]) == ("success", answer)


async def test_a_page_that_is_not_public_is_not_fetched_for_a_model(house, model):
    async with seat(house, "demo") as (client, session_id):
        events, completed = await tell(client, session_id, "a page inside")

    assert [call["error"]["code"] for call in named(events, "tool_completed")] == ["not_public"]
    assert completed["text"] == "I may not."
    assert "not_public" in str(model.asked("a page inside")[1]["messages"][-1])
