"""What a commit is made of: the changes of sessions' logs, and their bytes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from actors.session.events import AgentCompleted, MessageAccepted, MessageDequeued

if TYPE_CHECKING:
    from collections.abc import Iterable

    from actors.session.journal import Batch


class Begun(msgspec.Struct, frozen=True, array_like=True):
    """A run that isn't over yet: where it was accepted, and the message id that was spent on it."""

    run_id: str
    seq: int
    client_msg_id: str | None


class Writing(msgspec.Struct, frozen=True):
    """An entry in the making: what its writer adds before the commit is made, is in it."""

    session_id: str
    user_id: str
    batch: Batch

    @property
    def head_seq(self) -> int:
        """The seq of the last event so far."""
        return self.batch[-1].event.seq

    def take(self) -> Logged:
        """Make the entry; from now on nothing is added."""
        self.batch.taken = True
        return logged(self.user_id, self.batch)


class Created(msgspec.Struct, frozen=True, array_like=True, tag=0):
    """An empty log under a new epoch. ``at`` is in ms since 1970 UTC, here and below."""

    session_id: str
    user_id: str
    title: str
    epoch: str
    at: int


class Logged(msgspec.Struct, frozen=True, array_like=True, tag=1):
    """Events at the end of a log, dense from ``first_seq``, as the bytes that every reader gets."""

    session_id: str
    user_id: str
    first_seq: int
    at: int
    frames: list[bytes]
    begun: list[Begun]
    ended: list[str]


class Deleted(msgspec.Struct, frozen=True, array_like=True, tag=2):
    """A session is forgotten, with everything that was said of it before."""

    session_id: str


Entry = Created | Logged | Deleted

_ENDINGS = frozenset((AgentCompleted, MessageDequeued))
_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(list[Entry])


def logged(user_id: str, entries: Batch) -> Logged:
    """Make an entry of one session's events, and note which runs begin and end in them."""
    begun, ended = [], []
    for entry in entries:
        event = entry.event
        kind = type(event.data)
        if kind is MessageAccepted:
            begun.append(Begun(event.run_id, event.seq, event.data.client_msg_id))
        elif kind in _ENDINGS:
            ended.append(event.run_id)
    first, last = entries[0].event, entries[-1].event
    return Logged(first.session_id, user_id, first.seq, last.ts, [entry.frame for entry in entries], begun, ended)


def encode(entries: Iterable[Entry]) -> bytes:
    """Encode a commit as MessagePack."""
    return _encoder.encode(list(entries))


def decode(commit: bytes) -> list[Entry]:
    """Read a commit back.

    Raises:
        msgspec.MsgspecError: it isn't one.
    """
    return _decoder.decode(commit)
