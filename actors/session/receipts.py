"""Answers that wait for a commit: a message is acked when it is on record, a cancel when its run's end is."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING, NamedTuple

from actors.session.connection import Refusal

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from actors.session.audience import Subscription
    from actors.session.connection import Connection

LOST = Refusal("internal", "The message could not be recorded. Send it again.", temporary=True)
UNANSWERED = Refusal("internal", "The session was restarted before it could answer. Try again.", temporary=True)


class Acceptance(NamedTuple):
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
        self.connection.acknowledge(
            self.frame_id, session_id=session_id, run_id=run_id, position=self.position, duplicate=self.duplicate
        )


class Ending(NamedTuple):
    """The answer to a ``cancel``."""

    connection: Connection
    frame_id: str | None

    def give(self, run_id: str) -> None:
        """Answer the client."""
        self.connection.acknowledge(self.frame_id, run_id=run_id)


class Receipts:
    """The answers of one session that are still owed."""

    __slots__ = ("_acceptances", "_endings")

    def __init__(self) -> None:
        """Owe nothing."""
        self._acceptances: dict[str, list[Acceptance]] = {}
        self._endings: dict[str, list[Ending]] = {}

    def owe_acceptance(self, run_id: str, acceptance: Acceptance) -> None:
        """Answer once the run's ``message_accepted`` is committed."""
        self._acceptances.setdefault(run_id, []).append(acceptance)

    def owe_ending(self, run_id: str, ending: Ending) -> None:
        """Answer once the run's last event is committed."""
        self._endings.setdefault(run_id, []).append(ending)

    def accepted(self, run_id: str) -> list[Acceptance]:
        """Take out what is owed for a message that is on record."""
        return self._acceptances.pop(run_id, [])

    def ended(self, run_id: str) -> list[Ending]:
        """Take out what is owed for a run that is over."""
        return self._endings.pop(run_id, [])

    def owes(self, connection: Connection, frame_id: str | None) -> bool:
        """Tell whether a frame's answer is owed."""
        return any(answer.connection is connection and answer.frame_id == frame_id for answer in self._all())

    def forsake(self) -> None:
        """Refuse everything that is owed: whoever would have known is gone."""
        for answer in self._all():
            answer.connection.refuse(answer.frame_id, UNANSWERED)
        self._acceptances.clear()
        self._endings.clear()

    def _all(self) -> list[Acceptance | Ending]:
        return [*chain(*self._acceptances.values()), *chain(*self._endings.values())]

    def settle(self, session_id: str, accepted: Mapping[str, int], watch: Callable[[Subscription, int], None]) -> None:
        """Answer everything after the log was read anew.

        ``accepted`` tells the runs that it holds unfinished, with the seqs of their ``message_accepted``; ``watch``
        shows a subscription what comes after a seq.
        """
        for run_id in list(self._acceptances):
            for acceptance in self.accepted(run_id):
                if run_id in accepted:
                    watch(acceptance.subscription, accepted[run_id] - 1)
                    acceptance.give(session_id, run_id)
                else:
                    acceptance.connection.refuse(acceptance.frame_id, LOST)
        for run_id in [run_id for run_id in self._endings if run_id not in accepted]:
            for ending in self.ended(run_id):
                ending.give(run_id)
