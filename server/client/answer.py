"""An answer as it is written, put together from its pieces. Pure."""

from __future__ import annotations


class Answer:
    """The text so far; offsets count code points, as a Python string does.

    Pieces may be missing, for `message_delta` may be dropped. What is known then is the beginning, and the run's end
    brings the whole.
    """

    def __init__(self) -> None:
        """Begin with nothing said."""
        self.text = ""

    def extend(self, offset: int, piece: str) -> str:
        """Put a piece in its place and return what is new; nothing behind a hole."""
        if offset > len(self.text):
            return ""
        fresh = piece[len(self.text) - offset :]
        self.text += fresh
        return fresh
