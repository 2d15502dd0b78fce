"""Whoever does what the pages say, word by word in a clean clone, gets what they show."""

import asyncio
from types import SimpleNamespace

import pytest

from tests.system.client import on_stage
from tests.system.manual import Command, File, Terminal, clone, steps
from tests.system.process import ServerProcess

pytestmark = pytest.mark.system


@pytest.fixture
def terminal(tmp_path):
    terminal = Terminal(clone(tmp_path))
    yield terminal
    terminal.close()


def test_whoever_starts_as_the_page_says_sees_what_it_shows(terminal):
    todo = steps("start.md")
    assert sum(isinstance(step, Command) and bool(step.shown) for step in todo) == 6
    terminal.follow(todo)


def test_whoever_builds_the_pages_agent_gets_its_answer(terminal):
    todo = steps("build-an-agent.md")
    assert [step.name for step in todo if isinstance(step, File)] == ["mycompany_agents.py", "greenroom.toml"]
    assert sum(isinstance(step, Command) and bool(step.shown) for step in todo) == 3
    terminal.follow(todo)


async def test_a_backup_of_a_busy_server_is_restored_as_the_page_says(terminal):
    data = terminal.folder / ".greenroom"
    *restore, serve = steps("operate.md", "Restore")
    server = await asyncio.to_thread(ServerProcess, data, "--demo")
    try:
        async with on_stage(server, "demo") as client:
            kept = await client.perform({"answer": "kept"})
            long = await client.message({"sleep_ms": 500}, {"answer": "under way"})
            await asyncio.to_thread(terminal.follow, steps("operate.md", "Backup"))
            await client.ended(long["run_id"])
            lost = await client.perform({"answer": "lost"})
            epoch = (await client.request("subscribe"))["epoch"]
    finally:
        await asyncio.to_thread(server.end)

    await asyncio.to_thread(terminal.follow, restore)
    line = await asyncio.to_thread(terminal.serve, serve.text)
    restored = SimpleNamespace(ws_url=f"ws://127.0.0.1:{terminal.port}/v1/ws", trust=None)
    assert terminal.port in line
    # The key is the old one, so a token of before is good.
    async with on_stage(restored, server.known("demo")) as client:
        # So that the log is as long as it was: the old cursor fits, but into other events.
        await client.ended((await client.request("message", text="12*7"))["run_id"])
        caught_up = await client.request("subscribe", after={"epoch": epoch, "seq": lost[-1]["seq"]})
        assert caught_up["recovered"] is False
        assert (await client.ended(kept[0]["run_id"]))["data"]["text"] == "kept"
        ended = await client.ended(long["run_id"])
        assert ended["data"]["text"] == "under way" or ended["data"]["error"]["code"] == "server_restarted"
        assert lost[0]["run_id"] not in {event["run_id"] for event in client.events()}
