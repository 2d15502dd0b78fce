"""What there is, as it is answered. Pure."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any

from server.ops.ranking import condition_of, severity_of
from server.ops.shapes import (
    ActorRow,
    ActorTree,
    Bundle,
    ConnectionRow,
    Counted,
    CrashRow,
    HandledRow,
    LetterRow,
    LetterRows,
    SessionRow,
    WatchedRow,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from actors.runtime.bundles import CrashBundle
    from actors.runtime.deadletters import DeadLetters
    from actors.runtime.tree import Snapshot
    from server.sockets.connection import Connection


def milliseconds(seconds: float | None) -> int | None:
    """Return a time in whole milliseconds, where there is one."""
    return None if seconds is None else round(seconds * 1000)


def actor_row(actor: Snapshot) -> ActorRow:
    """Show one actor."""
    return ActorRow(**_actor(actor))


def actor_tree(actor: Snapshot) -> ActorTree:
    """Show an actor with those below it."""
    children = tuple(actor_tree(child) for child in actor.children)
    return ActorTree(**_actor(actor), children=children, omitted=actor.omitted)


def _actor(actor: Snapshot) -> dict[str, Any]:
    return {
        "address": actor.address,
        "class_name": actor.class_name,
        "state": actor.state.value,
        "incarnation": actor.incarnation,
        "condition": condition_of(actor).value,
        "depth": actor.depth,
        "oldest_ms": milliseconds(actor.oldest),
        "handling": actor.handling,
        "restarts_left": None if actor.budget is None else actor.budget.left,
        "restarts_allowed": None if actor.budget is None else actor.budget.allowed,
        "retry_in_ms": milliseconds(actor.retry_in),
        "last_exit": actor.last_exit,
    }


def session_row(tree: Snapshot, username: str | None) -> SessionRow:
    """Show a session's tree in one line."""
    everybody = list(_all(tree))
    worst = max(everybody, key=severity_of)
    _, user_id, session_id = tree.address.split("/")
    return SessionRow(
        session_id=session_id,
        user_id=user_id,
        username=username,
        condition=condition_of(worst).value,
        actors=len(everybody) + sum(actor.omitted for actor in everybody),
        depth=sum(actor.depth for actor in everybody),
        incarnation=tree.incarnation,
        worst=actor_row(worst),
    )


def _all(tree: Snapshot) -> Iterator[Snapshot]:
    yield tree
    for child in tree.children:
        yield from _all(child)


def crash_row(crash: CrashBundle) -> CrashRow:
    """Show a crash in one line."""
    return CrashRow(**_crash(crash))


def bundle(crash: CrashBundle) -> Bundle:
    """Show all that is kept of a crash."""
    envelopes = tuple(HandledRow(handled.message_type, handled.size) for handled in crash.envelopes)
    return Bundle(**_crash(crash), places=crash.places, envelopes=envelopes, attributes=crash.attributes)


def _crash(crash: CrashBundle) -> dict[str, Any]:
    return {
        "number": crash.number,
        "at": crash.at_ms,
        "address": crash.address,
        "incarnation": crash.incarnation,
        "class_name": crash.class_name,
        "kind": crash.kind,
        "error_type": crash.error_type,
    }


def letter_rows(letters: DeadLetters, most: int) -> LetterRows:
    """Show how many messages nobody got, and of the last ones so many, without what was in them."""
    by_type = tuple(Counted(*each) for each in letters.types.most_common())
    last = islice(reversed(letters.ring), most)
    rows = tuple(LetterRow(letter.at_ms, letter.address, letter.message_type) for letter in last)
    return LetterRows(letters.types.total(), by_type, rows)


def connection_row(connection: Connection, now: float, watched: Sequence[WatchedRow]) -> ConnectionRow:
    """Show a socket; ``now`` is in monotonic seconds."""
    account, websocket = connection.account, connection.websocket
    stalled = websocket.stalled_since
    return ConnectionRow(
        connection_id=connection.connection_id,
        user_id=None if account is None else account.user_id,
        username=None if account is None else account.username,
        address=connection.address,
        age_ms=round((now - connection.opened_at) * 1000),
        silent_ms=round((now - websocket.last_seen) * 1000),
        stalled_ms=milliseconds(None if stalled is None else now - stalled),
        backlog=websocket.backlog,
        closing=connection.closing,
        sessions=tuple(watched),
        omitted=len(connection.subscriptions) - len(watched),
    )
