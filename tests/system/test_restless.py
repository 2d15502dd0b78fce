"""An agent that never lets the loop rest takes its share of the processor, and nothing else from anybody."""

import asyncio

import pytest

from tests.system.accounts import add_accounts
from tests.system.client import dial, seat

pytestmark = pytest.mark.system

TOML = 'agents = ["actors.agents.rehearsal:Rehearsal", "tests.system.agents:Restless"]\n'
TIMES = 10
PATIENCE = 20
"""In seconds, for all of them: where threads get nothing, a login alone takes two or more."""


@pytest.fixture(scope="module")
def server(launch):
    return launch("--demo", toml=TOML, prepare=lambda data_dir: add_accounts(data_dir, ["restless"]))


async def test_everybody_else_logs_in_and_is_answered(server):
    async with seat(server, "restless") as (client, session_id):
        ack = await client.request("message", session_id=session_id, agent="restless", text="begin")
        await client.event("agent_started", ack["run_id"])
        async with asyncio.timeout(PATIENCE):
            for _ in range(TIMES):
                login = await asyncio.to_thread(server.login, "demo", "demo")
                other = await dial(server, token=login.token)
                asked = await other.message({"answer": "there and back"})
                assert (await other.ended(asked["run_id"]))["data"]["text"] == "there and back"
                await other.close()
        await client.request("cancel", session_id=session_id)
        await client.ended(ack["run_id"])
