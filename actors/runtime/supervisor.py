"""Who mends: an actor that starts its children in order, restarts them by policy and stops them in reverse.

Everything is done by asking and being told, so a supervisor never waits: a child that takes its time to stop or to
start leaves it free for its other work. What is under way is two sets, the children that shall go down and those that
shall come up; `_advance` does whatever of it can be done next. A failure during a group restart only adds to the sets,
which merges it into that restart.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Self

from actors.runtime.actor import Actor, receives
from actors.runtime.errors import ChildExists, ChildNotFound, StartFailed
from actors.runtime.messages import ChildExited, ChildStarted, RestartDue
from actors.runtime.reasons import INTENSITY_EXCEEDED, SHUTDOWN, ExitKind
from actors.runtime.ref import ActorRef
from actors.runtime.restarts import Intensity, Restart, charge
from actors.runtime.states import State
from actors.runtime.strategies import Strategy

if TYPE_CHECKING:
    from collections.abc import Iterable

    from actors.runtime.cell import Cell
    from actors.runtime.reasons import ExitReason
    from actors.runtime.specs import ChildSpec


class Child:
    """What a supervisor keeps of one child."""

    __slots__ = ("cell", "failures", "spec", "started_at", "stop_sent", "unwanted", "window")

    def __init__(self, spec: ChildSpec, cell: Cell) -> None:
        """Begin without failures."""
        self.spec = spec
        self.cell = cell
        self.window: tuple[float, ...] = ()
        self.failures = 0
        self.started_at = 0.0
        self.stop_sent = False
        self.unwanted = False


class Supervisor(Actor):
    """An actor with children.

    ``strategy`` and ``intensity`` are OTP's. ``dynamic`` is for groups without an order, whose children start and stop
    side by side and are forgotten once they ended for good; ``budget_per_child`` counts restarts for each child alone,
    so that one child's crash loop costs only that child (`child_lost`).
    """

    strategy: ClassVar[Strategy] = Strategy.ONE_FOR_ONE
    dynamic: ClassVar[bool] = False
    budget_per_child: ClassVar[bool] = False
    intensity: Intensity = Intensity()

    _children: dict[str, Child]
    _going_down: set[str]
    _coming_up: set[str]
    _window: tuple[float, ...] = ()
    _ending = False

    def __new__(cls, *_args: Any, **_kwargs: Any) -> Self:
        """Make the supervisor's own state, so that a subclass's __init__ needn't call up."""
        self = super().__new__(cls)
        self._children = {}
        self._going_down = set()
        self._coming_up = set()
        return self

    # For subclasses.

    def children(self) -> Iterable[ChildSpec]:
        """Return the children to start with, in order. As a generator, it may refer to those it gave before."""
        return ()

    def child_address(self, child_id: str) -> str:
        """Return the address of the child of that id."""
        return f"{self.address}/{child_id}"

    def child_started(self, child_id: str, incarnation: int) -> None:
        """Hear that a child is up."""

    def child_exited(self, child_id: str, reason: ExitReason, retry_in: float | None) -> None:
        """Hear that a child's life ended by itself; the next begins in ``retry_in`` seconds (None: there is none)."""

    def child_lost(self, child_id: str, reason: ExitReason) -> None:
        """Hear that a child with its own budget has spent it and is gone."""

    # From a subclass's own handlers.

    def child(self, child_id: str) -> ActorRef[Any]:
        """Return the child of that id.

        Raises:
            ChildNotFound: there is none.
        """
        return ActorRef(self._known(child_id).cell)

    def child_ids(self) -> tuple[str, ...]:
        """Return the ids of the children, in their order."""
        return tuple(self._children)

    def has_child(self, child_id: str) -> bool:
        """Tell whether there is a child of that id."""
        return child_id in self._children

    def is_up(self, child_id: str) -> bool:
        """Tell whether the child is there, started, and not about to be restarted."""
        child = self._children.get(child_id)
        settled = child_id not in self._going_down and child_id not in self._coming_up
        return child is not None and settled and child.cell.state is State.RUNNING

    def start_child(self, spec: ChildSpec) -> ActorRef[Any]:
        """Add a child and begin to start it. Doesn't wait: what is sent to it meanwhile waits in its mailbox.

        Raises:
            ChildExists: there is one of that id.
        """
        child = self._add(spec)
        self._begin_life(child)
        return ActorRef(child.cell)

    def stop_child(self, child_id: str) -> None:
        """Begin to stop a child for good; it is forgotten once it ended.

        Raises:
            ChildNotFound: there is none.
        """
        self._dismiss(self._known(child_id))
        self._advance()

    def kill_child(self, child_id: str) -> None:
        """End a child now and for good.

        Raises:
            ChildNotFound: there is none.
        """
        child = self._known(child_id)
        self._dismiss(child)
        child.stop_sent = True
        child.cell.kill()
        self._advance()

    def replace_child(self, child_id: str) -> None:
        """Kill a child and begin its next life; this is no failure and isn't charged to any budget.

        Raises:
            ChildNotFound: there is none.
        """
        child = self._known(child_id)
        self._coming_up.add(child_id)
        if not child.cell.ended:
            self._going_down.add(child_id)
            child.stop_sent = True
            child.cell.kill()
        self._advance()

    def _known(self, child_id: str) -> Child:
        if child_id not in self._children:
            raise ChildNotFound(f"{self.address} has no child {child_id!r}")
        return self._children[child_id]

    def _dismiss(self, child: Child) -> None:
        child.unwanted = True
        self._coming_up.discard(child.spec.id)
        if child.cell.ended:
            self._forget(child)
        else:
            self._going_down.add(child.spec.id)

    # What the children report.

    @receives(ChildStarted)
    def _on_child_started(self, message: ChildStarted) -> None:
        child = self._current(message)
        if child is None or message.child_id in self._going_down:
            return  # What takes it down again was decided while this was on its way.
        self._coming_up.discard(message.child_id)
        self._advance()
        if not self._ending:
            self.child_started(message.child_id, message.incarnation)

    @receives(ChildExited)
    def _on_child_exited(self, message: ChildExited) -> None:
        child = self._current(message)
        if child is None:
            return
        ordered = message.child_id in self._going_down
        self._going_down.discard(message.child_id)
        child.stop_sent = False
        if not ordered and not self._ending:
            self._mend(child, message.reason)
            if not self._ending:
                self.child_exited(message.child_id, message.reason, self._wait_of(child))
        elif self._ending or child.unwanted:
            self._forget(child)
        self._advance()

    @receives(RestartDue)
    def _on_restart_due(self, message: RestartDue) -> None:
        child = self._current(message)
        if child is not None:
            child.cell.retry_at = None
            self._advance()

    def _wait_of(self, child: Child) -> float | None:
        if child.spec.id not in self._coming_up:
            return None
        return 0.0 if child.cell.retry_at is None else child.cell.retry_at - self.runtime.clock.monotonic()

    def _current(self, message: ChildStarted | ChildExited | RestartDue) -> Child | None:
        child = self._children.get(message.child_id)
        if child is None or child.cell is not message.cell:
            return None
        return child if child.cell.incarnation == message.incarnation else None

    # The policy.

    def _mend(self, child: Child, reason: ExitReason) -> None:
        if self._cell.state is State.STARTING and reason.kind is ExitKind.START_FAILED:
            raise StartFailed(child.cell.address, reason.error)
        if child.spec.restart.wants_restart(reason):
            self._restart(child, reason)
        elif self.dynamic or child.spec.restart.wants_restart(INTENSITY_EXCEEDED) is False:
            self._forget(child)

    def _restart(self, child: Child, reason: ExitReason) -> None:
        now = self.runtime.clock.monotonic()
        if self._charge(child, now):
            self._give_up(child, reason)
            return
        if now - child.started_at >= child.spec.backoff.healthy_after:
            child.failures = 0
        child.failures += 1
        delay = child.spec.backoff.delay(child.failures, self.runtime.random.random())
        self.runtime.report("restarting", child.cell, reason=reason, delay=delay)
        for sibling in self.strategy.affected(list(self._children), child.spec.id):
            self._take_along(self._children[sibling])
        if delay > 0:
            child.cell.retry_at = now + delay
            self.send_after(delay, RestartDue(child.spec.id, child.cell, child.cell.incarnation))

    def _take_along(self, child: Child) -> None:
        if child.spec.restart is Restart.TEMPORARY:
            self._dismiss(child)
            return
        self._coming_up.add(child.spec.id)
        if not child.cell.ended:
            self._going_down.add(child.spec.id)

    def _charge(self, child: Child, now: float) -> bool:
        charged = charge(child.window if self.budget_per_child else self._window, now, self.intensity)
        if self.budget_per_child:
            child.window = charged.window
        else:
            self._window = charged.window
        return charged.exceeded

    def _give_up(self, child: Child, reason: ExitReason) -> None:
        self.runtime.report("intensity_exceeded", child.cell, reason=reason)
        if self.budget_per_child:
            self._forget(child)
            self.child_lost(child.spec.id, reason)
        else:
            self._cell.end(INTENSITY_EXCEEDED)

    # What is under way.

    def _advance(self) -> None:
        if self._going_down:
            self._stop_next()
        if self._ending:
            if not self._going_down and self._cell.state is State.STOPPING:
                self._cell.finish()
        elif self._independent or not self._going_down:
            self._start_next()

    @property
    def _independent(self) -> bool:
        """Whether no child's next life waits for another's end or start. Only the first start has an order then."""
        return self.dynamic or (self.strategy is Strategy.ONE_FOR_ONE and self._cell.state is State.RUNNING)

    def _stop_next(self) -> None:
        for child_id in reversed(self._children):
            if child_id not in self._going_down:
                continue
            child = self._children[child_id]
            if not child.stop_sent:
                child.stop_sent = True
                child.cell.stop(SHUTDOWN, within=child.spec.shutdown)
            if not self.dynamic:
                return

    def _start_next(self) -> None:
        for child_id, child in list(self._children.items()):
            if child_id not in self._coming_up:
                continue
            if child.cell.ended and child.cell.retry_at is None:
                self._begin_life(child)
            if not self._independent:
                return
        if not self._coming_up and self._cell.state is State.STARTING:
            self._cell.started()

    def _begin_life(self, child: Child) -> None:
        child.started_at = self.runtime.clock.monotonic()
        child.cell.revive()

    def _add(self, spec: ChildSpec) -> Child:
        if spec.id in self._children:
            raise ChildExists(f"{self.address} has a child {spec.id!r} already")
        cell = self.runtime.enroll(spec, parent=self._cell, address=self.child_address(spec.id))
        child = self._children[spec.id] = Child(spec, cell)
        return child

    def _forget(self, child: Child) -> None:
        del self._children[child.spec.id]
        self._coming_up.discard(child.spec.id)
        self._going_down.discard(child.spec.id)
        child.cell.bury()

    # What the cell calls.

    def _start_children(self) -> bool:
        for spec in self.children():
            self._add(spec)
            self._coming_up.add(spec.id)
        self._advance()
        return not self._coming_up

    def _release_children(self, *, killed: bool) -> bool:
        self._ending = True
        self._coming_up.clear()
        for child in list(self._children.values()):
            if child.cell.ended:
                self._forget(child)
                continue
            self._going_down.add(child.spec.id)
            if killed:
                child.stop_sent = True
                child.cell.kill()
        self._stop_next()
        return not self._going_down
