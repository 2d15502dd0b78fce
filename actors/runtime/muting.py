"""When to say a thing that is said again and again: a few times, then not for a while, then how often it wasn't."""

from __future__ import annotations

from typing import NamedTuple

LOUD = 10
"""How many times a thing is said before it is muted."""

MUTED_SECONDS = 300.0
"""For how long."""


class Mute(NamedTuple):
    """How often it was said, until when it isn't (monotonic seconds), and how often it wasn't."""

    said: int = 0
    until: float | None = None
    skipped: int = 0


class Verdict(NamedTuple):
    """What to do with one more: say it or not, whether it is the last for now, and how many were skipped before."""

    mute: Mute
    say: bool
    last: bool = False
    skipped: int = 0


def once_more(mute: Mute, now: float) -> Verdict:
    """Decide about one more occurrence at ``now`` (monotonic seconds)."""
    if mute.until is not None and now < mute.until:
        return Verdict(mute._replace(skipped=mute.skipped + 1), say=False)
    said = 1 if mute.until is not None else mute.said + 1
    last = said >= LOUD
    return Verdict(Mute(said, now + MUTED_SECONDS if last else None), say=True, last=last, skipped=mute.skipped)
