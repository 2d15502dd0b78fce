"""The log of a running server: whose each line is, and that it tells nobody's words."""

import asyncio
import json

import pytest

from tests.system.client import on_stage, script

pytestmark = pytest.mark.system

WORDS = "only-the-person-reads-this"
PASSWORD = "hunter2-of-nobody"


@pytest.fixture(scope="module")
def lines(launch):
    """What a server logs, at its most talkative, while one of everything goes wrong."""
    server = launch("--demo", toml='agents = ["tests.system.agents:Chatty"]\n[logs]\nlevel = "debug"\n')
    server.call("POST", "/v1/login", {"username": "demo", "password": PASSWORD})
    login = server.known("demo2")

    async def act():
        async with on_stage(server, "demo2") as client:
            tool = {"tool": "fail", "arguments": {"message": WORDS}}
            await client.perform({"think": WORDS}, tool, {"tool": "crash"}, {"say": WORDS}, {"crash": "x"})
            ack = await client.request("message", text=WORDS, agent="chatty")
            await client.ended(ack["run_id"])
            return client.welcome["default_session_id"], ack["run_id"]

    session_id, run_id = asyncio.run(act())
    body = {"threadId": "t", "runId": "r", "messages": [{"role": "user", "content": script({"say": WORDS})}]}
    server.call("POST", "/v1/agui", body | {"forwardedProps": {"agent": "rehearsal"}}, login.token)
    server.end()
    return server, login, session_id, run_id, [json.loads(line) for line in server.log.splitlines()]


def test_a_line_about_an_actor_says_whose_it_is(lines):
    _, login, session_id, _, found = lines

    ours = [line for line in found if str(line.get("actor", "")).startswith(f"session/{login.user_id}/{session_id}")]
    assert {line["event"] for line in ours} >= {"started", "crashed", "restarting", "tool_crashed"}
    for line in ours:
        assert (line["user_id"], line["session_id"]) == (login.user_id, session_id)
        assert line["incarnation"] >= 1


def test_what_an_agent_and_a_tool_log_names_their_run(lines):
    _, login, session_id, run_id, found = lines

    for event, part in (("agent speaks", "/agent"), ("tool speaks", "/tools/tc_"), ("tool insists", "/tools/tc_")):
        [line] = [line for line in found if line["event"] == event]
        assert (line["user_id"], line["session_id"], line["run_id"]) == (login.user_id, session_id, run_id)
        assert part in line["actor"]
        assert line["incarnation"] >= 1


def test_no_line_holds_what_was_said_or_a_secret(lines):
    server, login, *_ = lines

    for secret in (WORDS, PASSWORD, login.token, login.refresh_token):
        assert secret not in server.log
