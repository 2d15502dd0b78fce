"""One session, before a death and after it: the log must go on as if there had been none."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from actors.session.promises import TERMINAL, Log, check_acked, check_log
from actors.testing.views import acked_runs, check_same, event_bytes
from tests.system.client import Client, Frame, on_stage
from tests.system.process import ServerProcess


class Watch:
    """A connection that has seen a session's log from its start."""

    def __init__(self, client: Client, session_id: str, user: str, epoch: str) -> None:
        self.client = client
        self.session_id = session_id
        self.user = user
        self.epoch = epoch

    @property
    def seen(self) -> dict[int, bytes | str]:
        """The events by seq, byte for byte."""
        return event_bytes(self.client.entries, self.session_id)

    @property
    def ended(self) -> dict[str, Frame]:
        """The last events of the runs that were seen to end, by run."""
        return {event["run_id"]: event for event in self.client.events() if event["type"] in TERMINAL}

    @property
    def place(self) -> dict[str, str | int]:
        """Where to resume."""
        return {"epoch": self.epoch, "seq": max(self.seen, default=0)}


@asynccontextmanager
async def watching(server: ServerProcess, session_id: str, user: str = "demo") -> AsyncIterator[Watch]:
    """Connect and watch a session's log from its start."""
    async with on_stage(server, user) as client:
        ack = await client.request("subscribe", session_id=session_id, after={"seq": 0})
        yield Watch(client, session_id, user, ack["epoch"])


@asynccontextmanager
async def resuming(server: ServerProcess, before: Watch) -> AsyncIterator[tuple[Client, Frame]]:
    """Connect and resume where another connection stopped; at the end check that the two saw one log.

    By then every run must be over.
    """
    async with on_stage(server, before.user) as client:
        ack = await client.request("subscribe", session_id=before.session_id, after=before.place)
        assert (ack["recovered"], ack["epoch"]) == (True, before.epoch), ack
        yield client, ack
        await asyncio.to_thread(check_continuous, server, before, client)


def check_continuous(server: ServerProcess, before: Watch, after: Client) -> Log:
    """Check that both connections together saw the whole log, each event once, and that it keeps every promise."""
    events = server.events(server.known(before.user), before.session_id)
    log = check_log(before.session_id, events)
    resumed = event_bytes(after.entries, before.session_id)
    assert [*before.seen, *resumed] == [event["seq"] for event in events]
    assert [*before.client.events(session_id=before.session_id), *after.events(session_id=before.session_id)] == events
    check_same([before.seen, resumed])
    for client in (before.client, after):
        check_acked(log, acked_runs(client.entries, before.session_id))
    return log
