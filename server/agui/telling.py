"""The body of an answer: a run's telling as server-sent events, for as long as there is something to tell."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec
from ag_ui.encoder import EventEncoder

from actors.session.events import MessageDelta, decode

if TYPE_CHECKING:
    from collections.abc import Iterator

    from server.agui.narration import Narration, Told
    from server.agui.stream import Stream
    from server.agui.streams import Streams

OPENING = b": accepted\nretry: 1000\n\n"
HEARTBEAT = b": still here\n\n"

_encoder = EventEncoder()
_deltas = msgspec.json.Decoder(MessageDelta)


class Partial(NamedTuple):
    """The answer as it was written when the stream began: to be told behind the log's events up to ``head_seq``."""

    head_seq: int
    text: str


class Telling:
    """An iterable as WSGI has it: its server takes one piece after the other, and closes it whatever happens.

    Closed, it ends the stream and not the run.
    """

    def __init__(
        self,
        stream: Stream,
        narration: Narration,
        run_id: str,
        partial: Partial,
        streams: Streams,
        heartbeat: float,
    ) -> None:
        """Tell the run of that id of ours; a comment is sent after ``heartbeat`` seconds of silence."""
        self._stream = stream
        self._narration = narration
        self._run_id = run_id
        self._partial = partial
        self._streams = streams
        self._heartbeat = heartbeat
        self._seq = 0
        self._opening = OPENING

    def __iter__(self) -> Iterator[bytes]:
        """Be one's own iterator."""
        return self

    def __next__(self) -> bytes:
        """Return the next piece; blocks until there is one."""
        opening, self._opening = self._opening, b""
        if opening:
            return opening
        while not self._narration.over:
            frames = self._stream.take(self._heartbeat)
            if not frames and self._stream.ended:
                break
            piece = b"".join(map(_encoded, self._hear_all(frames))) if frames else HEARTBEAT
            if piece:
                return piece
        raise StopIteration

    def _hear_all(self, frames: list[bytes]) -> Iterator[Told]:
        yield from self._hear_partial()
        for frame in frames:
            yield from self._hear(frame)
            yield from self._hear_partial()

    def _hear(self, frame: bytes) -> Iterator[Told]:
        kind = msgspec.json.decode(frame, type=_Kind)
        if kind.seq is not None:
            self._seq = kind.seq
        if kind.run_id != self._run_id or self._narration.over:
            return
        if kind.seq is not None:
            yield from self._narration.hear(decode(frame))
        elif kind.type == "message_delta":
            delta = _deltas.decode(frame)
            yield from self._narration.hear_delta(delta.offset, delta.text)

    def _hear_partial(self) -> list[Told]:
        """Tell what was written before the stream began, in its place: behind the events that it came after."""
        if not self._partial.text or self._seq < self._partial.head_seq:
            return []
        text, self._partial = self._partial.text, self._partial._replace(text="")
        return self._narration.hear_delta(0, text)

    def close(self) -> None:
        """End the stream; called once the answer is sent, or can't be."""
        self._stream.end()
        self._streams.forget(self._stream)


class _Kind(msgspec.Struct):
    """What frames are told apart by."""

    type: str
    run_id: str
    seq: int | None = None


def _encoded(told: Any) -> bytes:
    return f"id: {told.position}\n{_encoder.encode(told.event)}".encode()
