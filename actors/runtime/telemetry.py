"""What becomes of actors and messages, as events: the one place to subscribe for logs, metrics and whoever watches.

::

    of an actor's life     Started, Stopped, Crashed, Killed, Unkillable, HookFailed
    of its mending         Restarting, IntensityExceeded, StormBegan, StormEnded
    of messages            Rejected, DeadLettered, LateReply
    of the process         HubBlocked
    of tests               FaultInjected
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import msgspec

from actors.runtime.reasons import ExitKind, ExitReason

if TYPE_CHECKING:
    from collections.abc import Callable


class Started(msgspec.Struct, frozen=True):
    """An incarnation is up."""

    address: str
    incarnation: int


class Stopped(msgspec.Struct, frozen=True):
    """An incarnation ended well."""

    address: str
    incarnation: int
    reason: ExitReason


class Crashed(msgspec.Struct, frozen=True):
    """An incarnation failed: in a handler, in its start, or because its children used up their restarts."""

    address: str
    incarnation: int
    reason: ExitReason


class Killed(msgspec.Struct, frozen=True):
    """An incarnation was ended without being asked."""

    address: str
    incarnation: int
    reason: ExitReason


class Unkillable(msgspec.Struct, frozen=True):
    """An incarnation swallowed its kill and was abandoned; its `Killed` follows."""

    address: str
    incarnation: int


class HookFailed(msgspec.Struct, frozen=True):
    """``on_terminate`` raised."""

    address: str
    incarnation: int
    error: str


class Restarting(msgspec.Struct, frozen=True):
    """A child failed and will live again in ``delay`` seconds."""

    address: str
    incarnation: int
    reason: ExitReason
    delay: float


class IntensityExceeded(msgspec.Struct, frozen=True):
    """A child failed more often than its budget allows; ``supervisor`` gives up on it, or goes up."""

    address: str
    incarnation: int
    reason: ExitReason
    supervisor: str


class StormBegan(msgspec.Struct, frozen=True):
    """So many children of one supervisor fail that it starts no new ones for now: it is overloaded."""

    address: str
    restarts: int


class FaultInjected(msgspec.Struct, frozen=True):
    """A fault plan struck at a message, or at a start."""

    address: str
    incarnation: int
    action: str
    message_type: str


class StormEnded(msgspec.Struct, frozen=True):
    """The supervisor takes new children again."""

    address: str


class Rejected(msgspec.Struct, frozen=True):
    """A mailbox was full: its sender got `MailboxFull`, or an ask that waited in it did."""

    address: str
    message_type: str


class DeadLettered(msgspec.Struct, frozen=True):
    """A tell reached nobody."""

    address: str
    message_type: str


class LateReply(msgspec.Struct, frozen=True):
    """A reply came when its asker had given up."""

    address: str


class HubBlocked(msgspec.Struct, frozen=True):
    """The loop had no turn for ``seconds`` or more; ``address`` is the actor that was running, "" for none."""

    address: str
    seconds: float


Event = (
    Started
    | Stopped
    | Crashed
    | Killed
    | Unkillable
    | HookFailed
    | Restarting
    | IntensityExceeded
    | StormBegan
    | StormEnded
    | Rejected
    | DeadLettered
    | LateReply
    | HubBlocked
    | FaultInjected
)


class Telemetry:
    """Counts every event by its type, and hands it to whoever subscribed."""

    def __init__(self) -> None:
        """Begin without subscribers."""
        self.counts: Counter[type[Event]] = Counter()
        self._subscribers: tuple[Callable[[Event], object], ...] = ()

    def subscribe(self, subscriber: Callable[[Event], object]) -> Callable[[], None]:
        """Have ``subscriber`` called with each event from now on; it may neither block nor raise.

        Returns:
            what undoes this.
        """
        self._subscribers = (*self._subscribers, subscriber)
        return lambda: self._unsubscribe(subscriber)

    def emit(self, event: Event) -> None:
        """Count ``event`` and pass it on."""
        self.counts[type(event)] += 1
        for subscriber in self._subscribers:
            subscriber(event)

    def _unsubscribe(self, subscriber: Callable[[Event], object]) -> None:
        self._subscribers = tuple(other for other in self._subscribers if other is not subscriber)


def ended(address: str, incarnation: int, reason: ExitReason) -> Stopped | Crashed | Killed:
    """Make the event of an incarnation's end."""
    if reason.clean:
        return Stopped(address, incarnation, reason)
    if reason.kind is ExitKind.KILLED:
        return Killed(address, incarnation, reason)
    return Crashed(address, incarnation, reason)
