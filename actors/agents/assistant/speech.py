"""Which of a model's words are the answer, and which are thoughts on the way to it; pure."""

from __future__ import annotations

HELD_CHARACTERS = 200
HELD_SECONDS = 0.5
SHORTEST_THOUGHT = 200  # characters: shorter paragraphs are shown with the next one


class Draft:
    """The text of one step, held back for as long as it may turn out to announce a tool call.

    That is a sentence or two. A longer text, or one that takes longer to come, is taken for the answer: whoever waits
    for it wants to see it come.
    """

    def __init__(self) -> None:
        """Begin with nothing."""
        self._held = ""
        self._since: float | None = None
        self._flowing = False

    def add(self, text: str, now: float) -> str:
        """Take the next piece, and return what is to be said by now; ``now`` in seconds of any clock."""
        self._held += text
        if self._held and self._since is None:
            self._since = now
        if len(self._held) > HELD_CHARACTERS or (self._since is not None and now - self._since >= HELD_SECONDS):
            self._flowing = True
        return self.rest() if self._flowing else ""

    def rest(self) -> str:
        """Return what is still held, and hold it no longer."""
        held, self._held = self._held, ""
        return held


class Musing:
    """Reasoning as it comes, cut into thoughts at the ends of paragraphs."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self._held = ""

    def add(self, text: str) -> str:
        """Take the next piece, and return the thought that it completes, or nothing."""
        self._held += text
        end = self._held.rfind("\n\n")
        if end < SHORTEST_THOUGHT:
            return ""
        thought, self._held = self._held[:end], self._held[end:]
        return thought.strip()

    def rest(self) -> str:
        """Return what is left, and keep nothing."""
        thought, self._held = self._held.strip(), ""
        return thought
