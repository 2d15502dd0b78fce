"""The load, in a process of its own: connections of which some ask again and again, at once or after a pause.

    python -m scripts.bench.load DIALECT PORT CONNECTIONS ACTIVE [FIRST [SOURCE]]

It says ``ready`` when all connections are there. Then it answers each line of its standard input, the seconds to ask
for and those of the pause between an answer and the next question, with a line of JSON: what the active connections
saw. The others, and all of them between two lines, only answer the server's pings. ``FIRST`` is the number of the
first connection, which tells whose session it is; ``SOURCE`` the loopback address that they come from.
"""

import json
import resource
import selectors
import sys
import time
from collections import deque
from collections.abc import Iterable, Iterator
from typing import Any

from scripts.bench.dialects import COMPLETED, DIALECTS, Dialect
from scripts.bench.wire import READ_BYTES

STALLED_SECONDS = 60.0


class Tab:
    """One connection."""

    __slots__ = ("_answer", "_asked_at", "_dialect", "_question", "_socket")

    def __init__(self, dialect: Dialect, index: int, source: str) -> None:
        """Connect; blocks until the server has greeted."""
        self._socket = dialect.connect(index, source)
        self._dialect = dialect
        self._question = dialect.question(index)
        self._answer = b""
        self._asked_at = 0.0

    def fileno(self) -> int:
        """Return what a selector watches."""
        return self._socket.fileno()

    def ask(self) -> None:
        """Ask, and note when."""
        self._answer = b""
        self._asked_at = time.perf_counter()
        self._socket.sendall(self._question)

    def read(self) -> float | None:
        """Read what is there; return how many seconds the turn took where that ends it."""
        read = self._socket.recv(READ_BYTES)
        if not read:
            raise ConnectionError("the server hung up")
        alive = self._dialect.sign_of_life(read)
        if alive:
            self._socket.sendall(alive)
        # The mark may come in two parts.
        self._answer = self._answer[-len(COMPLETED) :] + read
        return time.perf_counter() - self._asked_at if COMPLETED in self._answer else None


class Load:
    """All connections of this process."""

    def __init__(self, tabs: Iterable[Tab], active: int) -> None:
        """Have them all connect; the first so many ask where somebody does.

        Those that are there already answer the pings meanwhile: else a server would take them for dead.
        """
        self._selector = selectors.DefaultSelector()
        self._active: list[Tab] = []
        for tab in tabs:
            self._selector.register(tab, selectors.EVENT_READ, tab)
            if len(self._active) < active:
                self._active.append(tab)
            for key, _ in self._selector.select(0):
                key.data.read()

    def rest(self, until: int) -> None:
        """Ask nothing until the descriptor ``until`` can be read."""
        self._selector.register(until, selectors.EVENT_READ)
        resting = True
        while resting:
            for key, _ in self._selector.select():
                if key.data is None:
                    resting = False
                else:
                    key.data.read()
        self._selector.unregister(until)

    def drive(self, seconds: float, pause: float) -> list[float]:
        """Keep the active ones asking for so long; return how many seconds each turn took.

        Each asks ``pause`` seconds after its answer; they begin spread over one.
        """
        began = time.perf_counter()
        end, apart = began + seconds, pause / len(self._active)
        pausing = deque((began + number * apart, tab) for number, tab in enumerate(self._active))
        taken: list[float] = []
        under_way = 0
        while (now := time.perf_counter()) < end or under_way:
            if now >= end:
                pausing.clear()
            while pausing and pausing[0][0] <= now:
                pausing.popleft()[1].ask()
                under_way += 1
            for tab, took in self._answers(pausing[0][0] - now if pausing else STALLED_SECONDS):
                taken.append(took)
                under_way -= 1
                pausing.append((time.perf_counter() + pause, tab))
        return taken

    def _answers(self, patience: float) -> Iterator[tuple[Tab, float]]:
        ready = self._selector.select(patience)
        if not ready and patience >= STALLED_SECONDS:
            raise TimeoutError("the server no longer answers")
        for key, _ in ready:
            took = key.data.read()
            if took is not None:
                yield key.data, took


def seen(load: Load, seconds: float, pause: float) -> dict[str, Any]:
    """Drive for so long, and say what came of it."""
    began, spent = time.perf_counter(), time.process_time()
    taken = sorted(load.drive(seconds, pause))
    took = time.perf_counter() - began
    return {
        "turns": len(taken),
        "turns_per_second": len(taken) / took,
        "p50_ms": taken[len(taken) // 2] * 1000,
        "p99_ms": taken[len(taken) * 99 // 100] * 1000,
        "load_busy": (time.process_time() - spent) / took,
    }


def main(dialect: str, port: str, connections: str, active: str, first: str = "0", source: str = "127.0.0.1") -> None:
    """Connect, and do as the standard input says until it ends."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    spoken, begin = DIALECTS[dialect](int(port)), int(first)
    tabs = (Tab(spoken, index, source) for index in range(begin, begin + int(connections)))
    load = Load(tabs, int(active))
    _say("ready")
    while True:
        load.rest(until=sys.stdin.fileno())
        line = sys.stdin.readline()
        if not line:
            return
        _say(json.dumps(seen(load, *map(float, line.split()))))


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(*sys.argv[1:])
