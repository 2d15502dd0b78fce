"""The servers that are measured: ours, and what one would write by hand."""

from __future__ import annotations

import sys
import tempfile
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from scripts.bench.furnish import furnish
from scripts.bench.process import LOAD_CORE, ROOT, SERVER_CORE, Process, free_port, python
from scripts.bench.settings import TOML

if TYPE_CHECKING:
    from collections.abc import Iterator

PEERS = ROOT / "scripts" / "bench" / "peers"

OURS = "greenroom"
WSPROTO, UVICORN_WEBSOCKETS = "starlette+wsproto", "starlette+websockets"
STARLETTE = (WSPROTO, UVICORN_WEBSOCKETS)
"""Uvicorn has two bodies for WebSockets; of these the better one counts."""
WEBSOCKETS, NODE, SOCKETIO = "websockets", "node-ws", "flask-socketio"
ASYNCIO = (*STARLETTE, WEBSOCKETS)
ALL = (OURS, *ASYNCIO, NODE, SOCKETIO)

SOURCES = 5000
"""How many connections come from one loopback address, by a process of its own, at most: ports are finite."""


class Running(NamedTuple):
    """A server that takes connections."""

    process: Process
    port: int
    dialect: str


@contextmanager
def serving(name: str, sessions: int, events: int = 0) -> Iterator[Running]:
    """Have a server run, by its name; ours with so many sessions, each with a log of so many events."""
    if name != OURS:
        with peer(name) as running:
            yield running
        return
    with tempfile.TemporaryDirectory(prefix="greenroom-bench-") as place:
        furnish(Path(place), sessions, events)
        with greenroom(Path(place)) as running:
            yield running


@contextmanager
def greenroom(data_dir: Path) -> Iterator[Running]:
    """Have ours run on a data directory that is furnished."""
    port = free_port()
    (data_dir / "greenroom.toml").write_text(TOML)
    command = python("server", "serve", "--port", port, "--data-dir", data_dir)
    with Process(command, SERVER_CORE) as process:
        process.await_port(port)
        yield Running(process, port, "greenroom")


@contextmanager
def peer(name: str) -> Iterator[Running]:
    """Have a peer run, as its documentation sets it up."""
    port = free_port()
    with Process(_commands(port)[name], SERVER_CORE, cwd=PEERS) as process:
        process.await_port(port)
        yield Running(process, port, "socketio" if name == SOCKETIO else "plain")


def _commands(port: int) -> dict[str, list[str]]:
    uvicorn = python("uvicorn", "starlette_app:app", "--port", port, "--loop", "uvloop", "--log-level", "warning")
    return {
        WSPROTO: [*uvicorn, "--ws", "wsproto"],
        UVICORN_WEBSOCKETS: [*uvicorn, "--ws", "websockets"],
        WEBSOCKETS: [sys.executable, "websockets_server.py", str(port)],
        NODE: ["node", "ws_server.mjs", str(port)],
        SOCKETIO: [sys.executable, "socketio_app.py", str(port)],
    }


@contextmanager
def loaded(server: Running, connections: int, active: int, first: int = 0) -> Iterator[Process]:
    """Have connections to a server, of which some ask when told to; yield the process to tell.

    Those that only listen come from as many processes and loopback addresses as it takes. A load ends where it loses a
    connection.

    Raises:
        ProcessFailed: one of them isn't there any more at the end.
    """
    with ExitStack() as stack:
        idle = range(first + active, first + connections, SOURCES)
        crowds = [(min(SOURCES, first + connections - begin), 0, begin) for begin in idle]
        loads = [(active, active, first), *crowds] if active else crowds
        processes = []
        for number, (count, asking, begin) in enumerate(loads):
            source = f"127.0.{number // 200}.{2 + number % 200}"
            arguments = (server.dialect, server.port, count, asking, begin, source)
            processes.append(stack.enter_context(Process(python("scripts.bench.load", *arguments), LOAD_CORE)))
        for process in processes:
            process.await_ready()
        yield processes[0]
        for process in processes:
            process.check()
