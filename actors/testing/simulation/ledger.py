"""What a simulation did, in order: enough to tell two runs apart, and to see what led to a failure."""

from __future__ import annotations

import hashlib
import json
from typing import NamedTuple

SHOWN = 80
"""How many of the last entries a report shows."""


class Entry(NamedTuple):
    """One choice of the scheduler, injection, act of a person, or event. ``at`` is in virtual seconds."""

    at: float
    kind: str
    what: str


class Ledger:
    """The entries of one simulation."""

    def __init__(self) -> None:
        """Begin empty."""
        self.entries: list[Entry] = []

    def note(self, at: float, kind: str, what: str) -> None:
        """Add an entry."""
        self.entries.append(Entry(round(at, 6), kind, what))

    def of(self, kind: str) -> list[Entry]:
        """Return the entries of one kind."""
        return [entry for entry in self.entries if entry.kind == kind]

    def digest(self) -> str:
        """Return a hash of everything in it: equal where two simulations went the same way."""
        return hashlib.sha256(json.dumps(self.entries).encode()).hexdigest()

    def __str__(self) -> str:
        """Show the end of it, an entry a line."""
        return "\n".join(f"{at:>10.3f} s  {kind:<7} {what}" for at, kind, what in self.entries[-SHOWN:])
