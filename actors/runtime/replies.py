"""What one actor owes its askers: the reply to the message it is handling, and the replies it put off."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from actors.runtime.mortal import Mortal

if TYPE_CHECKING:
    from actors.runtime.future import Future
    from actors.runtime.runtime import Runtime
    from actors.runtime.specs import ChildSpec


class Debtor(Mortal):
    """The side of an actor that its askers wait for: the futures that one incarnation must still resolve."""

    __slots__ = ("_deferred", "_due")

    def __init__(self, runtime: Runtime, address: str, spec: ChildSpec) -> None:
        """Owe nothing."""
        super().__init__(runtime, address, spec)
        self._due: Future[Any] | None = None
        self._deferred: dict[Future[Any], None] | None = None

    def defer(self) -> Future[Any] | None:
        """Put off the current message's reply, so that the handler's return isn't it; None where nobody asked."""
        future, self._due = self._due, None
        if future is not None:
            self._deferred = self._deferred or {}
            self._deferred[future] = None
        return future

    def resume(self, future: Future[Any]) -> bool:
        """Take a reply that was put off back, to be given by a handler's return after all; tell whether it is owed."""
        if self._deferred is None or future not in self._deferred:
            return False
        del self._deferred[future]
        return True

    def resolve_deferred(self, future: Future[Any], value: Any, error: BaseException | None) -> None:
        """Answer an ask whose reply was put off; one that was answered already is left alone."""
        if self.resume(future):
            self._reply(future, value, error)

    def _reply(self, future: Future[Any], value: Any, error: BaseException | None = None) -> None:
        if not future.answer(value, error):
            self.runtime.late_reply(self.address)

    def _take_debts(self) -> list[Future[Any]]:
        """Take out everything that is owed and not resolved, the oldest debt first."""
        due, self._due = self._due, None
        deferred, self._deferred = self._deferred, None
        unanswered = [*(deferred or ()), *([] if due is None else [due])]
        return [future for future in unanswered if not future.done]
