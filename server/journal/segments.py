"""How frames lie on disk: a few hundred in a row, so that one look-up reads many and a prune drops many."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

MOST_FRAMES = 256
MOST_BYTES = 64 * 1024
"""Of more than one frame: one that is bigger has a segment of its own."""


class Segment(NamedTuple):
    """Frames that follow each other, joined: JSON as it is encoded here never has a raw newline."""

    first_seq: int
    last_seq: int
    joined: bytes


def cut(first_seq: int, frames: Sequence[bytes]) -> Iterator[Segment]:
    """Yield frames as segments, in order."""
    begin = size = 0
    for end, frame in enumerate(frames):
        if begin < end and (end - begin == MOST_FRAMES or size + len(frame) > MOST_BYTES):
            yield _join(first_seq, frames, begin, end)
            begin, size = end, 0
        size += len(frame) + 1
    if begin < len(frames):
        yield _join(first_seq, frames, begin, len(frames))


def split(joined: bytes) -> list[bytes]:
    """Return the frames of a segment."""
    return joined.split(b"\n")


def _join(first_seq: int, frames: Sequence[bytes], begin: int, end: int) -> Segment:
    return Segment(first_seq + begin, first_seq + end - 1, b"\n".join(frames[begin:end]))
