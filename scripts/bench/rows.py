"""The table, as data: what is promised, side by side with what, and which measurement tells."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from scripts.bench.measurements.actors import Asks, IdleActors, Restarts, Spawns, Stops
from scripts.bench.measurements.growth import AsksByActors, TurnsByEvents, TurnsBySessions
from scripts.bench.measurements.logs import Replay, StartUp
from scripts.bench.measurements.memory import Memory
from scripts.bench.measurements.turns import Crowd, Latency, Turns
from scripts.bench.ratios import Better
from scripts.bench.servers import NODE, OURS, SOCKETIO, STARLETTE, WEBSOCKETS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from scripts.bench.measurements import Measurement, Scale
    from scripts.bench.measurements.growth import Curve

HIGHER, LOWER = Better.HIGHER, Better.LOWER


class Row(NamedTuple):
    """One promise.

    ``metric`` of ``subject`` is held against the same of the best of ``references``, or against that of itself under
    ``reference_metric``, as a ratio; where there is neither, against the bound as it is.
    """

    what: str
    measurement: str
    metric: str
    unit: str
    subject: str
    references: Sequence[str]
    better: Better
    bound: float
    aim: float | None
    reference_metric: str | None = None

    @property
    def is_ratio(self) -> bool:
        """Whether it is about a ratio."""
        return bool(self.references) or self.reference_metric is not None


TURNS = ((STARLETTE, 2.0, 4.0), ((NODE,), 0.8, 1.4), ((WEBSOCKETS,), 2.0, 3.5), ((SOCKETIO,), 5.0, 15.0))
"""By how much ours shall do more turns than each."""


def rows(scale: Scale) -> list[Row]:
    """Return the rows of the table at a scale."""
    return [*_of_turns(), *_of_crowds(scale), *_of_actors(scale), *_of_logs(scale)]


def _of_turns() -> Iterator[Row]:
    for peers, bound, aim in TURNS:
        yield Row("turns a second", "turns", "turns_per_second", "1/s", OURS, peers, HIGHER, bound, aim)
    # The same promise, seen by what noise hurts less: on one core, half the time a turn is twice the turns.
    for peers, bound, aim in TURNS:
        yield Row("processor time of a turn", "turns", "cpu_us_per_turn", "µs", OURS, peers, LOWER, 1 / bound, 1 / aim)
    yield Row("latency p50", "latency", "p50_ms", "ms", OURS, STARLETTE, LOWER, 1.0, 0.7)
    yield Row("latency p99", "latency", "p99_ms", "ms", OURS, STARLETTE, LOWER, 1.0, 0.7)


def _of_crowds(scale: Scale) -> Iterator[Row]:
    for count in scale.connections:
        yield Row(f"memory, {count} idle", f"memory@{count}", "kib", "KiB", OURS, STARLETTE, LOWER, 0.4, 0.2)
    for way, how in ((Crowd.STEADY, "without pause"), (Crowd.PACED, "a second apart")):
        what = f"p99, {scale.crowd} connected, 1% active {how}"
        yield Row(what, "crowd", "p99_ms", "ms", way, (), LOWER, 50.0, None)


def _of_actors(scale: Scale) -> Iterator[Row]:
    crowded, roomy = f"{scale.live_actors} live", f"{Stops.FEW} live"
    pykka = ("pykka",)
    yield Row("asks a second", "asks", "per_second", "1/s", OURS, pykka, HIGHER, 3.0, 4.0)
    yield Row("processor time of an ask", "asks", "cpu_us", "µs", OURS, pykka, LOWER, 1 / 3, 1 / 4)
    yield Row("spawns and stops a second", "spawns", "per_second", "1/s", OURS, pykka, HIGHER, 4.0, 8.0)
    yield Row("processor time of a spawn and stop", "spawns", "cpu_us", "µs", OURS, pykka, LOWER, 1 / 4, 1 / 8)
    yield Row("memory of an idle actor", "idle-actors", "bytes", "B", OURS, pykka, LOWER, 0.3, 0.16)
    yield Row("processor time of a stop", "stops", "cpu_us", "µs", crowded, (roomy,), LOWER, 1.2, 1.0)
    what = "crash to serving, p99, by a plain spawn's"
    yield Row(what, "restarts", "restart_p99_us", "µs", OURS, (), LOWER, 3.0, 2.0, "spawn_p99_us")


def _of_logs(scale: Scale) -> Iterator[Row]:
    many, few = f"{scale.sessions} sessions", f"{StartUp.FEW} sessions"
    long, short = f"{scale.events} events", f"{Replay.SHORT} events"
    # "No faster than the events replayed": the ratio of their numbers is the bound.
    replayed = scale.events / Replay.SHORT
    yield Row("rebuild a session", "replay", "rebuild_us", "µs", long, (short,), LOWER, replayed, None)
    what = "resume from the middle, an event"
    yield Row(what, "replay", "resume_us_per_event", "µs", long, (short,), LOWER, 1.0, None)
    yield Row("start-up to /readyz", "start-up", "ms", "ms", many, (few,), LOWER, 1.5, 1.1)


def measurements(scale: Scale) -> list[Measurement]:
    """Return what must be measured for all rows."""
    memory = [Memory(scale, count) for count in scale.connections]
    kinds = (Asks, Spawns, IdleActors, Stops, Restarts, Replay, StartUp)
    return [Turns(scale), Latency(scale), *memory, Crowd(scale), *(kind(scale) for kind in kinds)]


def curves(scale: Scale) -> list[Curve]:
    """Return how the costs grow: no promise, and a table of their own."""
    return [TurnsBySessions(scale), TurnsByEvents(scale), AsksByActors(scale)]
