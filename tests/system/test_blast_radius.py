"""What one person's agent and tools break is theirs: everybody else's logs are as if it had never happened."""

import asyncio

import pytest

from tests.system.accounts import add_accounts
from tests.system.client import script, seat

pytestmark = pytest.mark.system

BYSTANDERS = [f"bystander{number}" for number in range(10)]
AGENTS = [
    f"tests.system.agents:{name}" for name in ("Leaker", "BlockedLeaker", "Victim", "Leaver", "Liar", "Swallower")
]
SETTINGS = f"agents = {['actors.agents.librarian:Librarian', *AGENTS]!r}\n[limits]\nsessions_per_user = 10000\n"
VARYING = ("duration_ms", "queued_ms", "deadline_ms", "retry_in_ms", "tool_call_id")


@pytest.fixture(scope="module")
def server(launch):
    names = ["culprit", *BYSTANDERS]
    return launch("--demo", toml=SETTINGS, prepare=lambda data_dir: add_accounts(data_dir, names))


def bystander_scripts(name):
    slow = [{"tool": "wait", "arguments": {"seconds": 0.02}}, {"think": f"{name} goes on"}] * 8
    return [
        script({"think": f"{name} begins"}, *slow, {"tool": "echo", "arguments": {"value": name}}, {"answer": name}),
        script({"crash": "once", "until_attempt": 1}, {"say": f"{name} is back", "chunks": 3, "every_ms": 10}),
        script(*slow, {"tool": "crash"}, {"tool": "fail", "arguments": {"message": name}}, {"answer": "done"}),
    ]


async def stand_by(server, name):
    """Work through the scripts and return the log without what differs from time to time."""
    async with seat(server, name) as (client, session_id):
        for text in bystander_scripts(name):
            ack = await client.request("message", text=text, agent="rehearsal", session_id=session_id)
            await client.ended(ack["run_id"])
        events = client.events()
    kept = [{key: value for key, value in event["data"].items() if key not in VARYING} for event in events]
    return [(event["seq"], event["type"], data) for event, data in zip(events, kept, strict=True)]


async def all_stand_by(server):
    return dict(zip(BYSTANDERS, await asyncio.gather(*(stand_by(server, name) for name in BYSTANDERS)), strict=True))


def deed(agent, *steps):
    return {"agent": agent, "text": script(*steps)}


DEEDS = {
    "exit": deed("rehearsal", {"exit": True}),
    "crash": deed("rehearsal", {"crash": "always"}),
    "tool crash": deed("rehearsal", {"tool": "crash"}, {"answer": "survived"}),
    "big": deed("rehearsal", {"tool": "big", "arguments": {"bytes": 1_000_000}}, {"answer": "survived"}),
    **{agent: deed(agent) for agent in ("leaker", "blocked-leaker", "victim", "leaver", "liar")},
}


async def misbehave(server, stop):
    """Do everything that is bad, over and over, until told to stop; return the ends of the runs by what was done."""
    ends = {}
    while not stop.is_set() or not ends:
        # A session each: one that crashes again and again is brought back ever more slowly.
        for name, message in DEEDS.items():
            async with seat(server, "culprit") as (client, session_id):
                ack = await client.request("message", session_id=session_id, **message)
                ends[name] = (await client.ended(ack["run_id"]))["data"]
        async with seat(server, "culprit") as (client, session_id):
            waits = [{"tool": "wait", "arguments": {"seconds": 60}}] * 3
            hung = await client.message({"tools": waits}, session_id=session_id)
            await client.event("tool_executing", hung["run_id"])
            await client.request("cancel", session_id=session_id)
            ends["hang"] = (await client.ended(hung["run_id"]))["data"]
    return ends


async def test_bystanders_see_exactly_what_they_would_without_the_faults(server):
    calm = await all_stand_by(server)
    stop = asyncio.Event()
    culprit = asyncio.create_task(misbehave(server, stop))
    stormy = await all_stand_by(server)
    stop.set()
    ends = await culprit

    for name in BYSTANDERS:
        assert stormy[name] == calm[name]
    outcomes = {name: end["outcome"] for name, end in ends.items()}
    assert outcomes == {
        "exit": "error",
        "crash": "error",
        "tool crash": "success",
        "big": "success",
        "hang": "cancelled",
        "leaker": "success",
        "blocked-leaker": "success",
        "victim": "success",
        "leaver": "error",
        "liar": "error",
    }
    assert ends["exit"]["error"]["code"] == "agent_crashed"
    assert ends["blocked-leaker"]["attempts"] == ends["victim"]["attempts"] == 2


async def test_the_process_outlives_every_fault(server):
    async with seat(server, "culprit") as (client, session_id):
        await client.perform({"exit": True}, session_id=session_id)

    assert server.process.poll() is None
    assert server.call("GET", "/readyz").status == 200


async def test_a_leaked_timeout_strikes_nobody_who_comes_later(server):
    async with seat(server, "culprit") as (client, session_id), seat(server, BYSTANDERS[0]) as (other, others):
        leaks = [await client.ask("message", text="go", agent="leaker", session_id=session_id) for _ in range(10)]
        events = await other.perform(
            *[{"tool": "wait", "arguments": {"seconds": 0.03}}] * 10, {"answer": "unharmed"}, session_id=others
        )
        for frame_id in leaks:
            run_id = (await client.answer(frame_id))["run_id"]
            assert (await client.ended(run_id))["data"]["outcome"] == "success"

    assert events[-1]["data"]["text"] == "unharmed"
    assert events[-1]["data"]["attempts"] == 1
    assert all(event["data"]["ok"] for event in events if event["type"] == "tool_completed")


async def test_an_agent_that_swallows_its_end_ends_all_the_same(server):
    async with seat(server, "culprit") as (client, session_id):
        ack = await client.request("message", text="go", agent="swallower", session_id=session_id)
        await client.event("agent_started", ack["run_id"])
        assert (await client.request("cancel", session_id=session_id))["run_id"] == ack["run_id"]
        events = await client.perform({"answer": "the next one works"}, session_id=session_id)

    assert events[-1]["data"]["text"] == "the next one works"


async def test_no_fault_is_told_with_a_stack_or_a_path(server):
    async with seat(server, "culprit") as (client, session_id):
        await client.perform({"crash": "a secret of the code"}, {"tool": "crash"}, session_id=session_id)
        for agent in ("leaver", "liar", "victim"):
            ack = await client.request("message", text="go", agent=agent, session_id=session_id)
            await client.ended(ack["run_id"])
    shown = "\n".join(str(entry.frame) for entry in client.entries if not entry.sent)
    faults = [event["data"] for event in client.events() if "error" in event["data"]]

    assert faults
    for trace in ("Traceback", 'File "', "/actors/", ".py", "greenlet"):
        assert trace not in shown
    assert "a secret of the code" not in str(faults)
