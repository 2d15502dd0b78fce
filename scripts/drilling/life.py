"""The server's lives on one data directory."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from tests.system.process import ServerProcess, run_greenroom, spawn

if TYPE_CHECKING:
    from pathlib import Path

SETTINGS = """\
# What is drilled is kills: nobody is to run into a limit on the way, and all is to be there at the end.
[limits]
connections_per_user = 1000
sessions_per_user = 1000

[tokens]
access_ttl = 86400

[journal]
sync = "{sync}"
keep_events = 1000000000

[restart.agent]
max_restarts = 500
backoff = {{min = 0, max = 0}}
"""


class Life:
    """One life of the server, from a start that it survived; ``number`` counts them from 1."""

    def __init__(self, number: int, data_dir: Path, sync: str, port: int) -> None:
        """Start a server with that ``journal.sync`` and wait until it listens on that port; blocks.

        Raises:
            AssertionError: it doesn't start.
        """
        self.number = number
        self.ending = False
        self.over = False
        self.server = ServerProcess(data_dir, "--demo", "--port", str(port), toml=SETTINGS.format(sync=sync))

    def kill(self) -> None:
        """End it as nobody can prepare for."""
        self.ending = True
        self.server.kill()
        self.over = True

    async def drain_and_kill(self, seconds: float) -> None:
        """Tell it to drain, and kill it so many seconds later, whether it is done by then or not."""
        self.ending = True
        self.server.signal()
        await asyncio.sleep(seconds)
        self.kill()


def verify(data_dir: Path) -> None:
    """Have the logs audited as they lie on disk, whether a server runs or not; blocks.

    Raises:
        AssertionError: they don't hold what they must.
    """
    done = run_greenroom("journal", "verify", "--data-dir", str(data_dir))
    assert done.returncode == 0, f"the logs aren't as they must be:\n{done.stdout}{done.stderr}"


async def stillborn(data_dir: Path, seconds: float) -> None:
    """Start a server and kill it so many seconds later, whether it listens by then or not."""
    process = spawn(data_dir, "--demo")
    try:
        await asyncio.sleep(seconds)
    finally:
        process.kill()
        process.communicate()
