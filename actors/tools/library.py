"""The library: what the server lends to tools that look something up in its documents."""

import abc
from typing import NamedTuple

from actors.tools.lending import Resource


class Passage(NamedTuple):
    """A piece of a document: where it begins, and its text as it is written there."""

    path: str
    line: int
    text: str


class Library(Resource):
    """A folder of documents."""

    @abc.abstractmethod
    def search(self, query: str, limit: int) -> list[Passage]:
        """Return the passages that are about what the query says, the best one first; blocks the calling greenlet.

        Where nothing is about it, nothing is returned, and not what happens to share a word with it.
        """
