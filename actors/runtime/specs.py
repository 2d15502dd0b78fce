"""What a supervisor knows of a child before it lives."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from enum import Enum
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

import msgspec

from actors.runtime.backoff import Backoff, check_reachable
from actors.runtime.errors import SpecError
from actors.runtime.restarts import Intensity, Restart

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


class Overflow(Enum):
    """What a full mailbox does with one message more."""

    REJECT = "reject"
    DROP_OLDEST = "drop_oldest"
    DROP_NEWEST = "drop_newest"
    BLOCK = "block"
    """The sender waits for room; where it can't (in the loop itself, or sending to itself), this is `REJECT`."""


@dataclass(frozen=True, slots=True)
class MailboxSpec:
    """How many user messages wait at most, and what happens to the next. The system lane isn't bounded.

    ``timeout`` is how many seconds a sender waits for room where ``overflow`` says that it does.
    """

    capacity: int = 1000
    overflow: Overflow = Overflow.REJECT
    timeout: float | None = None

    def __post_init__(self) -> None:
        """Refuse a mailbox that can't hold a message, and a wait without an end or without a purpose.

        Raises:
            SpecError: naming the contradiction.
        """
        if self.capacity < 1:
            raise SpecError(f"a mailbox holds at least 1 message, not {self.capacity}")
        if (self.overflow is Overflow.BLOCK) != (self.timeout is not None and self.timeout > 0):
            raise SpecError("a mailbox has a timeout of more than 0 s where its overflow is block, and only there")


DEFAULT_MAILBOX = MailboxSpec()
_DEFAULT_BACKOFF = Backoff()
_NO_KWARGS: Final[Mapping[str, Any]] = MappingProxyType({})


class ChildSpec(msgspec.Struct, frozen=True):
    """How to start, restart and stop one child.

    ``id`` is unique under its supervisor and the last part of the child's address. ``factory`` is an actor class; with
    ``args`` and ``kwargs`` it makes a fresh actor for each life. ``shutdown`` is how many seconds the child has to
    stop by itself (None: as long as it takes; 0: it is killed), ``kill_grace`` how many more before it is abandoned.
    ``intensity`` is a restart budget of the child's own; without it, the child shares its supervisor's. ``stash`` is
    how many tells are kept for the next life while none is there. ``expected`` are exceptions that a handler may raise
    at its asker without being a failure of the actor.
    """

    id: str
    factory: type[Any]
    args: tuple[Any, ...] = ()
    kwargs: Mapping[str, Any] = _NO_KWARGS
    restart: Restart = Restart.PERMANENT
    shutdown: float | None = 5.0
    kill_grace: float = 1.0
    significant: bool = False
    backoff: Backoff = _DEFAULT_BACKOFF
    intensity: Intensity | None = None
    stash: int = 0
    mailbox: MailboxSpec = DEFAULT_MAILBOX
    expected: tuple[type[Exception], ...] = ()

    def __post_init__(self) -> None:
        """Refuse a spec that is invalid or contradicts itself.

        Raises:
            SpecError: naming the child and the field.
        """
        for problem in _problems(self):
            raise SpecError(f"child {self.id!r}: {problem}")
        if self.intensity is not None:
            self.check_reachable(self.intensity)

    def check_reachable(self, intensity: Intensity) -> None:
        """Refuse a budget that this child's own backoff keeps it from ever using up.

        Raises:
            SpecError: naming the child.
        """
        if self.restart is Restart.TEMPORARY:
            return
        try:
            check_reachable(self.backoff, intensity)
        except SpecError as problem:
            raise SpecError(f"child {self.id!r}: {problem}") from None

    def without_arguments(self) -> ChildSpec:
        """Return what is worth keeping of a spec that no further life is made from: arguments may be large."""
        if not self.args and not self.kwargs:
            return self
        spec = copy.copy(self)
        msgspec.structs.force_setattr(spec, "args", ())
        msgspec.structs.force_setattr(spec, "kwargs", _NO_KWARGS)
        return spec


def _problems(spec: ChildSpec) -> Iterator[str]:
    # Each is put so that a NaN breaks it.
    if not spec.id:
        yield "the id is a text that isn't empty"
    if not _is_class(spec.factory, object):
        yield "the factory is an actor class"
    if spec.shutdown is not None and not spec.shutdown >= 0:
        yield "shutdown is None or at least 0 s"
    if not spec.kill_grace > 0:
        yield "kill_grace is more than 0 s"
    if spec.stash < 0:
        yield "the stash is at least 0 messages"
    if spec.stash and spec.restart is Restart.TEMPORARY:
        yield "a temporary child has no next life to stash for"
    if spec.significant and spec.restart is Restart.PERMANENT:
        yield "a permanent child can't be significant: it never ends for good"
    for kind in spec.expected:
        if not _is_class(kind, Exception):
            yield "expected holds exception classes"


def _is_class(value: object, base: type) -> bool:
    return isinstance(value, type) and issubclass(value, base)
