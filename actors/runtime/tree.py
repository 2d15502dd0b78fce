"""What actors are doing, as data: for the operator's page, and for tests that compare before and after."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from actors.runtime.states import State

if TYPE_CHECKING:
    from collections.abc import Iterator

    from actors.runtime.cell import Cell
    from actors.runtime.restarts import Budget


class Snapshot(NamedTuple):
    """One actor and those below it at one moment. Times are in seconds.

    ``oldest`` is how long its oldest message has waited, ``handling`` the type of the message that it is at,
    ``budget`` how many failures are still mended (None: nobody supervises it), ``retry_in`` when its backoff is over,
    ``omitted`` how many children aren't shown.
    """

    address: str
    class_name: str
    state: State
    incarnation: int
    depth: int
    oldest: float | None
    handling: str | None
    budget: Budget | None
    retry_in: float | None
    last_exit: str | None
    children: tuple[Snapshot, ...] = ()
    omitted: int = 0


def snapshot(cell: Cell, now: float, most: int | None = None) -> Snapshot:
    """Return the snapshot of an actor and of all below it, of each the first ``most`` children; costs as much."""
    below = children(cell)
    shown = tuple(snapshot(child, now, most) for child in below[:most])
    return _alone(cell, now)._replace(children=shown, omitted=len(below) - len(shown))


def restless(cell: Cell, now: float) -> Iterator[Snapshot]:
    """Yield those of an actor and all below it of whom there is anything to tell, without their children.

    Of the others, who are in their first life with nothing waiting, as most are, nothing is made: a look at thousands
    of trees for the few in trouble must not cost what a snapshot of all does.
    """
    left = [cell]
    while left:
        one = left.pop()
        if one.state is not State.RUNNING or one.incarnation > 1 or one.mailbox:
            yield _alone(one, now)
        left.extend(reversed(children(one)))


def children(cell: Cell) -> tuple[Cell, ...]:
    """Return the children of an actor in their order; between two lives it has none."""
    return () if cell.actor is None else cell.actor._child_cells()  # noqa: SLF001 - the runtime's own


def _alone(cell: Cell, now: float) -> Snapshot:
    oldest = cell.mailbox.oldest()
    return Snapshot(
        cell.address,
        cell.class_name,
        cell.state,
        cell.incarnation,
        len(cell.mailbox),
        None if oldest is None else now - oldest.taken_at,
        None if cell.handling is None else type(cell.handling).__name__,
        _budget(cell, now),
        None if cell.retry_at is None else max(0.0, cell.retry_at - now),
        cell.last_exit,
    )


def _budget(cell: Cell, now: float) -> Budget | None:
    supervisor = cell.parent.actor if cell.parent is not None else None
    return None if supervisor is None else supervisor._budget_left(cell, now)  # noqa: SLF001 - the runtime's own
