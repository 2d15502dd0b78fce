"""The notebook: what the server lends to tools that keep something for a user."""

import abc

from actors.tools.lending import Resource


class Notebook(Resource):
    """Every user's notes. Each method is about the notes of one user alone, and blocks the calling greenlet."""

    @abc.abstractmethod
    def add(self, user_id: str, text: str) -> None:
        """Keep a note; one with the same words is kept once.

        Raises:
            ToolFailed: ``too_many``: the user has as many as there may be.
        """

    @abc.abstractmethod
    def find(self, user_id: str, query: str, limit: int) -> list[str]:
        """Return the notes that are about the query, the best first; without a word in it, the newest ones."""

    @abc.abstractmethod
    def remove(self, user_id: str, query: str) -> list[str]:
        """Drop the notes that have every word of the query in them, and return them; none without a word in it."""

    @abc.abstractmethod
    def clear(self, user_id: str) -> int:
        """Drop all notes of the user and return how many there were."""
