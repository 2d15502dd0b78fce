"""The head of a request: what of it leaves no doubt where its body ends."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from email.message import Message

_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
"""What a field's name is made of (RFC 9110, 5.6.2)."""


class HeadFault(ValueError):
    """A request's head is no good; a ValueError is what gevent takes for the client's fault."""

    def __init__(self, status: int, message: str) -> None:
        """Say the status to answer with, and words for people."""
        super().__init__(message)
        self.status = status


class BoundedLines:
    """The lines of a head, up to so many bytes in all: `http.client` bounds each line, and those are a hundred."""

    def __init__(self, file: Any, most: int) -> None:
        """Read from ``file``."""
        self._file = file
        self._left = most

    def readline(self, size: int = -1) -> bytes:
        """Read a line.

        Raises:
            HeadFault: the head has grown too large, or ends in the middle.
        """
        line: bytes = self._file.readline(size)
        if not line.endswith(b"\n") and len(line) != size:
            # `http.client` would take what came so far for all of it.
            raise HeadFault(400, "The request's head ends too early.")
        self._left -= len(line)
        if self._left < 0:
            raise HeadFault(431, "The request's head is larger than this server takes.")
        return line


def check_head(headers: Message) -> None:
    """See that a head is made of whole fields, and says once and plainly how long its body is (RFC 9112, 5 and 6.3).

    Where two servers read it in two ways, one's body is the other's next request.

    Raises:
        HeadFault: it isn't, or doesn't.
    """
    folded = any("\n" in value for value in headers.values())
    if headers.defects or folded or not all(_TOKEN.fullmatch(name) for name in headers):
        raise HeadFault(400, "The request's head isn't made of whole header fields.")
    lengths, codings = headers.get_all("content-length", []), headers.get_all("transfer-encoding", [])
    if codings and (lengths or [coding.strip().lower() for coding in codings] != ["chunked"]):
        raise HeadFault(400, "A body has a Content-Length or the Transfer-Encoding chunked, and nothing else.")
    if len(lengths) > 1 or not all(_is_length(text) for text in lengths):
        raise HeadFault(400, "A Content-Length is one whole number.")


def _is_length(text: str) -> bool:
    return text.strip().isascii() and text.strip().isdigit()
