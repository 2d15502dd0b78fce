"""What is simulated: who there is, how much they do, and how much goes wrong."""

from __future__ import annotations

from collections.abc import Callable, Mapping  # noqa: TC003 - a dataclass's fields are read at run time
from dataclasses import dataclass, field
from random import Random  # noqa: TC003 - as above
from typing import Any, Protocol

from actors.runtime.clock import Clock  # noqa: TC001 - as above
from actors.session.journal import Journal
from actors.session.root import Root
from actors.testing.simulation.disk import Disk  # noqa: TC001 - as above


class FragileJournal(Journal, Protocol):
    """A log that outlives its process only as far as it is committed."""

    def lose_tail(self, *, landed: bool) -> None:
        """Forget what isn't committed, and whoever waits for it; with ``landed`` the commit under way got through."""


@dataclass(frozen=True)
class Scenario:
    """The parameters of a simulation; what isn't said here, the seed decides.

    ``make_journal`` makes an empty log in memory, whose epochs come from the random source that it is given, and whose
    commits go to the disk on the time of the clock. ``limits`` are
    fields of `Environment`; run and tool timeouts are long enough that only a script that waits longer meets them.
    """

    make_journal: Callable[[Random, Disk, Clock], FragileJournal]
    users: int = 2
    sessions_per_user: int = 2
    tabs_per_session: int = 2
    acts_per_tab: int = 8
    injections: int = 6
    steps_between_injections: int = 250
    calamities: int = 0
    """How often at most the process is killed, or the disk fails or stalls."""
    steps_between_calamities: int = 800
    commit_lag: float = 0.0
    """How many seconds a commit takes at most; 0 commits at once."""
    root: type[Root] = Root
    limits: Mapping[str, Any] = field(default_factory=lambda: {"run_timeout": 600.0, "tool_timeout": 30.0})
