"""How much failing one kind of child may do, and how long it waits between: what operators set by name."""

from __future__ import annotations

from dataclasses import dataclass, field

from actors.runtime.backoff import Backoff, check_reachable
from actors.runtime.restarts import Intensity


@dataclass(frozen=True, slots=True)
class Policy:
    """A restart budget of a child's own, with its backoff."""

    intensity: Intensity = field(default_factory=Intensity)
    backoff: Backoff = field(default_factory=Backoff)

    def __post_init__(self) -> None:
        """Refuse delays that keep the budget from ever being used up.

        Raises:
            SpecError: on such a policy.
        """
        check_reachable(self.backoff, self.intensity)
