"""Where messages wait: a bounded lane for users, and an unbounded system lane ahead of it."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any, NamedTuple

from actors.runtime.specs import MailboxSpec, Overflow

if TYPE_CHECKING:
    from collections.abc import Sequence
    from contextvars import Context

    from actors.runtime.future import Future


class Envelope:
    """A message, the future its reply goes to, the context variables of its sender, and when it was taken."""

    __slots__ = ("context", "message", "reply_to", "taken_at")

    def __init__(self, message: Any, reply_to: Future[Any] | None, context: Context) -> None:
        """Seal ``message``; ``reply_to`` is None for a tell."""
        self.message = message
        self.reply_to = reply_to
        self.context = context
        self.taken_at = 0.0


class Parked(NamedTuple):
    """A sender that waits for room, and what it brings."""

    envelope: Envelope
    taken: Future[None]


class Mailbox:
    """The two lanes of one actor, and the senders that wait for room.

    Both deques exist only while something waits in them: an empty deque takes 600 bytes, and most actors are idle.
    """

    __slots__ = ("_parked", "_system", "_user", "spec")

    def __init__(self, spec: MailboxSpec) -> None:
        """Make both lanes empty."""
        self.spec = spec
        self._user: deque[Envelope] | None = None
        self._system: deque[Any] | None = None
        self._parked: deque[Parked] | None = None

    def __len__(self) -> int:
        """Count the waiting user messages."""
        return len(self._user) if self._user is not None else 0

    def __bool__(self) -> bool:
        """Tell whether anything waits in either lane."""
        return self._user is not None or self._system is not None

    def put(self, envelope: Envelope) -> tuple[bool, Envelope | None]:
        """Take one message; return whether it was taken, and what was dropped to keep the bound."""
        user = self._user
        if user is None:
            self._user = deque((envelope,))
            return True, None
        if len(user) < self.spec.capacity:
            user.append(envelope)
            return True, None
        return self._overflow(user, envelope)

    def _overflow(self, user: deque[Envelope], envelope: Envelope) -> tuple[bool, Envelope | None]:
        if self.spec.overflow in {Overflow.REJECT, Overflow.BLOCK}:
            return False, None
        if self.spec.overflow is Overflow.DROP_NEWEST:
            return True, envelope
        dropped = user.popleft()
        user.append(envelope)
        return True, dropped

    def get(self) -> Envelope | None:
        """Take out the oldest user message, or None; never blocks."""
        user = self._user
        if user is None:
            return None
        envelope = user.popleft()
        if self._parked is not None:
            self._let_in(user)
        if not user:
            self._user = None
        return envelope

    def put_first(self, envelopes: Sequence[Envelope]) -> None:
        """Add messages ahead of what waits, whatever the bound: they were taken before."""
        if envelopes:
            self._user = deque((*envelopes, *(self._user or ())))

    def oldest(self) -> Envelope | None:
        """Return the user message that is next, leaving it there."""
        return self._user[0] if self._user is not None else None

    def park(self, envelope: Envelope, taken: Future[None]) -> None:
        """Take ``envelope`` as soon as there is room, and resolve ``taken`` then; first come, first served."""
        if self._parked is None:
            self._parked = deque()
        self._parked.append(Parked(envelope, taken))

    def leave(self, taken: Future[None]) -> None:
        """Forget a sender that waits no longer; harmless where it was let in or turned away."""
        others = deque(parked for parked in self._parked or () if parked.taken is not taken)
        self._parked = others or None

    def turn_away(self) -> list[Parked]:
        """Take out everybody who waits for room."""
        parked, self._parked = self._parked, None
        return list(parked or ())

    def _let_in(self, user: deque[Envelope]) -> None:
        assert self._parked is not None
        envelope, taken = self._parked.popleft()
        if not self._parked:
            self._parked = None
        user.append(envelope)
        taken.set()

    def empty(self) -> bool:
        """Tell whether no user message waits."""
        return self._user is None

    def put_system(self, message: Any, *, first: bool = False) -> None:
        """Add to the system lane; ``first`` is for what can't wait for anything, a kill."""
        if self._system is None:
            self._system = deque()
        if first:
            self._system.appendleft(message)
        else:
            self._system.append(message)

    def get_system(self) -> Any:
        """Take out the oldest system message, or None; never blocks."""
        system = self._system
        if system is None:
            return None
        message = system.popleft()
        if not system:
            self._system = None
        return message

    def forget_system(self, message: Any) -> bool:
        """Remove ``message`` from the system lane; tell whether it was there."""
        if self._system is None or message not in self._system:
            return False
        self._system.remove(message)
        if not self._system:
            self._system = None
        return True

    @property
    def has_system(self) -> bool:
        """Whether something waits in the system lane."""
        return self._system is not None

    def drain(self) -> list[Envelope]:
        """Empty the user lane and return what was in it, oldest first."""
        waiting = list(self._user or ())
        self._user = None
        return waiting

    def clear_system(self) -> None:
        """Empty the system lane: it spoke to a life that is over."""
        self._system = None
