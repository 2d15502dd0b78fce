"""Where a client stands in the telling of a run: the ``id`` of its last event, and what comes back as Last-Event-ID.

::

    <epoch>:<seq>                       all that the log says up to seq
    <epoch>:<seq>:<length>-<checksum>   and so much of an answer that is still being written
    …+<n>                               and the first n events of what the log says next

Pure.
"""

from __future__ import annotations

import re
import zlib
from typing import NamedTuple

_ID = re.compile(r"([0-9A-Za-z_-]{1,64}):(\d{1,18})(?::(\d{1,18})-([0-9a-f]{8}))?(?:\+(\d{1,4}))?")


class Said(NamedTuple):
    """How much of an answer was told: its length in code points, and the CRC-32 of its UTF-8.

    So that, of an answer that is whole, it can be told whether it goes on from there, and nobody keeps the text.
    """

    length: int = 0
    checksum: int = 0

    def and_then(self, text: str) -> Said:
        """Return how much it is with ``text`` behind it."""
        return Said(self.length + len(text), zlib.crc32(text.encode(), self.checksum))

    def begins(self, text: str) -> bool:
        """Tell whether it is how ``text`` begins."""
        return Said().and_then(text[: self.length]) == self


class Position(NamedTuple):
    """A place in one log; ``said`` is None where no answer is being written."""

    epoch: str
    seq: int
    said: Said | None = None
    part: int = 0

    def __str__(self) -> str:
        """Write it as an event's id."""
        said = "" if self.said is None else f":{self.said.length}-{self.said.checksum:08x}"
        return f"{self.epoch}:{self.seq}{said}" + (f"+{self.part}" if self.part else "")


def position_of(text: str) -> Position | None:
    """Read a position; None where the text is none."""
    found = _ID.fullmatch(text) if text.isascii() else None
    if found is None:
        return None
    epoch, seq, length, checksum, part = found.groups()
    said = None if length is None else Said(int(length), int(checksum, 16))
    return Position(epoch, int(seq), said, int(part or 0))
