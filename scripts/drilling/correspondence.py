"""What one user sent under message ids, each send with its answer, and what must be true of it. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

from actors.session.promises import TERMINATION, PromiseBroken

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from actors.session.promises import Event
    from actors.testing.views import Entry

Frame = dict[str, Any]

IDEMPOTENCE = "a client_msg_id sent again, on any connection, before or after a restart, is the same run"

UNDECIDED = ("internal", "rate_limited", "draining")
"""Errors that say nothing of the message itself: it is to be sent again."""


class Send(NamedTuple):
    """One send of a message, in which life of the server, and its answer; None where the connection was cut first."""

    life: int
    answer: Frame | None

    @property
    def acked(self) -> bool:
        """Whether the message was taken, now or before."""
        return self.answer is not None and self.answer["type"] == "ack"

    @property
    def refused(self) -> bool:
        """Whether the message itself was turned away."""
        return self.answer is not None and not self.acked and self.answer["code"] not in UNDECIDED


@dataclass
class Message:
    """A message with an id, and what became of it; ``fields`` are those of its frame."""

    fields: Frame
    sends: list[Send] = field(default_factory=list)

    @property
    def unsettled(self) -> bool:
        """Whether nobody knows if it was taken, so that a client has to send it again."""
        return not any(send.acked or send.refused for send in self.sends)

    @property
    def acks(self) -> list[Frame]:
        """The acks that it got."""
        return [send.answer for send in self.sends if send.answer is not None and send.acked]

    def crossed_a_kill(self) -> bool:
        """Tell whether an earlier life of the server took it than the one that acked it again."""
        lives = [send.life for send in self.sends if send.acked]
        return any(earlier < later for earlier, later in pairwise(lives))

    def taken_unseen(self) -> bool:
        """Tell whether it had been taken when it was sent again because its answer never came."""
        return bool(self.acks) and self.acks[0]["duplicate"]

    def check(self, accepted: Sequence[Event]) -> None:
        """Check what was answered against the message's entries in the logs of its user.

        Raises:
            PromiseBroken: it ran more than once, or an answer doesn't fit.
        """
        problem = self._problem(accepted)
        if problem is not None:
            sends = [{"type": f"sent in life {send.life}", "answer": send.answer} for send in self.sends]
            raise PromiseBroken(IDEMPOTENCE, f"{self.fields}: {problem}", [*sends, *accepted])

    def _problem(self, accepted: Sequence[Event]) -> str | None:
        if len(accepted) > 1:
            return f"accepted {len(accepted)} times"
        if self.acks and not accepted:
            return "acked, and not in the log"
        runs = {(event["session_id"], event["run_id"]) for event in accepted}
        if any((ack["session_id"], ack["run_id"]) not in runs for ack in self.acks):
            return "acked with another run than the log has"
        if sum(not ack["duplicate"] for ack in self.acks) > 1:
            return "acked as new more than once"
        return self._refused_late(accepted)

    def _refused_late(self, accepted: Sequence[Event]) -> str | None:
        taken = min((send.life for send in self.sends if send.acked), default=None)
        if taken is not None and any(send.refused and send.life > taken for send in self.sends):
            return "refused, where an earlier life of the server had taken it"
        last = self.sends[-1] if self.sends else None
        if last is None or not last.refused or not accepted:
            return None
        # What was cut off in this very life may still have been on its way when a later send was refused.
        late = any(send.answer is None and send.life == last.life for send in self.sends)
        return None if late or self.acks else "refused, and yet in the log"


class Correspondence:
    """All messages with ids of one user, over all connections."""

    def __init__(self) -> None:
        """Begin with nothing sent."""
        self.messages: dict[str, Message] = {}
        self.acked: list[Message] = []
        self.refusals: list[str] = []

    def write(self, fields: Frame) -> Message:
        """Note a message before it is sent for the first time."""
        message = self.messages[fields["client_msg_id"]] = Message(fields)
        return message

    def absorb(self, entries: Iterable[Entry], life: int) -> None:
        """Note all sends of a connection that is over, with their answers."""
        frames = [(entry.sent, entry.frame) for entry in entries]
        answers = {frame["re"]: frame for sent, frame in frames if not sent and "re" in frame}
        for frame in (frame for sent, frame in frames if sent and frame["type"] == "message"):
            answer = answers.get(frame["id"])
            if answer is not None and answer["type"] == "error":
                self.refusals.append(answer["code"])
            self._note(self.messages[frame["client_msg_id"]], Send(life, answer))

    def _note(self, message: Message, send: Send) -> None:
        if send.acked and not message.acks:
            self.acked.append(message)
        message.sends.append(send)
        # A tab tells of its connections when it leaves, which may be some lives later.
        message.sends.sort(key=lambda each: each.life)

    def check(self, logs: Iterable[Sequence[Event]]) -> None:
        """Check every message against all logs of the user.

        Raises:
            PromiseBroken: one ran more than once, or an answer doesn't fit.
        """
        accepted: dict[str, list[Event]] = {client_msg_id: [] for client_msg_id in self.messages}
        for event in (event for log in logs for event in log if event["type"] == "message_accepted"):
            client_msg_id = event["data"]["client_msg_id"]
            if client_msg_id is not None and client_msg_id not in accepted:
                raise PromiseBroken(TERMINATION, "accepted, and never sent", [event])
            if client_msg_id is not None:
                accepted[client_msg_id].append(event)
        for client_msg_id, message in self.messages.items():
            message.check(accepted[client_msg_id])
