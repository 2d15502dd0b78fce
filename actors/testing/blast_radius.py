"""How far a fault reaches: nowhere, but for the one it strikes and those who mend it."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple

from actors.runtime.telemetry import HubBlocked
from actors.testing.settling import settle

if TYPE_CHECKING:
    from collections.abc import Iterator

    from actors.runtime.cell import Cell
    from actors.runtime.runtime import Runtime
    from actors.runtime.telemetry import Event


class _Life(NamedTuple):
    incarnation: int
    stage: str
    memory: str


@contextmanager
def blast_radius(runtime: Runtime, address: str) -> Iterator[None]:
    """Assert that what the block does to the actors at and under ``address`` changes nothing elsewhere.

    Elsewhere no actor may come, go, live anew or change a field of its own, and nothing may be reported of any. Those
    who supervise ``address`` may take note of it in their fields, but not live anew. Blocks until the actors are at
    rest, before the block and after it; on a `ManualClock` the block itself advances the time that mending takes.

    Raises:
        AssertionError: something changed; it says what and where.
    """
    settle()
    heard: list[str] = []
    before = _lives(runtime, address)

    def listen(event: Event) -> None:
        if not isinstance(event, HubBlocked) and not _within(event.address, address):
            heard.append(str(event))

    stop_listening = runtime.telemetry.subscribe(listen)
    yield
    settle()
    stop_listening()
    changed = [f"{place}: {said}" for place, said in _differences(before, _lives(runtime, address))]
    assert not heard + changed, f"a fault at {address} reached beyond it:\n" + "\n".join(heard + changed)


def _within(address: str, top: str) -> bool:
    return address == top or address.startswith(f"{top}/")


def _lives(runtime: Runtime, address: str) -> dict[str, _Life]:
    cells = [ref._cell for ref in runtime.refs()]  # noqa: SLF001 - the testkit looks behind references
    supervisors = {above.address for cell in cells if cell.address == address for above in _above(cell)}
    return {
        cell.address: _Life(cell.incarnation, cell.state.value, "" if cell.address in supervisors else _memory(cell))
        for cell in cells
        if not _within(cell.address, address)
    }


def _above(cell: Cell) -> Iterator[Cell]:
    while cell.parent is not None:
        cell = cell.parent
        yield cell


def _memory(cell: Cell) -> str:
    return repr(vars(cell.actor)) if cell.actor is not None else ""


def _differences(before: dict[str, _Life], after: dict[str, _Life]) -> Iterator[tuple[str, str]]:
    for address in {**before, **after}:
        if before.get(address) != after.get(address):
            yield address, f"{before.get(address)} became {after.get(address)}"
