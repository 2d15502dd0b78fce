"""Answers that wait for a commit: a message is acked when it is on record, a cancel when its run's end is."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING

from msgspec import Struct

from actors.session.connection import Refusal

if TYPE_CHECKING:
    from collections.abc import Callable

    from actors.session.audience import Subscription
    from actors.session.connection import Connection

LOST = Refusal("internal", "The message could not be recorded. Send it again.", temporary=True)
UNANSWERED = Refusal("internal", "The session was restarted before it could answer. Try again.", temporary=True)


class Acceptance(Struct, frozen=True):
    """The answer to a ``message``."""

    subscription: Subscription
    frame_id: str | None
    position: int
    duplicate: bool

    @property
    def connection(self) -> Connection:
        """Whom to answer."""
        return self.subscription.connection

    def give(self, session_id: str, run_id: str) -> None:
        """Answer the client."""
        self.subscription.connection.acknowledge(
            self.frame_id, session_id=session_id, run_id=run_id, position=self.position, duplicate=self.duplicate
        )


class Ending(Struct, frozen=True):
    """The answer to a ``cancel`` or a ``dequeue``, with the fields of its ack."""

    connection: Connection
    frame_id: str | None
    fields: dict[str, str]

    def give(self) -> None:
        """Answer the client."""
        self.connection.acknowledge(self.frame_id, **self.fields)


class Receipts:
    """The answers of one session that are still owed."""

    __slots__ = ("_endings", "acceptances")

    def __init__(self) -> None:
        """Owe nothing."""
        self.acceptances: dict[str, list[Acceptance]] = {}
        """Those of messages, by run: whoever has events to show may look whether there are any."""
        self._endings: dict[str, list[Ending]] = {}

    def __len__(self) -> int:
        """Count the runs that somebody waits for an answer about."""
        return len(self.acceptances) + len(self._endings)

    def owe_acceptance(self, run_id: str, acceptance: Acceptance) -> None:
        """Answer once the run's ``message_accepted`` is committed."""
        self.acceptances.setdefault(run_id, []).append(acceptance)

    def owe_ending(self, run_id: str, ending: Ending) -> None:
        """Answer once the run's last event is committed."""
        self._endings.setdefault(run_id, []).append(ending)

    def accepted(self, run_id: str) -> list[Acceptance]:
        """Take out what is owed for a message that is on record."""
        return self.acceptances.pop(run_id, [])

    def ended(self, run_id: str) -> list[Ending]:
        """Take out what is owed for a run that is over."""
        return self._endings.pop(run_id, [])

    def awaited_ends(self) -> list[str]:
        """Return the runs whose end somebody waits for."""
        return list(self._endings)

    def lose(self) -> None:
        """Refuse the messages that are owed an answer: they can't be recorded."""
        for run_id in list(self.acceptances):
            for acceptance in self.accepted(run_id):
                acceptance.connection.refuse(acceptance.frame_id, LOST)

    def forsake(self) -> None:
        """Refuse everything that is owed: whoever would have known is gone."""
        for answer in self._all():
            answer.connection.refuse(answer.frame_id, UNANSWERED)
        self.acceptances.clear()
        self._endings.clear()

    def _all(self) -> list[Acceptance | Ending]:
        return [*chain(*self.acceptances.values()), *chain(*self._endings.values())]

    def settle(self, is_open: Callable[[str], bool]) -> None:
        """Answer what the log has decided; ``is_open`` tells which runs are unfinished in it.

        Acceptances that are still owed after all of the log was shown aren't in it.
        """
        self.lose()
        for run_id in [run_id for run_id in self._endings if not is_open(run_id)]:
            for ending in self.ended(run_id):
                ending.give()
