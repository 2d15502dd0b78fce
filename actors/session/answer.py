"""An answer as it is written."""

from __future__ import annotations


class Answer:
    """What was said in one attempt; offsets count code points."""

    __slots__ = ("_attempt", "_chunks", "_length", "_run_id")

    def __init__(self, run_id: str, attempt: int) -> None:
        """Begin with nothing said."""
        self._run_id = run_id
        self._attempt = attempt
        self._chunks: list[str] = []
        self._length = 0

    def is_of(self, run_id: str, attempt: int) -> bool:
        """Tell whether it is that attempt's."""
        return (self._run_id, self._attempt) == (run_id, attempt)

    def add(self, chunk: str) -> int:
        """Add a chunk and return its offset."""
        offset = self._length
        self._chunks.append(chunk)
        self._length += len(chunk)
        return offset

    @property
    def text(self) -> str:
        """Everything that was said."""
        return "".join(self._chunks)
