"""The streams that are open: how many a user may have, and which must end."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from server.agui.stream import Stream


class Streams:
    """The open streams of one server."""

    def __init__(self, most_per_user: int) -> None:
        """Begin with none."""
        self._most_per_user = most_per_user
        self._streams: set[Stream] = set()
        self._by_user: Counter[str] = Counter()

    def __len__(self) -> int:
        """Count the open ones."""
        return len(self._streams)

    def admit(self, stream: Stream) -> bool:
        """Take in a stream; tell whether its user may have one more."""
        user_id = stream.account.user_id
        if self._by_user[user_id] >= self._most_per_user:
            return False
        self._streams.add(stream)
        self._by_user[user_id] += 1
        return True

    def forget(self, stream: Stream) -> None:
        """Note that a stream is over, if it was taken in."""
        if stream not in self._streams:
            return
        self._streams.discard(stream)
        self._by_user[stream.account.user_id] -= 1
        self._by_user += Counter()  # Keeps those above 0.

    def revoke(self, family: str) -> None:
        """End the streams of a login that was revoked."""
        for stream in [stream for stream in self._streams if stream.claims.family == family]:
            stream.end()

    def expire(self, epoch: float) -> None:
        """End the streams whose tokens have been no good since before ``epoch``, in seconds since 1970 UTC."""
        for stream in [stream for stream in self._streams if stream.claims.expires_at < epoch]:
            stream.end()

    def dismiss(self) -> None:
        """End all of them: the server is going away."""
        for stream in tuple(self._streams):
            stream.end()
