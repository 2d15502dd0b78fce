"""The log in memory: for tests, simulations, and servers whose sessions may end with the process."""

from __future__ import annotations

from typing import TYPE_CHECKING

from actors.runtime.dispatcher import HubClock
from server.journal.claims import Claims
from server.journal.commits import AtOnce
from server.journal.journal import LogJournal
from server.journal.layers import Layers
from server.journal.memtable import Memtable

if TYPE_CHECKING:
    from collections.abc import Sequence
    from random import Random

    from actors.runtime.clock import Clock
    from actors.session.journal import Claim, Done, SessionRecord
    from server.journal.commits import Sink
    from server.journal.entries import Entry


class Prompt:
    """A sink that takes no time."""

    def commit(self, _entries: Sequence[Entry], done: Done) -> None:
        """Be done."""
        done(None)


class Nothing:
    """What lies below the memtable of a log that is kept nowhere else."""

    def find(self, _session_id: str) -> SessionRecord | None:
        """Know no session."""
        return None

    def sessions(self, _user_id: str) -> list[SessionRecord]:
        """Know no session."""
        return []

    def read(self, _session_id: str, _seq: int, _below: int, _limit: int) -> list[bytes]:
        """Hold no frame."""
        return []

    def claimed(self, _user_id: str, _client_msg_id: str) -> Claim | None:
        """Know no claim."""
        return None

    def session_of(self, _run_id: str) -> str | None:
        """Know no run."""
        return None

    def unfinished_of(self, _session_id: str) -> dict[str, int]:
        """Know no run."""
        return {}

    def unfinished(self) -> list[tuple[str, str, str]]:
        """Know no run."""
        return []


class MemoryJournal(LogJournal):
    """Forgets everything with the process. As it comes it commits at once, within the call.

    A ``sink`` decides otherwise: it may call ``done`` later, with a failure, or never. ``clock`` is what it is tried
    by whether a failing sink works again; the hub's by default.
    """

    def __init__(self, random: Random | None = None, sink: Sink | None = None, clock: Clock | None = None) -> None:
        """Begin empty; epochs are drawn from ``random``, the system's own source by default."""
        super().__init__(sink or Prompt(), Layers(Nothing(), Memtable()), clock or HubClock(), AtOnce(), random)

    def lose_tail(self, *, landed: bool = False) -> None:
        """Forget what isn't committed, as a process that is killed does: nobody is told, nobody goes on waiting.

        With ``landed`` the commit under way got through.
        """
        self._commits.lose(landed=landed)
        self._claims = Claims()

    def prune(self, session_id: str, before: int) -> None:
        """Forget a session's events with seqs below ``before``."""
        part = self._layers.current.parts.get(session_id)
        if part is not None:
            part.drop(before)
