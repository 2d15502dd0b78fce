"""What a drill saw, in numbers. Pure, but for the table."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

from rich.table import Table

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from actors.session.promises import Event
    from scripts.drilling.person import Person


class Kills(NamedTuple):
    """How the server was killed: while it was starting, just after, under load, and while it was draining."""

    starting: int
    early: int
    loaded: int
    draining: int


class Report(NamedTuple):
    """The numbers of a drill that broke no promise."""

    rounds: int
    kills: Kills
    seconds: float
    events: int
    acked: int
    ends: Counter[str]
    retried: int
    given_up: int
    resumed: int
    duplicates: int
    crossed: int
    taken_unseen: int
    refusals: Counter[str]

    @classmethod
    def of(
        cls, rounds: int, kills: Kills, seconds: float, people: Sequence[Person], logs: Iterable[Sequence[Event]]
    ) -> Report:
        """Count."""
        events = [event for log in logs for event in log]
        over = [event["data"] for event in events if event["type"] == "agent_completed"]
        transcripts = [transcript for person in people for transcript in person.transcripts.values()]
        messages = [message for person in people for message in person.correspondence.messages.values()]
        dequeued = sum(event["type"] == "message_dequeued" for event in events)
        return cls(
            rounds,
            kills,
            seconds,
            events=len(events),
            acked=sum(len(transcript.acked) for transcript in transcripts),
            ends=Counter(data["outcome"] for data in over) + Counter(dequeued=dequeued),
            retried=sum(data["attempts"] > 1 for data in over),
            given_up=sum(data.get("error", {}).get("code") == "server_restarted" for data in over),
            resumed=sum(transcript.resumed for transcript in transcripts),
            duplicates=sum(ack["duplicate"] for message in messages for ack in message.acks),
            crossed=sum(message.crossed_a_kill() for message in messages),
            taken_unseen=sum(message.taken_unseen() for message in messages),
            refusals=Counter(code for person in people for code in person.correspondence.refusals),
        )

    def table(self) -> Table:
        """Show it to a person."""
        table = Table("no promise broken", "", show_header=True)
        for name, value in self._rows():
            table.add_row(name, value)
        return table

    def _rows(self) -> list[tuple[str, str]]:
        return [
            ("rounds", str(self.rounds)),
            ("kills", _listed(self.kills._asdict())),
            ("messages acked", str(self.acked)),
            ("runs", _listed(self.ends)),
            ("runs tried again", str(self.retried)),
            ("runs given up as server_restarted", str(self.given_up)),
            ("connections resumed", str(self.resumed)),
            ("duplicates answered", f"{self.duplicates}, for {self.crossed} messages across a kill"),
            ("sent again, their acks lost with the server", str(self.taken_unseen)),
            ("messages refused", _listed(self.refusals)),
            ("events in the logs", str(self.events)),
            ("wall time", f"{self.seconds:.0f} s"),
        ]


def _listed(counts: dict[str, int]) -> str:
    return ", ".join(f"{number} {name}" for name, number in counts.items()) or "none"
