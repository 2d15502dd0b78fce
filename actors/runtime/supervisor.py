"""Who mends: an actor that restarts its children by policy, and goes up when that doesn't help.

A failure during a group restart only adds to what is under way, which merges it into that restart.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from actors.runtime.actor import receives
from actors.runtime.administration import Administered
from actors.runtime.auto_shutdown import AutoShutdown
from actors.runtime.errors import SpecError, StartFailed
from actors.runtime.messages import ChildExited, ChildStarted, RestartDue
from actors.runtime.reasons import INTENSITY_EXCEEDED, SHUTDOWN, ExitKind
from actors.runtime.restarts import Budget, Intensity, Restart, budget, charge
from actors.runtime.states import State
from actors.runtime.strategies import Strategy
from actors.runtime.telemetry import IntensityExceeded, Restarting

if TYPE_CHECKING:
    from actors.runtime.cell import Cell
    from actors.runtime.children import Child
    from actors.runtime.reasons import ExitReason
    from actors.runtime.specs import ChildSpec


class Supervisor(Administered):
    """An actor with children, which it mends.

    ``strategy``, ``intensity`` and ``auto_shutdown`` are OTP's. ``dynamic`` is for groups without an order, whose
    children start and stop side by side and are forgotten once they ended for good; ``budget_per_child`` counts
    restarts for each child alone, so that one child's crash loop costs only that child (`child_lost`). A child whose
    spec has an intensity of its own is counted alone, too, but what it can't mend goes up.

    Orders from outside are `actors.runtime.administration`'s messages.
    """

    auto_shutdown: ClassVar[AutoShutdown] = AutoShutdown.NEVER
    budget_per_child: ClassVar[bool] = False
    intensity: Intensity = Intensity()

    _window: tuple[float, ...] = ()

    # For subclasses.

    def child_started(self, child_id: str, incarnation: int) -> None:
        """Hear that a child is up."""

    def child_exited(self, child_id: str, reason: ExitReason, retry_in: float | None) -> None:
        """Hear that a child's life ended by itself; the next begins in ``retry_in`` seconds (None: there is none)."""

    def child_lost(self, child_id: str, reason: ExitReason) -> None:
        """Hear that a child with its own budget has spent it and is gone."""

    # What the children report.

    @receives(ChildStarted)
    def _on_child_started(self, message: ChildStarted) -> None:
        child = self._current(message)
        if child is None:
            return
        self._tell_started(child)
        if child in self._going_down or message.incarnation <= child.settled:
            return  # What takes it down again, or follows its end, was decided while this was on its way.
        self._coming_up.discard(child)
        self._advance()
        if not self._ending:
            self.child_started(message.child_id, message.incarnation)

    @receives(ChildExited)
    def _on_child_exited(self, message: ChildExited) -> None:
        child = self._current(message)
        if child is None:
            return
        ordered = child in self._going_down
        self._going_down.discard(child)
        child.stop_sent = False
        self._tell_stopped(child)
        if self._ending or child.unwanted:
            self._tell_not_started(child, message.reason)
            self._forget(child)
        elif child.start_replies:
            self._start_refused(child, message.reason)
        elif not ordered and not child.shelved and message.incarnation > child.settled:
            self._mend(child, message.reason)
            if not self._ending:
                self.child_exited(message.child_id, message.reason, self._wait_of(child))
        else:
            self._begin_if_free(child)
        self._advance()

    @receives(RestartDue)
    def _on_restart_due(self, message: RestartDue) -> None:
        child = self._current(message)
        if child is not None and child in self._coming_up:
            child.cell.retry_at = None
            self._begin_if_free(child)
            self._advance()

    def _wait_of(self, child: Child) -> float | None:
        if child not in self._coming_up:
            return None
        return 0.0 if child.cell.retry_at is None else child.cell.retry_at - self.runtime.clock.monotonic()

    def _start_refused(self, child: Child, reason: ExitReason) -> None:
        """End the start that somebody asked for: the failure is theirs to judge, and isn't charged."""
        self._tell_not_started(child, reason)
        if child.cell.incarnation == 1:
            self._forget(child)
        else:
            child.cell.returning = False

    # The policy.

    def _mend(self, child: Child, reason: ExitReason) -> None:
        if self._cell.state is State.STARTING and reason.kind is ExitKind.START_FAILED:
            raise StartFailed(child.cell.address, reason.error)
        if child.spec.restart.wants_restart(reason):
            self._restart(child, reason)
        else:
            self._let_rest(child)

    def _let_rest(self, child: Child) -> None:
        child.cell.returning = False
        self._coming_up.discard(child)
        if self.dynamic or child.spec.restart is Restart.TEMPORARY:
            self._forget(child)
        if self.auto_shutdown.follows(significant=child.spec.significant, others_left=self._significant_left(child)):
            self._cell.end(SHUTDOWN)

    def _significant_left(self, ended: Child) -> bool:
        if self.auto_shutdown is not AutoShutdown.ALL_SIGNIFICANT:
            return False
        others = (child for child in self._children.values() if child is not ended and child.spec.significant)
        return any(not child.cell.ended or child in self._coming_up for child in others)

    def _restart(self, child: Child, reason: ExitReason) -> None:
        now = self.runtime.clock.monotonic()
        if self._charge(child, now):
            self._give_up(child, reason)
            return
        delay = self._backoff(child, now)
        self.runtime.telemetry.emit(Restarting(child.cell.address, child.cell.incarnation, reason, delay))
        if delay > 0:
            child.cell.retry_at = now + delay
            self.send_after(delay, RestartDue(child.id, child.cell, child.cell.incarnation))
        order = () if self.strategy is Strategy.ONE_FOR_ONE else self.child_ids()
        for sibling in self.strategy.affected(order, child.id):
            self._take_along(self._children[sibling])

    @staticmethod
    def _healthy(child: Child, now: float) -> bool:
        return now - child.started_at >= child.spec.backoff.healthy_after

    def _backoff(self, child: Child, now: float) -> float:
        child.failures = 1 if self._healthy(child, now) else child.failures + 1
        return child.spec.backoff.delay(child.failures, self.runtime.random.random())

    def _take_along(self, child: Child) -> None:
        if child.spec.restart is Restart.TEMPORARY:
            self._dismiss(child)
        elif not child.leaving or child.cell.ended:
            child.shelved = False
            self._bring_back(child)

    # The budgets.

    def _charge(self, child: Child, now: float) -> bool:
        charged = charge(self._window_of(child), now, self._budget_of(child.spec))
        if self._counted_alone(child.spec):
            child.window = charged.window
        else:
            self._window = charged.window
        return charged.exceeded

    def _counted_alone(self, spec: ChildSpec) -> bool:
        return self.budget_per_child or spec.intensity is not None

    def _budget_of(self, spec: ChildSpec) -> Intensity:
        return spec.intensity or self.intensity

    def _window_of(self, child: Child) -> tuple[float, ...]:
        return child.window if self._counted_alone(child.spec) else self._window

    def _give_up(self, child: Child, reason: ExitReason) -> None:
        self.runtime.telemetry.emit(IntensityExceeded(child.cell.address, child.cell.incarnation, reason, self.address))
        if self.budget_per_child:
            self._forget(child)
            self.child_lost(child.id, reason)
        else:
            self._cell.end(INTENSITY_EXCEEDED)

    # What the family and the cell call.

    def _add(self, spec: ChildSpec) -> Child:
        if spec.significant and self.auto_shutdown is AutoShutdown.NEVER:
            raise SpecError(f"child {spec.id!r}: {self.address} never shuts down for a significant child")
        spec.check_reachable(self._budget_of(spec))
        return super()._add(spec)

    def _budget_left(self, cell: Cell, now: float) -> Budget | None:
        child = self._children.get(cell.spec.id)
        if child is None:
            return None
        return budget(self._window_of(child), now, self._budget_of(child.spec))
