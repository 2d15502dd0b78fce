"""What the length of a log, and the number of logs, cost."""

from __future__ import annotations

import json
import tempfile
import time
import urllib.error
import urllib.request
from itertools import count
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

from scripts.bench.dialects import Greenroom
from scripts.bench.furnish import furnish
from scripts.bench.measurements import Measurement, Sample, Scale
from scripts.bench.names import session_id
from scripts.bench.process import SERVER_CORE, Process, free_port, python
from scripts.bench.servers import OURS, greenroom, serving
from scripts.bench.settings import TOML
from scripts.bench.wire import read_until, text_frame

if TYPE_CHECKING:
    import socket

START_SECONDS = 60.0
AT_ONCE = 3
"""How many sessions a sample takes up, one after the other."""


class Replay(Measurement):
    """Sessions whose actors aren't there: rebuilt by their first subscriber, and resumed from the middle."""

    name = "replay"
    most_rounds = 10
    SHORT = 100

    def __init__(self, scale: Scale) -> None:
        """Name them by the events in their logs."""
        super().__init__(scale)
        self.contenders = (f"{scale.events} events", f"{self.SHORT} events")

    def prepare(self) -> None:
        """Have a server for each length, and a connection to it."""
        self._connections: dict[str, socket.socket] = {}
        self._numbers = {contender: count(1) for contender in self.contenders}
        for contender in self.contenders:
            # Each is taken up once. The first is the connection's own, which nobody measures.
            sessions = 1 + AT_ONCE * self.rounds
            server = self._stack.enter_context(serving(OURS, sessions, int(contender.partition(" ")[0])))
            self._connections[contender] = Greenroom(server.port).connect(0, "127.0.0.1")

    def sample(self, contender: str) -> Sample:
        """Take up the next few sessions, and resume each from its middle."""
        samples = [self._take_up(contender) for _ in range(AT_ONCE)]
        return {metric: median(sample[metric] for sample in samples) for metric in samples[0]}

    def _take_up(self, contender: str) -> Sample:
        connected, events = self._connections[contender], int(contender.partition(" ")[0])
        session = session_id(next(self._numbers[contender]))
        rebuilt, ack = self._subscribe(connected, session, None, b'"re":"s"')
        epoch = json.loads(ack[ack.index(b"{") : ack.rindex(b"}") + 1])["epoch"]
        last = f'"seq":{events},'.encode()
        resumed, _ = self._subscribe(connected, session, {"epoch": epoch, "seq": events // 2}, last)
        return {"rebuild_us": rebuilt * 1e6, "resume_us_per_event": resumed / (events // 2) * 1e6}

    @staticmethod
    def _subscribe(connected: socket.socket, session: str, after: object, marker: bytes) -> tuple[float, bytes]:
        frame: dict[str, object] = {"type": "subscribe", "id": "s", "session_id": session}
        if after is not None:
            frame["after"] = after
        began = time.perf_counter()
        connected.sendall(text_frame(json.dumps(frame).encode()))
        read = read_until(connected, marker)
        return time.perf_counter() - began, read


class StartUp(Measurement):
    """Processes that start on a data directory with many sessions, and with few."""

    name = "start-up"
    FEW = 10

    def __init__(self, scale: Scale) -> None:
        """Name them by how many sessions are in the log."""
        super().__init__(scale)
        self.contenders = (f"{scale.sessions} sessions", f"{self.FEW} sessions")

    def prepare(self) -> None:
        """Furnish both, and let a server have seen each once."""
        self._places = {}
        for contender in self.contenders:
            place = Path(self._stack.enter_context(tempfile.TemporaryDirectory(prefix="greenroom-bench-")))
            furnish(place, int(contender.partition(" ")[0]), events=1)
            with greenroom(place):
                self._places[contender] = place

    def sample(self, contender: str) -> Sample:
        """Time from the start of the process to the first good answer of ``/readyz``."""
        place, port = self._places[contender], free_port()
        (place / "greenroom.toml").write_text(TOML)
        began = time.perf_counter()
        with Process(python("server", "serve", "--port", port, "--data-dir", place), SERVER_CORE):
            _await_ready(port)
            return {"ms": (time.perf_counter() - began) * 1000}


def _await_ready(port: int) -> None:
    """Block until ``/readyz`` is 200.

    Raises:
        TimeoutError: it wasn't for `START_SECONDS`.
    """
    deadline = time.perf_counter() + START_SECONDS
    while time.perf_counter() < deadline:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=START_SECONDS):
                return
        except (urllib.error.URLError, ConnectionError):
            time.sleep(0.005)
    raise TimeoutError("the server isn't ready")
