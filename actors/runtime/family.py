"""An actor with children: how they come up in order and go down in reverse.

Everything is done by asking and being told, so nothing here ever waits: a child that takes its time to stop or to
start leaves its supervisor free for other work. What is under way is two sets, the children that shall go down and
those that shall come up; `_advance` does whatever of it can be done next. Who comes back after a failure, and when, is
`actors.runtime.supervisor`'s to say.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Self

from actors.runtime.actor import Actor
from actors.runtime.children import Child, Lineup
from actors.runtime.errors import ChildExists, ChildNotFound, Phase
from actors.runtime.reasons import SHUTDOWN
from actors.runtime.ref import ActorRef
from actors.runtime.states import RUNNING, STARTING, STOPPING
from actors.runtime.strategies import Strategy

if TYPE_CHECKING:
    from collections.abc import Iterable

    from actors.runtime.cell import Cell
    from actors.runtime.messages import ChildExited, ChildStarted, RestartDue
    from actors.runtime.specs import ChildSpec


class Family(Actor):
    """An actor with children; `Supervisor` mends them."""

    strategy: ClassVar[Strategy] = Strategy.ONE_FOR_ONE
    dynamic: ClassVar[bool] = False

    _children: dict[str, Child]
    _going_down: Lineup
    _coming_up: Lineup
    _ranks = 0
    _ending = False

    def __new__(cls, *_args: Any, **_kwargs: Any) -> Self:
        """Make the supervisor's own state, so that a subclass's __init__ needn't call up."""
        self = super().__new__(cls)
        self._children = {}
        self._going_down = Lineup(youngest_first=True)
        self._coming_up = Lineup(youngest_first=False)
        return self

    # For subclasses.

    def children(self) -> Iterable[ChildSpec]:
        """Return the children to start with, in order. As a generator, it may refer to those it gave before."""
        return ()

    def child_address(self, child_id: str) -> str:
        """Return the address of the child of that id."""
        return f"{self.address}/{child_id}"

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
        if child is None or child in self._going_down or child in self._coming_up:
            return False
        return child.cell.state is RUNNING

    def start_child(self, spec: ChildSpec) -> ActorRef[Any]:
        """Add a child and begin to start it. Doesn't wait: what is sent to it meanwhile waits in its mailbox.

        Raises:
            ChildExists: there is one of that id.
            SpecError: its policy can't work under this supervisor.
            ActorDied: this supervisor is ending, or has ended.
        """
        if self._ending:
            raise self._cell.died(Phase.QUEUED)
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
        if not child.cell.ended:
            child.stop_sent = True
            child.cell.kill()
        self._bring_back(child)
        self._advance()

    def _known(self, child_id: str) -> Child:
        if child_id not in self._children:
            raise ChildNotFound(f"{self.address} has no child {child_id!r}")
        return self._children[child_id]

    def _current(self, message: ChildStarted | ChildExited | RestartDue) -> Child | None:
        child = self._children.get(message.child_id)
        if child is None or child.cell is not message.cell:
            return None
        return child if child.cell.incarnation == message.incarnation else None

    # What shall be.

    def _add(self, spec: ChildSpec) -> Child:
        if spec.id in self._children:
            raise ChildExists(f"{self.address} has a child {spec.id!r} already")
        cell = self.runtime.enroll(spec, parent=self._cell, address=self.child_address(spec.id))
        self._ranks += 1
        child = self._children[spec.id] = Child(cell, self._ranks)
        return child

    def _bring_back(self, child: Child) -> None:
        """Have a child live anew, after the end of this life where there is one."""
        self._expect(child)
        if child.cell.ended:
            # How it ended is part of this now, should its exit be reported only later.
            child.settled = child.cell.incarnation
            self._begin_if_free(child)
        else:
            self._take_down(child)

    def _expect(self, child: Child) -> None:
        self._coming_up.add(child)
        child.cell.returning = True

    def _take_down(self, child: Child) -> None:
        self._going_down.add(child)
        if self.dynamic:
            self._send_stop(child)

    def _dismiss(self, child: Child) -> None:
        child.unwanted = True
        self._end_by_order(child)
        if child.cell.ended:
            self._forget(child)

    def _end_by_order(self, child: Child) -> None:
        self._coming_up.discard(child)
        child.cell.returning = False
        child.cell.retry_at = None
        if not child.cell.ended:
            self._take_down(child)

    def _forget(self, child: Child) -> None:
        del self._children[child.id]
        self._coming_up.discard(child)
        self._going_down.discard(child)
        child.cell.bury()

    # What is done of it.

    def _advance(self) -> None:
        self._stop_first()
        if self._ending:
            if not self._going_down and self._cell.state is STOPPING:
                self._cell.finish()
            return
        if not self._independent and not self._going_down:
            first = self._coming_up.first()
            if first is not None:
                self._begin_if_due(first)
        if not self._coming_up and self._cell.state is STARTING:
            self._cell.started()

    @property
    def _independent(self) -> bool:
        """Whether no child's next life waits for another's end or start. Only the first start has an order then."""
        return self.dynamic or (self.strategy is Strategy.ONE_FOR_ONE and self._cell.state is RUNNING)

    def _begin_if_free(self, child: Child) -> None:
        if self._independent:
            self._begin_if_due(child)

    def _begin_if_due(self, child: Child) -> None:
        if child in self._coming_up and child.cell.ended and child.cell.retry_at is None:
            self._begin_life(child)

    def _begin_life(self, child: Child) -> None:
        child.started_at = self.runtime.clock.monotonic()
        child.cell.revive()

    def _stop_first(self) -> None:
        first = self._going_down.first()
        if first is not None:
            self._send_stop(first)

    @staticmethod
    def _send_stop(child: Child) -> None:
        if not child.stop_sent:
            child.stop_sent = True
            child.cell.stop(SHUTDOWN, within=child.spec.shutdown)

    # What the tree shows.

    def _child_cells(self) -> tuple[Cell, ...]:
        return tuple(child.cell for child in self._children.values())

    # What the cell calls.

    def _start_children(self) -> bool:
        for spec in self.children():
            self._expect(self._add(spec))
        for child in list(self._children.values()):
            self._begin_if_free(child)
        self._advance()
        return not self._coming_up

    def _release_children(self, *, killed: bool) -> bool:
        self._ending = True
        self._coming_up.clear()
        for child in list(self._children.values()):
            child.unwanted = True
            if child.cell.ended:
                self._forget(child)
                continue
            if killed:
                child.stop_sent = True
                child.cell.kill()
            self._take_down(child)
        self._stop_first()
        return not self._going_down
