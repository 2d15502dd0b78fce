"""Why an actor ended."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class ExitKind(Enum):
    """The kinds of end, after OTP's exit reasons."""

    NORMAL = "normal"
    SHUTDOWN = "shutdown"
    ERROR = "error"
    KILLED = "killed"
    START_FAILED = "start_failed"
    INTENSITY_EXCEEDED = "intensity_exceeded"


# Python 3.11 looks up a member in its class in 150 ns, and asks a member for its hash by a call: these are for ends.
_NORMAL, _SHUTDOWN = ExitKind.NORMAL, ExitKind.SHUTDOWN


@dataclass(frozen=True, slots=True)
class ExitReason:
    """Why an actor ended: a kind, and what belongs to it."""

    kind: ExitKind
    detail: str | None = None
    error: BaseException | None = None

    @property
    def clean(self) -> bool:
        """Whether nothing went wrong: normal, or a shutdown that was asked for."""
        return self.kind is _NORMAL or self.kind is _SHUTDOWN

    @property
    def summary(self) -> str:
        """The kind, and in brackets the error's type: what the error says may be what people wrote."""
        inner = self.detail if self.error is None else type(self.error).__name__
        kind: str = self.kind._value_  # Documented as `value` is, which is a property in Python here.
        return kind if inner is None else f"{kind}({inner})"

    def __str__(self) -> str:
        """Show the kind, and in brackets what is known beyond it."""
        inner = self.detail if self.error is None else _shown(self.error)
        return self.kind.value if inner is None else f"{self.kind.value}({inner})"


def _shown(error: BaseException) -> str:
    try:
        return repr(error)
    except Exception:  # noqa: BLE001 - an error that can't show itself must not end those who only tell of it
        return type(error).__name__


NORMAL = ExitReason(ExitKind.NORMAL)
SHUTDOWN = ExitReason(ExitKind.SHUTDOWN)
KILLED = ExitReason(ExitKind.KILLED)
INTENSITY_EXCEEDED = ExitReason(ExitKind.INTENSITY_EXCEEDED)


def shutdown(detail: str) -> ExitReason:
    """Make the reason of an ordered stop that says what it was for."""
    return ExitReason(ExitKind.SHUTDOWN, detail=detail)


def failed(error: BaseException) -> ExitReason:
    """Make the reason of an actor whose handler raised ``error``."""
    return ExitReason(ExitKind.ERROR, error=error)


def start_failed(error: BaseException) -> ExitReason:
    """Make the reason of an actor whose constructor or ``on_start`` raised ``error``."""
    return ExitReason(ExitKind.START_FAILED, error=error)
