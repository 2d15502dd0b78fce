"""Where messages wait: a bounded lane for users, and an unbounded system lane ahead of it."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from actors.runtime.specs import MailboxSpec, Overflow

if TYPE_CHECKING:
    from collections.abc import Sequence
    from contextvars import Context

    from actors.runtime.future import Future


class Envelope(msgspec.Struct, eq=False):
    """A message, the future its reply goes to (None for a tell), the context variables of its sender, and its time."""

    message: Any
    reply_to: Future[Any] | None
    context: Context
    taken_at: float = 0.0


class Parked(NamedTuple):
    """A sender that waits for room, and what it brings."""

    envelope: Envelope
    taken: Future[None]


class Mailbox:
    """The two lanes of one actor, and the senders that wait for room.

    Both deques exist only while something waits in them: an empty deque takes 600 bytes, and most actors are idle.
    Who runs messages may look whether there is one: a call for it would cost more than the look.
    """

    __slots__ = ("parked", "spec", "system", "user")

    def __init__(self, spec: MailboxSpec) -> None:
        """Make both lanes empty."""
        self.spec = spec
        self.user: deque[Envelope] | None = None
        """What users sent; None while nothing waits, as below."""
        self.system: deque[Any] | None = None
        self.parked: deque[Parked] | None = None
        """Who waits for room."""

    def __len__(self) -> int:
        """Count the waiting user messages."""
        return len(self.user) if self.user is not None else 0

    def __bool__(self) -> bool:
        """Tell whether anything waits in either lane."""
        return self.user is not None or self.system is not None

    def put(self, envelope: Envelope) -> bool:
        """Take one message where there is room; tell whether there was."""
        user = self.user
        if user is None:
            self.user = deque((envelope,))
        elif len(user) < self.spec.capacity:
            user.append(envelope)
        else:
            return False
        return True

    def displace(self, envelope: Envelope) -> Envelope | None:
        """Return what is dropped of a full mailbox and one message more, or None where that one isn't taken."""
        assert self.user is not None
        if self.spec.overflow is Overflow.DROP_NEWEST:
            return envelope
        if self.spec.overflow is not Overflow.DROP_OLDEST:
            return None
        dropped = self.user.popleft()
        self.user.append(envelope)
        return dropped

    def get(self) -> Envelope | None:
        """Take out the oldest user message, or None; never blocks."""
        user = self.user
        if user is None:
            return None
        envelope = user.popleft()
        if self.parked is not None:
            self._let_in(user)
        if not user:
            self.user = None
        return envelope

    def put_first(self, envelopes: Sequence[Envelope]) -> None:
        """Add messages ahead of what waits, whatever the bound: they were taken before."""
        if envelopes:
            self.user = deque((*envelopes, *(self.user or ())))

    def oldest(self) -> Envelope | None:
        """Return the user message that is next, leaving it there."""
        return self.user[0] if self.user is not None else None

    def park(self, envelope: Envelope, taken: Future[None]) -> None:
        """Take ``envelope`` as soon as there is room, and resolve ``taken`` then; first come, first served."""
        if self.parked is None:
            self.parked = deque()
        self.parked.append(Parked(envelope, taken))

    def leave(self, taken: Future[None]) -> None:
        """Forget a sender that waits no longer; harmless where it was let in or turned away."""
        others = deque(parked for parked in self.parked or () if parked.taken is not taken)
        self.parked = others or None

    def turn_away(self) -> list[Parked]:
        """Take out everybody who waits for room."""
        parked, self.parked = self.parked, None
        return list(parked or ())

    def _let_in(self, user: deque[Envelope]) -> None:
        assert self.parked is not None
        envelope, taken = self.parked.popleft()
        if not self.parked:
            self.parked = None
        user.append(envelope)
        taken.set()

    def empty(self) -> bool:
        """Tell whether no user message waits."""
        return self.user is None

    def put_system(self, message: Any, *, first: bool = False) -> None:
        """Add to the system lane; ``first`` is for what can't wait for anything, a kill."""
        if self.system is None:
            self.system = deque()
        if first:
            self.system.appendleft(message)
        else:
            self.system.append(message)

    def get_system(self) -> Any:
        """Take out the oldest system message, or None; never blocks."""
        system = self.system
        if system is None:
            return None
        message = system.popleft()
        if not system:
            self.system = None
        return message

    def forget_system(self, message: Any) -> bool:
        """Remove ``message`` from the system lane; tell whether it was there."""
        if self.system is None or message not in self.system:
            return False
        self.system.remove(message)
        if not self.system:
            self.system = None
        return True

    def drain(self) -> list[Envelope]:
        """Empty the user lane and return what was in it, oldest first."""
        waiting = list(self.user or ())
        self.user = None
        return waiting

    def clear_system(self) -> None:
        """Empty the system lane: it spoke to a life that is over."""
        self.system = None
