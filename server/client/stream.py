"""What comes of a session, for one reader of it."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING, NamedTuple

from server.client.errors import Closed
from server.client.run import Seen

if TYPE_CHECKING:
    from server.client.errors import ClientFault


class Gap(NamedTuple):
    """Events up to here are no longer kept: what follows is all that is left."""

    session_id: str


Item = Seen | Gap


class Stream:
    """Iterate over it for all that comes from its making on, in order, nothing twice.

    What isn't taken yet is kept in memory, so that a slow reader holds up nobody.
    """

    def __init__(self) -> None:
        """Begin to listen."""
        self._items: deque[Item] = deque()
        self._fault: ClientFault | None = None
        self._news = asyncio.Event()

    def __aiter__(self) -> Stream:
        """Return itself: what one loop has taken, the next doesn't see."""
        return self

    async def __anext__(self) -> Item:
        """Wait for the next; the end comes when the client is closed.

        Raises:
            ClientFault: the client gave up.
        """
        while not self._items:
            if self._fault is not None:
                raise StopAsyncIteration if isinstance(self._fault, Closed) else self._fault
            self._news.clear()
            await self._news.wait()
        return self._items.popleft()

    def put(self, item: Item) -> None:
        """Take what comes."""
        self._items.append(item)
        self._news.set()

    def end(self, fault: ClientFault) -> None:
        """Learn that nothing more comes."""
        self._fault = fault
        self._news.set()
