"""What actors learn about each other: deaths, starts and ends."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from actors.runtime.reasons import ExitReason


class Down(msgspec.Struct, frozen=True):
    """A monitored actor's incarnation is dead. Comes once for each `monitor`."""

    address: str
    incarnation: int
    reason: ExitReason


# A supervisor's messages bear the child's cell, too: once a child is forgotten, its id and its incarnations come again.


class ChildStarted(msgspec.Struct, frozen=True):
    """A child is up; for its supervisor."""

    child_id: str
    cell: object
    incarnation: int


class ChildExited(msgspec.Struct, frozen=True):
    """A child's incarnation is dead; for its supervisor."""

    child_id: str
    cell: object
    incarnation: int
    reason: ExitReason


class RestartDue(msgspec.Struct, frozen=True):
    """A backoff is over; from a supervisor to itself."""

    child_id: str
    cell: object
    incarnation: int


SUPERVISORY = (ChildStarted, ChildExited, RestartDue)
"""What a supervisor handles also while it starts or stops."""
