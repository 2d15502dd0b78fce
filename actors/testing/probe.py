"""An actor that tells what it was told."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from gevent.queue import Empty, Queue

from actors.runtime.actor import Actor

if TYPE_CHECKING:
    from actors.runtime.ref import ActorRef
    from actors.runtime.runtime import Runtime

M = TypeVar("M")


class _Listener(Actor):
    def __init__(self, heard: Queue[Any]) -> None:
        self._heard = heard

    def _handle_receive(self, message: Any) -> None:
        self._heard.put(message)


class Probe:
    """Stands where an actor is expected, and keeps what comes; ``ref`` is its reference."""

    def __init__(self, runtime: Runtime) -> None:
        """Start the actor."""
        self._heard: Queue[Any] = Queue()
        self.ref: ActorRef[Any] = runtime.start(_Listener, self._heard)

    def expect(self, kind: type[M], within: float = 1.0) -> M:
        """Return the next message, which must be a ``kind``; blocks for up to ``within`` seconds.

        Raises:
            AssertionError: another message came, or none.
        """
        try:
            message = self._heard.get(timeout=within)
        except Empty:
            raise AssertionError(f"no {kind.__name__} came within {within} s") from None
        assert isinstance(message, kind), f"expected {kind.__name__}, got {message!r}"
        return message

    def expect_nothing(self, within: float = 0.05) -> None:
        """Wait for ``within`` seconds in which no message comes.

        Raises:
            AssertionError: one did.
        """
        try:
            message = self._heard.get(timeout=within)
        except Empty:
            return
        raise AssertionError(f"expected nothing, got {message!r}")
