"""What one actor owes its askers: the reply to the message it is handling, and the replies it put off."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    from actors.runtime.future import Future


class Replies:
    """The futures that one incarnation must still resolve."""

    __slots__ = ("_deferred", "current")

    def __init__(self) -> None:
        """Owe nothing."""
        self.current: Future[Any] | None = None
        self._deferred: dict[Future[Any], None] | None = None

    def defer(self) -> Future[Any] | None:
        """Put off the current message's reply, so that the handler's return isn't it; None where nobody asked."""
        future, self.current = self.current, None
        if future is not None:
            self._deferred = self._deferred or {}
            self._deferred[future] = None
        return future

    def take_deferred(self, future: Future[Any]) -> bool:
        """Take a reply that was put off out of the debts; tell whether it was there."""
        if self._deferred is None or future not in self._deferred:
            return False
        del self._deferred[future]
        return True

    def take_all(self) -> Iterator[Future[Any]]:
        """Take out and yield everything that is owed and not resolved, the oldest debt first."""
        current, self.current = self.current, None
        deferred, self._deferred = self._deferred, None
        unanswered = [*(deferred or ()), *([] if current is None else [current])]
        return (future for future in unanswered if not future.done)


def resolve(future: Future[Any], value: Any, error: BaseException | None) -> bool:
    """Resolve a future unless its holder did it himself; return False where nobody waits for it any more."""
    if future.abandoned:
        return False
    if not future.done:
        if error is not None:
            future.fail(error)
        else:
            future.set(value)
    return True
