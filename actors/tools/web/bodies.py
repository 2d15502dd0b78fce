"""Bodies of answers, read as far as they may go; pure."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING, NamedTuple

from actors.tools.errors import ToolFailed

if TYPE_CHECKING:
    from collections.abc import Iterable

_COMPRESSED = frozenset({"gzip", "x-gzip", "deflate"})
_EITHER = 47  # zlib's word for: a gzip or a zlib header, whichever is there


class Body(NamedTuple):
    """What was read, and whether there was more."""

    data: bytes
    cut_off: bool


def read(chunks: Iterable[bytes], encoding: str, most: int) -> Body:
    """Read no more than so many bytes, neither as they come nor inflated: a bomb is small on the wire.

    Args:
        chunks: the body as it was sent; reading them may block.
        encoding: its ``Content-Encoding``.
        most: how many bytes.

    Raises:
        ToolFailed: ``unreadable``: it is compressed in a way that isn't known here, or isn't what it says.
    """
    if encoding in ("", "identity"):
        return _plain(chunks, most)
    if encoding not in _COMPRESSED:
        raise ToolFailed("unreadable", "The page is compressed in a way that wasn't asked for.")
    try:
        return _inflated(chunks, most)
    except zlib.error as error:
        raise ToolFailed("unreadable", "The page isn't compressed as it says.") from error


def _plain(chunks: Iterable[bytes], most: int) -> Body:
    data = bytearray()
    for chunk in chunks:
        data += chunk[: most + 1 - len(data)]
        if len(data) > most:
            return Body(bytes(data[:most]), cut_off=True)
    return Body(bytes(data), cut_off=False)


def _inflated(chunks: Iterable[bytes], most: int) -> Body:
    data, sent, inflater = bytearray(), 0, zlib.decompressobj(_EITHER)
    for chunk in chunks:
        sent += len(chunk)
        data += inflater.decompress(chunk, most + 1 - len(data))
        if len(data) > most or sent > most:
            return Body(bytes(data[:most]), cut_off=True)
        if inflater.eof:
            return Body(bytes(data), cut_off=bool(inflater.unused_data))
    return Body(bytes(data), cut_off=not inflater.eof)
