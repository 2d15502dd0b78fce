"""What all actors are doing, as data: for the operator's page, and for tests that compare before and after."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from actors.runtime.cell import Cell
    from actors.runtime.states import State


class Snapshot(NamedTuple):
    """One actor and those below it at one moment. Times are in seconds.

    ``oldest`` is how long its oldest message has waited, ``retry_in`` when its backoff is over, ``restarts_left`` how
    many failures its budget bears right now (None: nobody supervises it).
    """

    address: str
    class_name: str
    state: State
    incarnation: int
    depth: int
    oldest: float | None
    restarts_left: int | None
    retry_in: float | None
    last_exit: str | None
    children: tuple[Snapshot, ...]


def snapshots(cells: Iterable[Cell], now: float) -> tuple[Snapshot, ...]:
    """Return the snapshot of every top actor among ``cells``, in the order they were made."""
    below: dict[Cell | None, list[Cell]] = defaultdict(list)
    for cell in cells:
        below[cell.parent].append(cell)
    return tuple(_snapshot(cell, below, now) for cell in below[None])


def _snapshot(cell: Cell, below: Mapping[Cell | None, list[Cell]], now: float) -> Snapshot:
    oldest = cell.mailbox.oldest()
    return Snapshot(
        cell.address,
        cell.class_name,
        cell.state,
        cell.incarnation,
        len(cell.mailbox),
        None if oldest is None else now - oldest.taken_at,
        _restarts_left(cell, now),
        None if cell.retry_at is None else max(0.0, cell.retry_at - now),
        cell.last_exit,
        tuple(_snapshot(child, below, now) for child in below.get(cell, ())),
    )


def _restarts_left(cell: Cell, now: float) -> int | None:
    supervisor = cell.parent.actor if cell.parent is not None else None
    return None if supervisor is None else supervisor._restarts_left(cell, now)  # noqa: SLF001 - the runtime's own
