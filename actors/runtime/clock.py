"""What the runtime needs of time. The bodies are the hub's (`dispatcher`) and the testkit's virtual one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable


class Timer(Protocol):
    """A call that is due later."""

    def cancel(self) -> None:
        """Make sure that the call doesn't happen; harmless when it already did."""


class Clock(Protocol):
    """Monotonic seconds, wall-clock milliseconds, and timers."""

    def monotonic(self) -> float:
        """Return seconds since some fixed point; never goes back."""

    def epoch_ms(self) -> int:
        """Return milliseconds since 1970 UTC."""

    def call_later(self, seconds: float, call: Callable[[], object]) -> Timer:
        """Call ``call`` on the hub after ``seconds``; it must not block."""
