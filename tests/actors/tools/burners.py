"""Tools that need a process of their own; at the top of a module, since that process imports them."""

import os
import signal
import sys
import time
from pathlib import Path
from typing import Any, NamedTuple

from actors.tools import ToolFailed, ToolUser, tool


class Point(NamedTuple):
    x: int
    y: int


@tool(isolation="process", idempotent=True)
def add(point: Point, more: int = 0) -> int:
    """Add up."""
    return point.x + point.y + more


@tool(isolation="process", idempotent=True)
def give(code: str) -> Any:
    """Return what a Python expression comes to, which no tool of a real server should."""
    return eval(code)


@tool(isolation="process", idempotent=True)
def whoami(user: ToolUser) -> list[Any]:
    """Say who calls."""
    return [user.user_id, user.roles]


@tool(isolation="process", idempotent=True)
def refuse() -> None:
    """Refuse, in the tool's own words."""
    raise ToolFailed("too_early", "Come back later.")


@tool(isolation="process", idempotent=True)
def stumble() -> None:
    """Raise what isn't a refusal."""
    raise LookupError("secret details")


@tool(isolation="process", idempotent=True)
def chatter() -> str:
    """Write to every standard stream, and read from one."""
    sys.stdout.write('{"value": "forged"}\n')
    sys.stdout.flush()
    os.write(2, b"noise")
    return sys.stdin.read() + "said"


@tool(isolation="process", idempotent=True)
def die(number: int) -> None:
    """End the process by a signal."""
    os.kill(os.getpid(), number)


@tool(isolation="process", idempotent=True)
def leave() -> None:
    """Leave without a word."""
    raise SystemExit(3)


@tool(isolation="process", idempotent=True, memory_bytes=128 * 1024**2)
def hog() -> int:
    """Take more memory than there is to be had."""
    return len(bytearray(256 * 1024**2))


def write_down(path: str, *pids: int) -> None:
    part = Path(f"{path}.part")
    part.write_text(" ".join(map(str, pids)))
    part.rename(path)


@tool(isolation="process", idempotent=True)
def spin(path: str) -> None:
    """Write down the process and that of a child, ignore what can be ignored, and burn the processor for ever."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    child = os.fork()
    if not child:
        time.sleep(600)
    write_down(path, os.getpid(), child)
    while True:
        pass


@tool(isolation="process", idempotent=True)
def grind(path: str) -> int:
    """Hold the interpreter's lock for ever, as one operation."""
    write_down(path, os.getpid())
    return 9**9**9


class Chest:
    @tool(isolation="process", idempotent=True)
    @staticmethod
    def inside() -> str:
        """Return a word, from inside of a class."""
        return "inside"


def _plain(value: int) -> int:
    """Double."""
    return 2 * value


double = tool(isolation="process", name="double")(_plain)
