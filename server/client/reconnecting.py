"""Whether and when to come back after a close, as the protocol's table of close codes has it. Pure."""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple

FIRST = 0.5
"""How many seconds the first wait may take."""

LONGEST = 30.0
"""How many seconds any wait may take that the server didn't ask for."""

STEADY = 10.0
"""How many seconds a connection must have lasted for the next failure to count as a first one."""

LOST = 1006
"""No closing handshake: the link broke, or a proxy swallowed the code."""


class Step(Enum):
    """What comes after a close."""

    RECONNECT = "come back and resume"
    REFRESH = "get a new token first"
    STOP = "the same again would end the same way"


_STEPS = {
    1000: Step.STOP,
    1002: Step.STOP,
    1003: Step.STOP,
    1007: Step.STOP,
    1009: Step.STOP,
    4001: Step.REFRESH,
    4003: Step.STOP,
    # A token is sent with the request: without one in time, what was sent wasn't good.
    4008: Step.REFRESH,
}


class Ending(NamedTuple):
    """How a connection ended: the code, what `bye` said, and how many seconds it lasted since its welcome."""

    code: int
    reason: str = ""
    reconnect: bool | None = None
    retry_after_ms: int = 0
    lasted: float = 0.0


def step_after(ending: Ending) -> Step:
    """Decide by the code; a `bye` that says not to come back is heeded where the code would allow it."""
    step = _STEPS.get(ending.code, Step.RECONNECT)
    return Step.STOP if ending.reconnect is False and step is Step.RECONNECT else step


def failures_after(failures: int, ending: Ending) -> int:
    """Count a connection that ended: a steady one was a good one."""
    return 1 if ending.lasted >= STEADY else failures + 1


def delay(failures: int, draw: float, at_least: float = 0.0) -> float:
    """Return the seconds to wait after so many failures in a row, from 1.

    The bound doubles each time; ``draw``, in [0, 1), places the wait within its upper half, so that those whom a
    server lost together don't come back together. What the server asks for is waited, and then as much of a spread.
    """
    bound = min(LONGEST, FIRST * 2.0 ** min(failures - 1, 16))
    spread = bound / 2 * draw
    return max(bound / 2, at_least) + spread
