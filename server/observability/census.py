"""How many actors there are and what waits for them, counted a few at a time."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any, NamedTuple

from actors.session.session import Session
from server.turns import give_way

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from actors.runtime.ref import ActorRef

AT_ONCE = 1000
"""How many actors are looked at before others have their turn: less than a millisecond's work."""


class Census(NamedTuple):
    """What was found: actors, how many of them are sessions, and the messages in all mailboxes, and in the fullest."""

    actors: int = 0
    sessions: int = 0
    waiting: int = 0
    fullest: int = 0


def take_census(refs: Iterable[ActorRef[Any]]) -> Census:
    """Look at every actor; blocks the calling greenlet, and nobody else for longer than `AT_ONCE` of them take."""
    found = Census()
    everybody = iter(refs)
    while batch := list(islice(everybody, AT_ONCE)):
        found = _with(found, batch)
        give_way()
    return found


def _with(found: Census, batch: list[ActorRef[Any]]) -> Census:
    depths = list(_depths(batch))
    return Census(
        found.actors + len(batch),
        found.sessions + sum(ref.actor_class is Session for ref in batch),
        found.waiting + sum(depths),
        max(found.fullest, *depths),
    )


def _depths(batch: list[ActorRef[Any]]) -> Iterator[int]:
    return (len(ref.actor_inbox) for ref in batch)
