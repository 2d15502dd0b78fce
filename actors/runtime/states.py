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


# Python 3.11 looks up a member in its class in 150 ns and a module's name in 10: these are for the paths of messages.
STARTING, RUNNING, STOPPING, DOWN, DEAD = State

ACCEPTING = frozenset({State.STARTING, State.RUNNING})
"""Where messages go into the mailbox."""

ENDED = frozenset({State.DOWN, State.DEAD})
"""Where the incarnation is over."""
