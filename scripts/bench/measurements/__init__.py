"""What is measured: each a context manager that samples its contenders in turn."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, ClassVar, NamedTuple, Self

if TYPE_CHECKING:
    from collections.abc import Sequence

Sample = dict[str, float]
"""Values by the name of their metric."""


class Scale(NamedTuple):
    """How much is measured."""

    rounds: int
    seconds: float
    """How long a load asks for, each time."""
    connections: tuple[int, ...]
    """How many idle ones the memory is taken at."""
    memory_rounds: int
    crowd: int
    """How many are connected while one in a hundred asks."""
    asks: int
    spawns: int
    idle_actors: int
    live_actors: int
    crashes: int
    events: int
    sessions: int
    growth: tuple[int, ...]


FULL = Scale(
    rounds=5,
    seconds=4.0,
    connections=(3_000, 15_000),
    memory_rounds=2,
    crowd=15_000,
    asks=100_000,
    spawns=20_000,
    idle_actors=10_000,
    live_actors=50_000,
    crashes=500,
    events=10_000,
    sessions=100_000,
    growth=(100, 1_000, 10_000),
)
QUICK = Scale(
    rounds=2,
    seconds=1.0,
    connections=(500,),
    memory_rounds=1,
    crowd=1_000,
    asks=10_000,
    spawns=3_000,
    idle_actors=3_000,
    live_actors=20_000,
    crashes=200,
    events=2_000,
    sessions=10_000,
    growth=(100, 500),
)


class Measurement:
    """Something that can be measured again and again; what it needs lives from `__enter__` to `__exit__`."""

    name: str
    contenders: Sequence[str]
    """Who is measured, in this order."""
    most_rounds: ClassVar[int] = 1_000

    def __init__(self, scale: Scale) -> None:
        """Start nothing yet."""
        self.scale = scale
        self._stack = ExitStack()

    @property
    def rounds(self) -> int:
        """How often each of them is."""
        return min(self.scale.rounds, self.most_rounds)

    def __enter__(self) -> Self:
        """Prepare; blocks."""
        self.prepare()
        return self

    def __exit__(self, *exception: object) -> None:
        """End every process."""
        self._stack.__exit__(*exception)  # type: ignore[arg-type]

    def prepare(self) -> None:
        """Start what all rounds share."""

    def sample(self, contender: str) -> Sample:
        """Measure one of the contenders once; blocks until that is done."""
        raise NotImplementedError
