"""An actor that tells what it was told."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any, TypeVar

from actors.runtime.actor import Actor
from actors.testing.patience import wait_until

if TYPE_CHECKING:
    from actors.runtime.actor import Reply
    from actors.runtime.ref import ActorRef
    from actors.runtime.runtime import Runtime

M = TypeVar("M")

Heard = deque[tuple[Any, "Reply[Any] | None"]]


class _Listener(Actor):
    def __init__(self, heard: Heard) -> None:
        self._heard = heard

    def _handle_receive(self, message: Any) -> None:
        self._heard.append((message, self.defer()))


class Probe:
    """Stands where an actor is expected, and keeps what comes; ``ref`` is its reference.

    Times are in seconds on the runtime's clock. A `ManualClock` is advanced by as much as the probe waits.
    """

    def __init__(self, runtime: Runtime) -> None:
        """Start the actor."""
        self._clock = runtime.clock
        self._heard: Heard = deque()
        self._asker: Reply[Any] | None = None
        self.ref: ActorRef[Any] = runtime.start(_Listener, self._heard)

    def expect(self, kind: type[M], within: float = 1.0) -> M:
        """Return the next message, which must be a ``kind``; blocks for up to ``within`` seconds.

        Raises:
            AssertionError: another message came, or none.
        """
        assert wait_until(lambda: self._heard, self._clock, within), f"no {kind.__name__} came within {within} s"
        message, self._asker = self._heard.popleft()
        assert isinstance(message, kind), f"expected {kind.__name__}, got {message!r}"
        return message

    def expect_nothing(self, within: float = 0.05) -> None:
        """Wait for ``within`` seconds in which no message comes.

        Raises:
            AssertionError: one did.
        """
        heard = wait_until(lambda: self._heard, self._clock, within)
        assert not heard, f"expected nothing, got {heard[0][0]!r}"

    def reply(self, value: Any) -> None:
        """Answer the message that was expected last; an exception is raised at the asker.

        Raises:
            AssertionError: nobody asked for an answer to it, or it has one.
        """
        asker, self._asker = self._asker, None
        assert asker is not None, "the last message was told, not asked, or is answered already"
        if isinstance(value, BaseException):
            asker.fail(value)
        else:
            asker.set(value)
