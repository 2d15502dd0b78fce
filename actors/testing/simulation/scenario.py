"""What is simulated: who there is, how much they do, and how much goes wrong."""

from __future__ import annotations

from collections.abc import Callable, Mapping  # noqa: TC003 - a dataclass's fields are read at run time
from dataclasses import dataclass, field
from random import Random  # noqa: TC003 - as above
from typing import Any

from actors.session.journal import Journal  # noqa: TC001 - as above
from actors.session.root import Root


@dataclass(frozen=True)
class Scenario:
    """The parameters of a simulation; what isn't said here, the seed decides.

    ``make_journal`` makes an empty log whose epochs come from the random source that it is given. ``limits`` are
    fields of `Environment`; run and tool timeouts are long enough that only a script that waits longer meets them.
    """

    make_journal: Callable[[Random], Journal]
    users: int = 2
    sessions_per_user: int = 2
    tabs_per_session: int = 2
    acts_per_tab: int = 8
    injections: int = 6
    steps_between_injections: int = 250
    commit_lag: float = 0.0
    """How many seconds a commit takes at most; 0 commits at once."""
    root: type[Root] = Root
    limits: Mapping[str, Any] = field(default_factory=lambda: {"run_timeout": 600.0, "tool_timeout": 30.0})
