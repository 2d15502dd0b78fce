"""``greenroom journal`` beside a running server, and on what one that was killed has left."""

import asyncio
import json
import signal

import pytest

from tests.system.client import on_stage
from tests.system.process import ServerProcess, run_greenroom

pytestmark = pytest.mark.system


async def journal(data_dir, *arguments):
    """Run ``greenroom journal``, which must go well; return its lines."""
    done = await asyncio.to_thread(run_greenroom, "journal", *arguments, "--data-dir", str(data_dir))
    assert (done.returncode, done.stderr) == (0, ""), done
    return done.stdout.splitlines()


async def test_logs_are_verified_shown_written_out_and_pruned_beside_a_running_server(launch):
    server = launch("--demo")
    async with on_stage(server) as client:
        ran = [await client.message({"tool": "echo", "arguments": {"value": 1}}, {"answer": "ok"}) for _ in range(3)]
        session_id = ran[0]["session_id"]
        await client.ended(ran[-1]["run_id"])
        while (await journal(server.data_dir, "prune", "--days", "0.000001", "--dry-run"))[-1].startswith(
            "would drop 0 "
        ):
            pass  # Until they have settled: an unfinished run keeps all that settles along with it.
        hanging = await client.message({"hang": True})
        await client.event("agent_started", hanging["run_id"])

        [verified] = await journal(server.data_dir, "verify")
        exported = [json.loads(line) for line in await journal(server.data_dir, "export", session_id)]
        shown = await journal(server.data_dir, "tail", session_id, "-n", "2", "--user", "demo")
        assert verified.endswith(", 1 unfinished run: all is well")
        assert exported[0]["username"] == "demo"
        assert exported[1:] == client.events(session_id=session_id)
        assert [line.split()[4] for line in shown] == ["message_accepted", "agent_started"]

        *_, dropped = await journal(server.data_dir, "prune", "--days", "0.000001")
        assert dropped.startswith("dropped ")
        assert not dropped.startswith("dropped 0 ")
        last = await client.message({"answer": "and on it goes"}, on_busy="interrupt")
        await client.ended(last["run_id"])
        [verified] = await journal(server.data_dir, "verify")
        assert verified.endswith(", 0 unfinished runs: all is well")
        kept = [json.loads(line) for line in await journal(server.data_dir, "export", session_id)]
        assert kept[0]["first_seq"] > 1
        assert kept[1:] == client.events(session_id=session_id)[kept[0]["first_seq"] - 1 :]
    assert server.faults() == []


async def test_what_a_killed_server_has_left_is_verified_before_and_after_the_next_one_takes_it_up(tmp_path):
    first = ServerProcess(tmp_path, "--demo")
    async with on_stage(first) as client:
        hanging = await client.message({"hang": True})
        await client.event("agent_started", hanging["run_id"])
        first.signal(signal.SIGKILL)
        await client.close_code()
    await asyncio.to_thread(first.wait)
    first.process.stdout.close()

    [verified] = await journal(tmp_path, "verify")
    assert verified.endswith(", 1 unfinished run: all is well")
    second = ServerProcess(tmp_path, "--demo")
    [verified] = await journal(tmp_path, "verify")
    assert verified.endswith(": all is well")
    assert await asyncio.to_thread(second.end) == 0


def test_logs_are_not_renewed_under_a_running_server(server):
    done = run_greenroom("journal", "renew", "--data-dir", str(server.data_dir))
    assert done.returncode != 0
    assert "is in use by another server" in done.stderr
