"""Where in its life an actor is.

::

              start                stop, kill, crash                hooks ran
    STARTING ───────► RUNNING ───────────────────────► STOPPING ─────────────► DOWN ───► DEAD
        ▲  └───────────────── start failed ────────────────────────────────────► │
        └───────────────────────────── revive (the supervisor) ──────────────────┘
"""

from __future__ import annotations

from enum import Enum


class State(Enum):
    """The states of an incarnation; DOWN is between two of them, DEAD after the last."""

    STARTING = "starting"
    RUNNING = "running"
    STOPPING = "stopping"
    DOWN = "down"
    DEAD = "dead"


ACCEPTING = frozenset({State.STARTING, State.RUNNING})
"""Where messages go into the mailbox."""

ENDED = frozenset({State.DOWN, State.DEAD})
"""Where the incarnation is over."""
