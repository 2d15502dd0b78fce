"""The process beside the server that talks to one MCP server, as its actor holds it."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
from typing import TYPE_CHECKING, Any, NamedTuple

import gevent
import msgspec
import structlog
from gevent.queue import SimpleQueue
from gevent.subprocess import PIPE, Popen, TimeoutExpired

from actors.mcp import wire

if TYPE_CHECKING:
    from collections.abc import Callable

log = structlog.get_logger(__name__)

LONGEST_REMARK = 1_000  # bytes of a line on standard error


class Ended(NamedTuple):
    """The process is gone, or about to be."""


class Process:
    """A process of `actors.mcp.host`. What it tells is posted; nothing here blocks the hub, and only `end` blocks."""

    def __init__(self, name: str, opened: wire.Open, post: Callable[[Any], None]) -> None:
        """Start it; ``post`` gets each `wire.News`, and `Ended` at last.

        Raises:
            OSError: the system has no room for another process.
        """
        self._name = name
        self._post = post
        self._launched: list[int] = []
        self._orders: SimpleQueue[bytes] = SimpleQueue()
        # It finds whatever this process finds; -P keeps the working directory from coming first.
        environment = os.environ | {"PYTHONPATH": os.pathsep.join(path or os.curdir for path in sys.path)}
        command = [sys.executable, "-P", "-m", "actors.mcp.host"]
        # In a session of its own: a Ctrl-C at the terminal is the server's, which drains first.
        self._process = Popen(command, stdin=PIPE, stdout=PIPE, stderr=PIPE, env=environment, start_new_session=True)
        self.send(opened)
        self._greenlets = [gevent.spawn(work) for work in (self._write, self._read, self._overhear)]

    def send(self, order: wire.Order) -> None:
        """Have an order written, soon."""
        self._orders.put(wire.encode(order))

    def end(self, seconds: float) -> None:
        """Let the process end what it started and itself, or kill them after ``seconds``; blocks until then."""
        try:
            gevent.killall(self._greenlets[:1])
            with contextlib.suppress(OSError):
                self._process.stdin.close()
            with contextlib.suppress(TimeoutExpired):
                self._process.wait(seconds)
        finally:
            # However this ends, nothing is left: also where the caller is killed meanwhile.
            self._kill()
            gevent.killall(self._greenlets, block=False)

    def _kill(self) -> None:
        if self._process.returncode == 0:
            return  # It has ended what it started, whose numbers may be others' by now.
        for pid in (*self._launched, self._process.pid):
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(pid, signal.SIGKILL)

    def _write(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                self._process.stdin.write(self._orders.get())
                self._process.stdin.flush()

    def _read(self) -> None:
        with contextlib.suppress(OSError, msgspec.DecodeError):
            for line in self._process.stdout:
                self._tell(wire.news(line))
        self._post(Ended())

    def _tell(self, news: wire.News) -> None:
        if isinstance(news, wire.Launched):
            self._launched.append(news.pid)
        else:
            self._post(news)

    def _overhear(self) -> None:
        with contextlib.suppress(OSError):
            while remark := self._process.stderr.readline(LONGEST_REMARK):
                log.debug("mcp_remark", server=self._name, remark=remark.decode(errors="replace").rstrip())
