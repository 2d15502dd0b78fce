"""The work on one message, from its acceptance to its end, as this client sees it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from actors.session.events import AgentCompleted, AgentStarted, Event, MessageDelta, MessageDequeued, Progress
from server.client.answer import Answer
from server.client.errors import ClientFault, Dequeued

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

Seen = Event | MessageDelta | Progress
"""What is seen of a run: recorded events, pieces of its answer, and signs of life."""


class Run:
    """One run. Iterate over it for all that is seen of it, from the beginning; several may, at any time."""

    def __init__(self, session_id: str, run_id: str) -> None:
        """Begin before anything was seen of it."""
        self.session_id = session_id
        self.run_id = run_id
        self.duplicate = False
        self._answer = Answer()
        self._seen: list[Seen] = []
        self._end: AgentCompleted | ClientFault | None = None
        self._news = asyncio.Event()

    @property
    def text(self) -> str:
        """The answer so far; the whole once it is completed."""
        return self._end.text if isinstance(self._end, AgentCompleted) else self._answer.text

    @property
    def over(self) -> bool:
        """Whether it has ended, or nothing more will be known of it."""
        return self._end is not None

    @property
    def unseen(self) -> bool:
        """Whether nothing was seen of it yet."""
        return not self._seen

    async def completed(self) -> AgentCompleted:
        """Wait for the end and return it, whatever its ``outcome`` is.

        Raises:
            Dequeued: it never ran, and never will.
            ClientFault: the client was closed or gave up, or the end isn't kept any more.
        """
        while self._end is None:
            await self._news.wait()
        if isinstance(self._end, ClientFault):
            raise self._end
        return self._end

    async def __aiter__(self) -> AsyncIterator[Seen]:
        """Yield what was seen and what comes, until the end.

        Raises:
            ClientFault: the client was closed or gave up before.
        """
        place = 0
        while True:
            while place < len(self._seen):
                yield self._seen[place]
                place += 1
            if self._end is not None:
                break
            await self._news.wait()
        if isinstance(self._end, ClientFault) and not isinstance(self._end, Dequeued):
            raise self._end

    # What the session tells it.

    def take(self, seen: Seen) -> Seen | None:
        """Take what comes next; return what is new of it, None where nothing is."""
        if self._end is not None:
            return None
        if isinstance(seen, MessageDelta):
            fresh = self._answer.extend(seen.offset, seen.text)
            if not fresh:
                return None
            offset = len(self._answer.text) - len(fresh)
            seen = MessageDelta(seen.session_id, seen.run_id, offset, fresh)
        elif isinstance(seen, Event):
            self._follow(seen)
        self._seen.append(seen)
        self._tell()
        return seen

    def catch_up(self, text: str) -> Seen | None:
        """Take the answer so far, as a subscription told it."""
        return self.take(MessageDelta(self.session_id, self.run_id, 0, text))

    def fail(self, fault: ClientFault) -> None:
        """Learn that no end will be seen."""
        if self._end is None:
            self._end = fault
            self._tell()

    def _follow(self, event: Event) -> None:
        match event.data:
            case AgentStarted():
                # Each attempt writes its answer from the beginning.
                self._answer = Answer()
            case AgentCompleted():
                self._end = event.data
            case MessageDequeued(reason=reason):
                self._end = Dequeued(reason)

    def _tell(self) -> None:
        self._news.set()
        self._news = asyncio.Event()
