"""Calls in processes of their own: one for each call, killed with all that it started as soon as the call is over.

A thread wouldn't do: it can't be killed, and one that burns the processor holds the interpreter's lock against the
hub. A pool of processes would save 0.1 s a call, and would let one user's call leave something behind for the next.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sys
from typing import TYPE_CHECKING, Any

import msgspec
import structlog
from gevent.lock import BoundedSemaphore
from gevent.subprocess import DEVNULL, PIPE, Popen, TimeoutExpired

from actors.tools.errors import ToolFailed

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from actors.tools.lending import ToolUser
    from actors.tools.tool import Tool

log = structlog.get_logger(__name__)

AT_ONCE = max(4, os.cpu_count() or 1)
"""How many of these processes there are at most; further calls wait, and their time runs."""

MAX_ANSWER = 1024 * 1024
"""How many bytes of JSON a result may have: reading more would stall the hub for more than 10 ms."""

_ENDING_SECONDS = 1.0

_room = BoundedSemaphore(AT_ONCE)


def call_in_process(tool: Tool, arguments: Mapping[str, Any], user: ToolUser) -> Any:
    """Have a process make a call and return the result; blocks the calling greenlet alone.

    However the wait for it ends, the process and whatever it started are killed.

    Raises:
        ToolFailed: what the tool raised itself; ``failed``: it raised something else; ``out_of_memory``;
            ``bad_result``: JSON can't carry what it returned, or that is too long; ``crashed``: the process died.
    """
    order = {
        "function": f"{tool.function.__module__}:{tool.function.__qualname__}",
        "arguments": msgspec.to_builtins(arguments),
        "lent": {name: tuple(user) for name in tool.lent},
        "memory_bytes": tool.memory_bytes,
    }
    with _room, _worker() as process:
        line = _asked(process, json.dumps(order).encode() + b"\n")
        if len(line) > MAX_ANSWER:
            raise ToolFailed("bad_result", f"The result is longer than {MAX_ANSWER} bytes.", tool=tool.name)
        if not line.endswith(b"\n"):
            raise ToolFailed("crashed", f"The tool's process died ({_status(tool, process)}).", tool=tool.name)
    return _value(tool, json.loads(line))


@contextlib.contextmanager
def _worker() -> Iterator[Any]:
    # The worker finds whatever this process finds; -P keeps its own working directory from coming first.
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(path or os.curdir for path in sys.path)}
    command = [sys.executable, "-P", "-m", "actors.tools.worker"]
    process = Popen(command, stdin=PIPE, stdout=PIPE, stderr=DEVNULL, env=environment, start_new_session=True)
    try:
        yield process
    finally:
        _end(process)


def _asked(process: Any, order: bytes) -> bytes:
    try:
        process.stdin.write(order)
        process.stdin.flush()
    except BrokenPipeError:
        return b""
    answer: bytes = process.stdout.readline(MAX_ANSWER + 1)
    return answer


def _end(process: Any) -> None:
    """Kill the process and all of its group, whose number stays its own while it isn't reaped; the hub reaps it."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    for pipe in (process.stdin, process.stdout):
        with contextlib.suppress(OSError):
            pipe.close()


def _status(tool: Tool, process: Any) -> str:
    try:
        status = process.wait(_ENDING_SECONDS)
    except TimeoutExpired:  # It closed its pipe and lives on; it won't for long.
        return "it fell silent"
    log.warning("tool_process_died", tool=tool.name, status=status)
    return signal.Signals(-status).name if status < 0 else f"status {status}"


def _value(tool: Tool, answer: dict[str, Any]) -> Any:
    if "value" in answer:
        return answer["value"]
    if "error_type" in answer:
        log.warning("tool_failed", tool=tool.name, error_type=answer["error_type"])
    raise ToolFailed(answer["code"], answer["message"], tool=tool.name)
