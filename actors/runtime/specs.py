"""What a supervisor knows of a child before it lives."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, Any

from actors.runtime.backoff import Backoff
from actors.runtime.errors import SpecError
from actors.runtime.restarts import Restart

if TYPE_CHECKING:
    from collections.abc import Mapping


class Overflow(Enum):
    """What a full mailbox does with one message more."""

    REJECT = "reject"
    DROP_OLDEST = "drop_oldest"
    DROP_NEWEST = "drop_newest"


@dataclass(frozen=True, slots=True)
class MailboxSpec:
    """How many user messages wait at most, and what happens to the next. The system lane isn't bounded."""

    capacity: int = 1000
    overflow: Overflow = Overflow.REJECT

    def __post_init__(self) -> None:
        """Refuse a mailbox that can't hold a message.

        Raises:
            SpecError: on a capacity below 1.
        """
        if self.capacity < 1:
            raise SpecError(f"a mailbox holds at least 1 message, not {self.capacity}")


DEFAULT_MAILBOX = MailboxSpec()


@dataclass(frozen=True, slots=True)
class ChildSpec:
    """How to start, restart and stop one child.

    ``id`` is unique under its supervisor and the last part of the child's address. ``factory`` is an actor class; with
    ``args`` and ``kwargs`` it makes a fresh actor for each life. ``shutdown`` is how many seconds the child has to
    stop by itself (None: as long as it takes; 0: it is killed), ``kill_grace`` how many more before it is abandoned.
    ``expected`` are exceptions that a handler may raise at its asker without being a failure of the actor.
    """

    id: str
    factory: type[Any]
    args: tuple[Any, ...] = ()
    kwargs: Mapping[str, Any] = field(default_factory=dict)
    restart: Restart = Restart.PERMANENT
    shutdown: float | None = 5.0
    kill_grace: float = 1.0
    significant: bool = False
    backoff: Backoff = field(default_factory=Backoff)
    mailbox: MailboxSpec = DEFAULT_MAILBOX
    expected: tuple[type[Exception], ...] = ()

    def __post_init__(self) -> None:
        """Refuse a spec that is invalid or contradicts itself.

        Raises:
            SpecError: naming the child and the field.
        """
        for problem in _problems(self):
            raise SpecError(f"child {self.id!r}: {problem}")


def _problems(spec: ChildSpec) -> list[str]:
    checks = {
        "the id is a text that isn't empty": bool(spec.id),
        "the factory is an actor class": _is_class(spec.factory, object),
        "shutdown is None or at least 0 s": spec.shutdown is None or spec.shutdown >= 0,
        "kill_grace is more than 0 s": spec.kill_grace > 0,
        "a permanent child can't be significant: it never ends for good": not (
            spec.significant and spec.restart is Restart.PERMANENT
        ),
        "expected holds exception classes": all(_is_class(kind, Exception) for kind in spec.expected),
    }
    return [rule for rule, holds in checks.items() if not holds]


def _is_class(value: object, base: type) -> bool:
    return isinstance(value, type) and issubclass(value, base)
