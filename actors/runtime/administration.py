"""Looking after a supervisor's children from outside, by asking it: OTP's supervisor functions as messages."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from actors.runtime.actor import receives
from actors.runtime.errors import ActorDied, ChildActive, ChildExists, ChildNotFound, SpecError, StartFailed
from actors.runtime.family import Family
from actors.runtime.ref import ActorRef
from actors.runtime.restarts import Restart
from actors.runtime.specs import ChildSpec  # noqa: TC001 - a NamedTuple's fields are read at run time
from actors.runtime.states import State

if TYPE_CHECKING:
    from collections.abc import Callable

    from actors.runtime.actor import Reply
    from actors.runtime.children import Child
    from actors.runtime.reasons import ExitReason

T = TypeVar("T")


class StartChild(NamedTuple):
    """Add a child. The reply is its reference, once it is up.

    Fails with `ChildExists`, `SpecError`, or `StartFailed`; then there is no such child.
    """

    spec: ChildSpec


class StopChild(NamedTuple):
    """End a child and keep its spec for `RestartChild`; the reply comes when it is gone.

    One that is temporary, or whose supervisor is dynamic, is forgotten. Fails with `ChildNotFound`.
    """

    child_id: str


class RestartChild(NamedTuple):
    """Begin the next life of a child that has ended. The reply is its reference, once it is up.

    Fails with `ChildNotFound`, `ChildActive`, or `StartFailed`; then its spec is kept all the same.
    """

    child_id: str


class DeleteChild(NamedTuple):
    """Forget the spec of a child that has ended. Fails with `ChildNotFound` or `ChildActive`."""

    child_id: str


class WhichChildren(NamedTuple):
    """Ask for a `ChildInfo` of each child, in their order."""


class CountChildren(NamedTuple):
    """Ask for a `ChildCount`."""


class Status(Enum):
    """What a child is doing, as its supervisor sees it."""

    STARTING = "starting"
    RUNNING = "running"
    STOPPING = "stopping"
    RESTARTING = "restarting"
    STOPPED = "stopped"


class ChildInfo(NamedTuple):
    """One child, as of now."""

    child_id: str
    ref: ActorRef[Any]
    status: Status
    restart: Restart
    is_supervisor: bool


class ChildCount(NamedTuple):
    """How many specs there are, how many of them live, and how many are supervisors and workers."""

    specs: int
    active: int
    supervisors: int
    workers: int


REFUSALS = (ActorDied, ChildActive, ChildExists, ChildNotFound, SpecError)
"""What is wrong with an order. It is the asker's fault, and no reason for the supervisor to end."""


class Administered(Family):
    """An actor whose children can be looked after from outside."""

    @receives(StartChild)
    def _on_start_child(self, order: StartChild) -> None:
        self._obey(lambda: self._start_for(order.spec))

    def _start_for(self, spec: ChildSpec) -> None:
        self.start_child(spec)
        self._await_start(self._known(spec.id))

    @receives(RestartChild)
    def _on_restart_child(self, order: RestartChild) -> None:
        self._obey(lambda: self._restart_for(order.child_id))

    def _restart_for(self, child_id: str) -> None:
        child = self._at_rest(child_id)
        child.shelved = False
        self._await_start(child)
        self._begin_life(child)

    def _await_start(self, child: Child) -> None:
        child.start_replies = (*child.start_replies, *self._deferred())

    @receives(StopChild)
    def _on_stop_child(self, order: StopChild) -> None:
        self._obey(lambda: self._stop_for(order.child_id))

    def _stop_for(self, child_id: str) -> None:
        child = self._known(child_id)
        child.stop_replies = (*child.stop_replies, *self._deferred())
        if self.dynamic or child.spec.restart is Restart.TEMPORARY:
            self._dismiss(child)
        elif not child.unwanted:
            child.shelved = True
            self._end_by_order(child)
        if child.cell.ended:
            self._tell_stopped(child)
        self._advance()

    @receives(DeleteChild)
    def _on_delete_child(self, order: DeleteChild) -> None:
        if self._obey(lambda: self._forget(self._at_rest(order.child_id))):
            for reply in self._deferred():
                reply.set(None)

    @receives(WhichChildren)
    def _on_which_children(self, _: WhichChildren) -> tuple[ChildInfo, ...]:
        return tuple(self._info(child) for child in self._children.values())

    @receives(CountChildren)
    def _on_count_children(self, _: CountChildren) -> ChildCount:
        infos = self._on_which_children(WhichChildren())
        supervisors = sum(info.is_supervisor for info in infos)
        active = sum(info.status not in {Status.RESTARTING, Status.STOPPED} for info in infos)
        return ChildCount(len(infos), active, supervisors, len(infos) - supervisors)

    def _info(self, child: Child) -> ChildInfo:
        spec = child.spec
        ref: ActorRef[Any] = ActorRef(child.cell)
        return ChildInfo(child.id, ref, self._status(child), spec.restart, issubclass(spec.factory, Family))

    def _status(self, child: Child) -> Status:
        if child in self._coming_up and (child.cell.ended or child in self._going_down):
            return Status.RESTARTING
        if child in self._going_down or child.cell.state is State.STOPPING:
            return Status.STOPPING
        if child.cell.ended:
            return Status.STOPPED
        return Status.STARTING if child.cell.state is State.STARTING else Status.RUNNING

    def _at_rest(self, child_id: str) -> Child:
        child = self._known(child_id)
        status = self._status(child)
        if status is not Status.STOPPED:
            raise ChildActive(child.cell.address, status.value)
        return child

    # The answers.

    def _obey(self, order: Callable[[], T]) -> bool:
        """Do what was asked; answer a refusal, and tell whether there was none."""
        try:
            order()
        except REFUSALS as refusal:
            for reply in self._deferred():
                reply.fail(refusal)
            return False
        return True

    def _deferred(self) -> tuple[Reply[Any], ...]:
        reply = self.defer()
        return () if reply is None else (reply,)

    def _tell_started(self, child: Child) -> None:
        replies, child.start_replies = child.start_replies, ()
        for reply in replies:
            reply.set(ActorRef(child.cell))

    def _tell_not_started(self, child: Child, reason: ExitReason) -> None:
        replies, child.start_replies = child.start_replies, ()
        for reply in replies:
            reply.fail(StartFailed(child.cell.address, reason.error))

    def _tell_stopped(self, child: Child) -> None:
        replies, child.stop_replies = child.stop_replies, ()
        for reply in replies:
            reply.set(None)
