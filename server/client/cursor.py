"""Where a client stands in one session's log: what it has seen, and what it hasn't. Pure."""

from __future__ import annotations

from server.protocol import Cursor as Wire


class Cursor:
    """The last event seen: ``seq`` of the log with this ``epoch``, None before the first subscription."""

    def __init__(self, seq: int | None = None, epoch: str | None = None) -> None:
        """Begin behind that event; without a ``seq`` from now on, wherever now turns out to be."""
        self.seq = seq
        self.epoch = epoch

    @property
    def after(self) -> Wire | None:
        """What a `subscribe` says: None asks for nothing but what is to come."""
        return None if self.seq is None else Wire(self.seq, self.epoch)

    def subscribed(self, epoch: str, head_seq: int, *, recovered: bool) -> bool:
        """Take the server's answer to `subscribe`; return whether events in between are lost.

        Another epoch is another log, of which nothing was seen.
        """
        if self.seq is None:
            self.seq, self.epoch = head_seq, epoch
            return False
        if self.epoch not in (None, epoch):
            self.seq = 0
        self.epoch = epoch
        return not recovered

    def admit(self, seq: int) -> bool:
        """Tell whether an event is new, and count it as seen."""
        if self.seq is not None and seq <= self.seq:
            return False
        self.seq = seq
        return True
