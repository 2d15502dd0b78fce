"""The librarian in a real server: its documents are Greenroom's own in a demo, and notes are each user's own."""

import asyncio
import re

import pytest

from tests.system.client import seat
from tests.system.process import run_greenroom

pytestmark = pytest.mark.system


async def ask(client, session_id, text):
    ack = await client.request("message", session_id=session_id, text=text)
    return (await client.ended(ack["run_id"]))["data"]["text"]


async def found(client, session_id, text):
    """Ask until the folder has been indexed."""
    for _ in range(100):
        answer = await ask(client, session_id, text)
        if not answer.startswith("I found nothing"):
            break
        await asyncio.sleep(0.1)
    return answer


async def test_a_demo_answers_from_greenrooms_own_documents(server):
    async with seat(server, "demo") as (client, session_id):
        answer = await found(client, session_id, "Does a disconnect cancel my run?")
    assert re.match(r"docs/[a-z-]+\.md:\d+\n> .*A disconnect cancels nothing", answer)


async def test_notes_outlive_the_server_and_are_nobody_elses(launch):
    server = launch("--demo")
    async with seat(server, "demo") as (mine, my_session):
        assert await ask(mine, my_session, "remember that the code is 1234") == 'I\'ll remember: "the code is 1234"'
    await asyncio.to_thread(server.restart)
    async with seat(server, "demo2") as (theirs, their_session):
        assert "nothing" in await ask(theirs, their_session, "what do you remember about the code")
        assert await ask(theirs, their_session, "forget everything") == "I have no such note."
    async with seat(server, "demo") as (mine, my_session):
        assert "the code is 1234" in await ask(mine, my_session, "what did I ask you to remember about the code?")


async def test_a_folder_of_the_settings_is_followed(launch, tmp_path):
    server = launch("--demo", toml=f"documents = '{tmp_path}'\n")
    async with seat(server, "demo") as (client, session_id):
        assert (await ask(client, session_id, "where are the oranges")).startswith("I found nothing about that")
        (tmp_path / "cargo.txt").write_text("The oranges are in the hold.\n")
        answer = await found(client, session_id, "where are the oranges")
    assert answer == "cargo.txt:1\n> The oranges are in the hold."


def test_a_folder_that_is_not_there_is_refused_at_the_start(tmp_path):
    done = run_greenroom("serve", "--data-dir", str(tmp_path), DOCUMENTS=str(tmp_path / "nowhere"))
    assert done.returncode == 2
    assert "nowhere' (GREENROOM_DOCUMENTS): there is no such folder" in done.stderr
