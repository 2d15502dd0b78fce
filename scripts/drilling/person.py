"""A user of the server that is drilled."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scripts.drilling.correspondence import Correspondence
from scripts.drilling.transcript import Transcript

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from actors.testing.views import Entry
    from server.client.address import Address
    from server.client.credentials import Credentials
    from tests.system.process import Login


class Person:
    """A user, with what all connections of the user know. The login outlives the server's lives, as a client's does."""

    def __init__(self, login: Login, address: Address, credentials: Credentials, session_ids: Iterable[str]) -> None:
        """Own these sessions. The login is the judge's, for reading logs; the credentials are the clients'."""
        self.login = login
        self.address = address
        self.credentials = credentials
        self.correspondence = Correspondence()
        self.transcripts = {session_id: Transcript(session_id) for session_id in session_ids}

    def absorb(self, entries: Sequence[Entry], life: int) -> None:
        """Take in all that crossed a connection that is over.

        Raises:
            PromiseBroken: it doesn't fit what others saw.
        """
        self.correspondence.absorb(entries, life)
        for transcript in self.transcripts.values():
            transcript.absorb(entries)
