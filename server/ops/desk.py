"""Who answers an operator's questions about the running server."""

from __future__ import annotations

import heapq
from itertools import islice
from typing import TYPE_CHECKING, TypeVar

from config.version import VERSION
from server.ops import samples
from server.ops.shapes import (
    Actors,
    Bundle,
    ConnectionRow,
    ConnectionRows,
    Counted,
    CrashRows,
    FaultState,
    IncidentRow,
    LetterRows,
    Overview,
    Part,
    SampleRows,
    SessionCounts,
    SessionPart,
    SessionRows,
    Since,
    WatchedRow,
)
from server.ops.survey import ROOT
from server.ops.views import actor_tree, bundle, connection_row, crash_row, letter_rows, session_row

if TYPE_CHECKING:
    from collections.abc import Sequence

    from actors.runtime.runtime import Runtime
    from server.identity.accounts import Accounts
    from server.journal.journal import LogJournal
    from server.ops.instruments import Instruments
    from server.sockets.connection import Connection
    from server.sockets.reception import Reception

T = TypeVar("T")

MOST_CHILDREN = 50
"""How many children of one actor, and sessions of one connection, are shown."""

MOST_LETTERS = 200
"""How many dead letters are shown."""


class Desk:
    """Answers in bounded bytes, however much there is."""

    def __init__(
        self,
        runtime: Runtime,
        journal: LogJournal,
        accounts: Accounts,
        reception: Reception,
        instruments: Instruments,
    ) -> None:
        """Know whom to ask."""
        self._runtime = runtime
        self._journal = journal
        self._accounts = accounts
        self._reception = reception
        self._instruments = instruments

    def overview(self, since: Since) -> Overview:
        """Show the server at a glance, with the samples and incidents that the asker hasn't; blocks as `Survey`."""
        instruments, reception, runtime = self._instruments, self._reception, self._runtime
        found = instruments.survey.findings()
        totals = {kind.__name__: count for kind, count in runtime.telemetry.counts.items()}
        return Overview(
            version=VERSION,
            started_at=instruments.started_at,
            now=runtime.clock.epoch_ms(),
            draining=reception.draining,
            recording=reception.recording,
            overloaded=instruments.overloaded,
            actors=runtime.population,
            connections=len(reception),
            sessions=SessionCounts(**found.counts),
            survey_ms=round(found.seconds * 1000, 2),
            journal_lag_ms=round(self._journal.lag * 1000, 2),
            faults=self._faults(),
            totals=tuple(Counted(*each) for each in sorted(totals.items())),
            samples=self._samples(since.samples),
            incidents=tuple(IncidentRow(**each._asdict()) for each in instruments.incidents.after(since.incidents)),
        )

    def _faults(self) -> FaultState:
        faults, allowed = self._runtime.faults, self._reception.settings.faults.enabled
        if faults is None:
            return FaultState(allowed, None, 0)
        return FaultState(allowed, len(faults.plan.rules), faults.left)

    def _samples(self, after: int) -> SampleRows:
        ring = self._instruments.ring
        return SampleRows(last=ring.last, every_ms=round(samples.EVERY * 1000), **ring.after(after))

    def sessions(self, part: SessionPart) -> SessionRows:
        """List sessions, the worst first; what is sought is in their address, or the whole name of their user."""
        ranks = self._instruments.survey.findings().ranks
        owner = self._accounts.by_name(part.search) if part.search else None
        sought = (part.search,) if owner is None else (part.search, owner.user_id)
        matching = [
            one.address
            for one in ranks
            if part.condition in {None, one.condition.value} and any(text in one.address for text in sought)
        ]
        trees = [self._runtime.subtree(address, MOST_CHILDREN) for address in _part_of(matching, part)]
        # One that ended since the last look is passed over.
        there = [tree for tree in trees if tree is not None]
        names = self._accounts.names([_user_of(tree.address) for tree in there])
        rows = tuple(session_row(tree, names.get(_user_of(tree.address))) for tree in there)
        return SessionRows(len(ranks), len(matching), part.offset, rows)

    def actors(self, address: str) -> Actors | None:
        """Show an actor and those below it; where no address is given, all that stand at the top.

        None where there isn't one. The root's children are thousands, and have a list of their own.
        """
        if address:
            tree = self._runtime.subtree(address, MOST_CHILDREN)
            return None if tree is None else Actors((actor_tree(tree),))
        tops = [self._runtime.subtree(top, 0 if top == ROOT else MOST_CHILDREN) for top in self._runtime.tops()]
        return Actors(tuple(actor_tree(top) for top in tops if top is not None))

    def crashes(self, part: Part) -> CrashRows:
        """List the crashes whose bundles are kept, the newest first."""
        kept = self._runtime.crashes[::-1]
        matching = [crash for crash in kept if part.search in crash.address or part.search == crash.error_type]
        return CrashRows(len(kept), len(matching), part.offset, tuple(map(crash_row, _part_of(matching, part))))

    def crash(self, number: str) -> Bundle | None:
        """Show all that is kept of a crash; None where that is nothing."""
        return next((bundle(crash) for crash in self._runtime.crashes if str(crash.number) == number), None)

    def dead_letters(self) -> LetterRows:
        """List the last messages that nobody got."""
        return letter_rows(self._runtime.dead_letters, MOST_LETTERS)

    def connections(self, part: Part) -> ConnectionRows:
        """List open sockets, the largest backlog first; what is sought is in the ids or the name of one."""
        matching = [connection for connection in self._reception if part.search in _identity(connection)]
        first = heapq.nlargest(part.offset + part.limit, matching, key=lambda each: each.websocket.backlog)
        rows = tuple(self._connection(connection) for connection in first[part.offset :])
        return ConnectionRows(len(self._reception), len(matching), part.offset, rows)

    def _connection(self, connection: Connection) -> ConnectionRow:
        watched = tuple(islice(connection.subscriptions, MOST_CHILDREN))
        rows = [WatchedRow(each.session_id, self._behind(each.session_id, each.cursor)) for each in watched]
        return connection_row(connection, self._reception.now(), rows)

    def _behind(self, session_id: str, cursor: int) -> int:
        record = self._journal.find(session_id)
        return 0 if record is None else max(0, record.head_seq - cursor)


def _part_of(found: Sequence[T], part: Part) -> Sequence[T]:
    return found[part.offset : part.offset + part.limit]


def _user_of(address: str) -> str:
    return address.split("/")[1]


def _identity(connection: Connection) -> str:
    account = connection.account
    return " ".join((connection.connection_id, *(() if account is None else (account.user_id, account.username))))
