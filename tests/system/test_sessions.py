"""Sessions over HTTP: made, listed, read page by page, deleted, and no more of them than may be."""

import asyncio

import pytest

from actors.session.promises import check_log
from tests.system.client import on_stage
from tests.system.process import posted

pytestmark = pytest.mark.system
SESSION_FIELDS = {"session_id", "title", "created_at", "updated_at", "head_seq", "state"}


@pytest.fixture(scope="module")
def small(launch):
    """A server where everybody may have two sessions."""
    return launch("--demo", toml="[limits]\nsessions_per_user = 2\n")


async def test_a_session_is_made_listed_worked_in_and_deleted(server):
    login = server.known("demo")
    made = posted(server, "/v1/sessions", {"title": "A title \U0001f600"}, login.token)
    session_id = made.json["session_id"]

    def listed():
        return {kept["session_id"]: kept for kept in server.sessions(login)}.get(session_id)

    assert made.status == 201
    assert set(made.json) == SESSION_FIELDS
    assert made.json["title"] == "A title \U0001f600"
    assert (made.json["head_seq"], made.json["state"]) == (0, "passive")
    assert listed() == made.json
    async with on_stage(server) as client:
        run = await client.message({"hang": True}, session_id=session_id)
        await client.event("agent_started", run["run_id"])
        running = await asyncio.to_thread(listed)
        await client.request("cancel", session_id=session_id)
        idle = await asyncio.to_thread(listed)
    assert (running["state"], idle["state"], idle["head_seq"]) == ("running", "idle", 3)
    assert idle["updated_at"] >= made.json["created_at"] == idle["created_at"]
    assert type(idle["updated_at"]) is int

    assert server.call("DELETE", f"/v1/sessions/{session_id}", token=login.token).status == 204
    assert listed() is None
    assert server.call("DELETE", f"/v1/sessions/{session_id}", token=login.token).status == 404


def test_a_session_needs_no_title(server):
    token = server.known("demo").token
    for body in (None, {}, {"title": ""}):
        made = posted(server, "/v1/sessions", body, token)
        assert (made.status, made.json["title"]) == (201, "")


def test_the_session_beyond_the_limit_is_a_conflict_and_a_deletion_makes_room(small):
    server, login = small, small.login("demo")
    first = server.new_session(login)
    server.new_session(login)
    refused = posted(server, "/v1/sessions", {}, login.token)
    server.call("DELETE", f"/v1/sessions/{first}", token=login.token)

    assert refused.status == 409
    assert refused.error["code"] == "conflict"
    assert server.new_session(login)


async def test_the_default_session_counts_towards_the_limit(small):
    login = small.login("demo2")
    for _ in range(2):
        small.new_session(login)
    async with on_stage(small, login) as client:
        error = await client.refused("message", text="hello")

    assert error["code"] == "conflict"


async def test_events_come_in_pages_oldest_first_with_the_epoch_and_the_head(server, session):
    token = server.known("demo").token
    async with on_stage(server) as client:
        epoch = (await client.request("subscribe", session_id=session))["epoch"]
        events = await client.perform(*[{"think": str(number)} for number in range(120)], session_id=session)

    def page(query=""):
        return server.call("GET", f"/v1/sessions/{session}/events{query}", token=token).json

    first = page()
    assert set(first) == {"session_id", "epoch", "head_seq", "events"}
    assert (first["session_id"], first["epoch"], first["head_seq"]) == (session, epoch, len(events))
    assert first["events"] == events[:100]
    assert page("?after=5&limit=3")["events"] == events[5:8]
    assert page("?limit=1000")["events"] == events
    assert page(f"?after={len(events)}")["events"] == []
    assert page("?after=999999999")["events"] == []
    check_log(session, page("?limit=1000")["events"])


@pytest.mark.parametrize(
    "query",
    ["limit=0", "limit=1001", "limit=-1", "limit=ten", "limit=", "after=-1", "after=1.5", "after=", "after=%D9%A3"],
)
def test_a_page_that_cant_be_is_a_bad_request(server, session, query):
    path = f"/v1/sessions/{session}/events?{query}"
    answer = server.call("GET", path, token=server.known("demo").token)

    assert (answer.status, answer.error["code"]) == (400, "bad_request")
