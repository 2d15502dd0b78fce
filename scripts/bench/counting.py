"""Counts what a turn, a session and an actor take, in things that no busy machine makes more: prints JSON.

    python -m scripts.bench.counting turns|sessions|actors

Run as a program, in a process of its own: it sees every call, and every switch between greenlets, from the start.
"""

import sqlite3
import sys
from collections import Counter
from socket import SocketType
from types import FrameType
from typing import Any

import greenlet

COUNTS: Counter[str] = Counter()
NAMED = {
    **dict.fromkeys(("send", "sendall", "sendmsg"), "socket_sends"),
    **dict.fromkeys(("recv", "recv_into"), "socket_reads"),
    **dict.fromkeys(("execute", "executemany"), "sql_statements"),
}
"""What methods of sockets and of database connections are counted as."""
COMMIT = "CommitTable.commit"


def _on_call(frame: FrameType, kind: str, called: Any) -> None:
    if kind == "call":
        COUNTS["python_calls"] += 1
        if frame.f_code.co_qualname == COMMIT:
            COUNTS["commits"] += 1
    elif kind == "c_call":
        COUNTS["c_calls"] += 1
        if called.__name__ in NAMED:
            COUNTS[NAMED[called.__name__]] += isinstance(called.__self__, SocketType | sqlite3.Connection)


def _on_switch(_kind: str, _greenlets: object) -> None:
    COUNTS["greenlet_switches"] += 1


# Before any greenlet is there: each inherits the hook from the one that starts it.
sys.setprofile(_on_call if "sessions" not in sys.argv else None)
greenlet.settrace(_on_switch)

from gevent import monkey  # noqa: E402 - the reason above

monkey.patch_all()

import gc  # noqa: E402
import json  # noqa: E402
import os  # noqa: E402
import tempfile  # noqa: E402
import tracemalloc  # noqa: E402
from collections.abc import Callable, Iterator  # noqa: E402
from contextlib import contextmanager  # noqa: E402
from pathlib import Path  # noqa: E402

from gevent import subprocess  # noqa: E402
from gevent.socket import wait_read  # noqa: E402

from actors.runtime.runtime import Runtime  # noqa: E402
from config.logs import set_up  # noqa: E402
from config.settings import Logs  # noqa: E402
from scripts.bench.furnish import furnish  # noqa: E402
from scripts.bench.probes import Ours  # noqa: E402
from scripts.bench.settings import settings  # noqa: E402
from server.app import Server  # noqa: E402
from server.journal import lull  # noqa: E402

TOGETHER = 50
WARM, SESSIONS, ACTORS = 100, 300, 1000


# Where every call is counted a turn takes three times as long: what is done together mustn't depend on that.
lull.MOST_SECONDS = 1.0


class Client:
    """The other process, which is told what to do over pipes."""

    def __init__(self, port: int, connections: int, first: int) -> None:
        """Have it connect; blocks this greenlet until it has."""
        self._answers, theirs = os.pipe()
        command = [sys.executable, "-m", "scripts.bench.batches", *map(str, (port, connections, first))]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=theirs)
        os.close(theirs)
        self._wait("ready")

    def ask(self) -> None:
        """Have each connection ask once; blocks this greenlet until all are answered.

        All questions are there before the server sees the first one: what it does together doesn't depend on how fast
        they come.
        """
        assert self._process.stdin is not None
        self._process.stdin.write(b"\n")
        self._process.stdin.flush()
        assert os.read(self._answers, 100) == b"asked\n"  # Blocks the hub as well.
        self._wait("answered")

    def _wait(self, word: str) -> None:
        wait_read(self._answers)
        assert os.read(self._answers, 100) == f"{word}\n".encode()

    def end(self) -> None:
        """End the process."""
        self._process.kill()
        self._process.wait()
        os.close(self._answers)


@contextmanager
def serving(sessions: int) -> Iterator[int]:
    """Have a server run in this process; yield its port."""
    with tempfile.TemporaryDirectory(prefix="greenroom-count-") as place:
        furnish(Path(place), sessions)
        server = Server(settings(Path(place)))
        server.start()
        yield int(server.url.rpartition(":")[2])
        server.stop()


def turns() -> dict[str, float]:
    """Count a turn that is alone, and one of fifty side by side."""
    found = {}
    with serving(1 + TOGETHER) as port:
        for name, connections, first, batches in (("alone", 1, 0, 100), ("together", TOGETHER, 1, 10)):
            client = Client(port, connections, first)
            client.ask()
            for kind, number in _counted(client.ask, batches).items():
                found[f"{kind}_{name}"] = number / connections
            client.end()
    return found


def sessions() -> dict[str, float]:
    """Count the bytes of a session that somebody is connected to and nobody uses."""
    with serving(WARM + SESSIONS) as port:
        tracemalloc.start()
        clients = [Client(port, WARM, first=0)]
        held = _traced(lambda: clients.append(Client(port, SESSIONS, first=WARM)), SESSIONS)
        for client in clients:
            client.end()
    return {"bytes_idle": held}


def actors() -> dict[str, float]:
    """Count an ask, a spawn with its stop, and the bytes of an actor that idles."""
    runtime = Runtime.default()
    ref = runtime.start(Ours)
    found = {f"{kind}_ask": number for kind, number in _counted(lambda: ref.ask("?"), ACTORS).items()}
    spawned = _counted(lambda: runtime.start(Ours).stop(), ACTORS)
    found |= {f"{kind}_spawn_and_stop": number for kind, number in spawned.items()}
    sys.setprofile(None)
    tracemalloc.start()
    kept: list[object] = []

    def start() -> None:
        kept.extend(runtime.start(Ours) for _ in range(ACTORS))
        runtime.start(Ours).ask("?")  # Behind them all in the run queue.

    found["bytes_idle"] = _traced(start, ACTORS)
    return found


def _counted(work: Callable[[], object], times: int) -> dict[str, float]:
    """Return what was counted while something was done so often, each time after the first."""
    work()
    COUNTS.clear()
    for _ in range(times):
        work()
    return {kind: number / times for kind, number in sorted(COUNTS.items())}


def _traced(work: Callable[[], object], times: int) -> float:
    gc.collect()
    before = tracemalloc.get_traced_memory()[0]
    work()
    gc.collect()
    return (tracemalloc.get_traced_memory()[0] - before) / times


KINDS = {"turns": turns, "sessions": sessions, "actors": actors}

if __name__ == "__main__":
    set_up(Logs())
    counted = {name: round(number, 2) for name, number in KINDS[sys.argv[1]]().items()}
    print(json.dumps(counted))  # noqa: T201 - what the one who counts reads
