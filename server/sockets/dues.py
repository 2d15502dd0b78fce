"""Which frames of a client are still owed an answer. Pure."""

from __future__ import annotations


class Dues:
    """The ids of the frames that came and have no answer yet; one that came twice is owed two.

    It is empty for most of its life, and holds nothing then.
    """

    __slots__ = ("_open",)

    def __init__(self) -> None:
        """Owe nothing."""
        self._open: dict[str, int] | None = None

    def owe(self, frame_id: str | None) -> None:
        """Owe an answer to a frame; one without an id is owed none."""
        if frame_id is None:
            return
        if self._open is None:
            self._open = {}
        self._open[frame_id] = self._open.get(frame_id, 0) + 1

    def settle(self, frame_id: str) -> bool:
        """Count one answer of a frame; tell whether one was due. A session in trouble may answer more than once."""
        if self._open is None or frame_id not in self._open:
            return False
        due = self._open.pop(frame_id)
        if due > 1:
            self._open[frame_id] = due - 1
        elif not self._open:
            self._open = None
        return True
