"""One HTTP answer that shows a session: a `actors.session.connection.Connection` whose frames are taken in turn.

What a slow reader has no room for stays in the log: the session reads on for it when there is room again, as for a
WebSocket.
"""

from __future__ import annotations

import secrets
from collections import deque
from typing import TYPE_CHECKING, Any

from gevent.event import Event

from actors.runtime.errors import RuntimeFault
from actors.runtime.future import Future
from actors.session.audience import Subscription
from actors.session.connection import Refusal
from actors.session.messages import Reattach, Route, Subscribe
from server.sockets.attachments import Attachments, tell

if TYPE_CHECKING:
    from collections.abc import Sequence

    from actors.runtime.ref import ActorRef
    from server.identity.access import Claims
    from server.identity.accounts import Account

HIGH_WATER = 65_536
"""How many bytes wait to be taken when there is no room for more."""

ANSWER_SECONDS = 15.0
"""How long a session may take to answer a command: it may have to be read from the log first."""

COMMAND = "command"
"""The frame id of whatever is commanded: one command is under way at a time."""

AGAIN = Refusal("internal", "The server is busy. Try again.", temporary=True, retry_after_ms=1000)


class Unwilling(Exception):
    """A session refused a command; ``refusal`` says why."""

    def __init__(self, refusal: Refusal) -> None:
        """Hold what the session said."""
        super().__init__(refusal.message)
        self.refusal = refusal


class Stream:
    """Belongs to the greenlet of its request, which commands and takes; the session writes and answers.

    Attributes:
        ended: whether nothing more comes, beyond what waits to be taken.
    """

    def __init__(self, root: ActorRef[Any], claims: Claims, account: Account, session_id: str) -> None:
        """Watch nothing yet."""
        self.connection_id = f"h_{secrets.token_hex(8)}"
        self.claims = claims
        self.account = account
        self.subscription = Subscription(self, session_id)
        self.ended = False
        self._root = root
        self._frames: deque[bytes] = deque()
        self._bytes = 0
        self._full = False
        self._news = Event()
        self._answer: Future[dict[str, Any]] | None = None
        self._begins_anew = False
        self._attachments = Attachments()

    # The request's side.

    def command(self, message: Any) -> dict[str, Any]:
        """Have the session do something, and return what it answers; what was shown before a `Subscribe` is forgotten.

        Raises:
            Unwilling: the session, or the root, says why not.
        """
        answer: Future[dict[str, Any]] = Future()
        self._answer, self._begins_anew = answer, isinstance(message, Subscribe)
        session_id = self.subscription.session_id
        if not tell(self._root, Route(self.account.user_id, session_id, self, COMMAND, message)):
            raise Unwilling(AGAIN)
        try:
            return answer.get(timeout=ANSWER_SECONDS)
        except RuntimeFault as late:
            raise Unwilling(AGAIN) from late

    def take(self, seconds: float) -> list[bytes]:
        """Return the frames that came, oldest first; none where ``seconds`` pass without any, or it has ended."""
        if not self._frames and not self.ended and seconds > 0:
            self._news.clear()
            self._news.wait(seconds)
        frames, self._bytes = list(self._frames), 0
        self._frames.clear()
        if self._full:
            self._full = False
            self._attachments.tell_ready()
        return frames

    def end(self) -> None:
        """Take no more frames; the session goes on without it."""
        if not self.ended:
            self.ended = True
            self._attachments.leave()
            self._news.set()

    def _reattach(self, subscription: Subscription) -> None:
        if not self.ended:
            again = Reattach(subscription)
            tell(self._root, Route(self.account.user_id, subscription.session_id, self, None, again))

    # The session's side.

    @property
    def writable(self) -> bool:
        """Whether there is room."""
        return not self._full and not self.ended

    def forward(self, frames: Sequence[bytes]) -> int:
        """Have encoded messages taken, as many as there is room for; return how many that are."""
        for number, frame in enumerate(frames):
            if not self.writable:
                return number
            self._frames.append(frame)
            self._bytes += len(frame)
            self._full = self._bytes >= HIGH_WATER
            self._news.set()
        return len(frames)

    def acknowledge(self, frame_id: str | None, **fields: Any) -> None:
        """Answer the command."""
        answer, self._answer = self._answer, None
        if frame_id is None or answer is None:
            return
        if self._begins_anew:
            self.take(0)
        answer.set(fields)

    def refuse(self, frame_id: str | None, refusal: Refusal) -> None:
        """Refuse the command."""
        answer, self._answer = self._answer, None
        if frame_id is not None and answer is not None:
            answer.fail(Unwilling(refusal))

    def held(self, session_id: str) -> Subscription | None:
        """Return the subscription by which the session writes here, or will again; None where it doesn't."""
        attachment = self._attachments.get(session_id)
        return None if attachment is None else attachment.subscription

    def attached(self, subscription: Subscription, session: ActorRef[Any]) -> None:
        """Hear that the session writes here; when it dies, come back to its next life."""
        self._attachments.attach(subscription, session, self._reattach)
        if self.ended:
            self._attachments.leave()

    def detached(self, session_id: str) -> None:
        """Hear that the session no longer writes here."""
        self._attachments.detach(session_id)

    def outrun(self) -> None:
        """Hear that what comes next isn't kept any more: the answer breaks off, and a new request is told so."""
        self.end()

    def gone(self, session_id: str, _refusal: Refusal) -> None:
        """Hear that the session is no more."""
        self._attachments.detach(session_id)
        self.end()
