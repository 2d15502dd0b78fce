"""The load of turns, in a process of its own: each connection asks again as soon as it is answered."""

import json
import selectors
import socket
import sys
import time
from typing import Any

from scripts.bench.dialects import COMPLETED, Dialect, Greenroom, Plain, SocketIO
from scripts.bench.wire import READ_BYTES


class Tab:
    """One connection under load."""

    __slots__ = ("asked_at", "question", "read", "socket")

    def __init__(self, connected: socket.socket, question: bytes) -> None:
        """Stand before the first question."""
        self.socket = connected
        self.question = question
        self.read = b""
        self.asked_at = 0.0

    def ask(self) -> None:
        """Ask, and note when."""
        self.read = b""
        self.asked_at = time.perf_counter()
        self.socket.sendall(self.question)

    def took(self) -> float | None:
        """Read what is there; return how many seconds the turn took where it is over."""
        more = self.socket.recv(READ_BYTES)
        if not more:
            raise ConnectionError("the server hung up")
        self.read += more
        return time.perf_counter() - self.asked_at if COMPLETED in self.read else None


def drive(tabs: list[Tab], seconds: float) -> list[float]:
    """Keep every tab asking for so long; return how long each turn took."""
    selector = selectors.DefaultSelector()
    for tab in tabs:
        selector.register(tab.socket, selectors.EVENT_READ, tab)
        tab.ask()
    taken: list[float] = []
    under_way, end = len(tabs), time.perf_counter() + seconds
    while under_way:
        for key, _ in selector.select(30):
            took = key.data.took()
            if took is None:
                continue
            if time.perf_counter() < end:
                taken.append(took)
                key.data.ask()
            else:
                under_way -= 1
    selector.close()
    return taken


def main() -> None:
    """Answer each line of the standard input, a number of seconds, with what the load saw in them."""
    dialect_name, port, connections = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    dialect: Dialect = (
        Greenroom(port, connections) if dialect_name == "greenroom" else {"plain": Plain, "socketio": SocketIO}[dialect_name](port)
    )
    tabs = [Tab(dialect.connect(index, "127.0.0.1"), dialect.question(index)) for index in range(connections)]
    print("ready", flush=True)
    for line in sys.stdin:
        began, spent = time.perf_counter(), time.process_time()
        taken = sorted(drive(tabs, float(line)))
        seconds = time.perf_counter() - began
        told: dict[str, Any] = {
            "turns_per_second": len(taken) / seconds,
            "p50_ms": taken[len(taken) // 2] * 1000,
            "p99_ms": taken[len(taken) * 99 // 100] * 1000,
            "load_busy": (time.process_time() - spent) / seconds,
        }
        print(json.dumps(told), flush=True)


if __name__ == "__main__":
    main()
