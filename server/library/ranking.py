"""Which passages are about a question: the best has most of its words, the rare ones above all.

A word counts where it stands: in the passage, in the heading above it, in the title, or only somewhere in its section.
What misses too much of the question isn't an answer, however good it is among the others.
"""

import math
import sqlite3
from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import NamedTuple

from server.library.words import Term, tokens, words

TOKENIZER = "porter unicode61 remove_diacritics 2"
CANDIDATES = 60
LEAST_COVERAGE = 0.46
"""What part of the question's weight a passage must have in itself or around it."""

_MOST_WEIGHT = 2.8
_FAINT = 0.2
"""How much of its weight a word has that many a question holds, whatever it is about."""

_PLACES = {"title": 1.0, "code": 0.85, "heading": 0.9, "about": 1.2, "body": 0.9}
"""How much it counts that a word is there: the best place counts."""

_IN_SECTION = 0.35
_FIRST = 0.35
"""So much more a heading says of the passage right below it than of those that follow."""

_INFLECTED = 0.6
_ALIKE = 0.7
"""What a word counts that has only its stem in common with the question's, and one that is said for it."""

_ABOUT = 0.2
"""How much better or worse a row of a table is when all, or nothing, of what it is about is asked for."""

_BM25 = 0.45
"""How much of the score is BM25's, by the words that were said."""


class _Passage(NamedTuple):
    """A passage's words by place, and whether it is the first of its section."""

    first: bool
    words: Mapping[str, frozenset[str]]
    about: Sequence[str]


def best(connection: sqlite3.Connection, terms: Sequence[Term], limit: int) -> list[int]:
    """Return the rows of the table `passages` that are about a question, the best first; none where none is.

    Args:
        connection: to a database with the FTS5 tables `passages` (title, heading, about, body, code, section) and
            `sections`.
        terms: the words of the question.
        limit: how many at most.
    """
    if not terms:
        return []
    said = _candidates(connection, [term.itself for term in terms])
    rows = sorted(said.keys() | _candidates(connection, [way for term in terms for way in term.ways]).keys())
    passages = _passages(connection, rows)
    coverage, aptness = _coverage(connection, terms, passages), _aptness(connection, terms, passages)
    top = max(said.values(), default=1.0)
    scores = {
        row: (covered + _BM25 * said.get(row, 0.0) / top) * aptness[row]
        for row, covered in coverage.items()
        if covered >= LEAST_COVERAGE
    }
    return sorted(scores, key=lambda row: (-scores[row], row))[:limit]


def _candidates(connection: sqlite3.Connection, ways: Sequence[str]) -> dict[int, float]:
    query = """SELECT rowid, -bm25(passages, 1.0, 2.5, 2.5, 1.0, 0.4) AS score FROM passages WHERE passages MATCH ?
        ORDER BY score DESC, rowid LIMIT ?"""
    return dict(connection.execute(query, (" OR ".join(ways), CANDIDATES)))


def _passages(connection: sqlite3.Connection, rows: Sequence[int]) -> dict[int, _Passage]:
    columns = ", ".join(_PLACES)
    query = f"SELECT rowid, rowid = section, about, {columns} FROM passages WHERE rowid IN ({_marks(rows)})"  # noqa: S608 - our names
    return {
        row: _Passage(first, dict(zip(_PLACES, map(tokens, texts), strict=True)), words(about))
        for row, first, about, *texts in connection.execute(query, rows)
    }


def _coverage(
    connection: sqlite3.Connection, terms: Sequence[Term], passages: Mapping[int, _Passage]
) -> dict[int, float]:
    """Return which part of the question each passage has."""
    covered, whole = dict.fromkeys(passages, 0.0), 0.0
    for term in terms:
        weight = _weight(connection, term)
        whole += weight
        for row, place in _places(connection, term, passages).items():
            covered[row] += weight * place
    return {row: weight / whole for row, weight in covered.items()}


def _places(connection: sqlite3.Connection, term: Term, passages: Mapping[int, _Passage]) -> dict[int, float]:
    """Return how much it counts where a word stands in each passage or around it."""
    places: defaultdict[int, float] = defaultdict(float)
    for way in term.ways:
        worth = 1.0 if way == term.itself else _ALIKE
        for row in _around(connection, way, passages):
            places[row] = max(places[row], worth * _IN_SECTION)
        for row, column in _within(connection, way, passages):
            place = _place(passages[row], column, term.word if way == term.itself else None)
            places[row] = max(places[row], worth * place)
    return places


def _place(passage: _Passage, column: str, word: str | None) -> float:
    exact = word is None or word in passage.words[column]
    return _PLACES[column] * (1.0 if exact else _INFLECTED) + _FIRST * (passage.first and column == "heading")


def _aptness(
    connection: sqlite3.Connection, terms: Sequence[Term], passages: Mapping[int, _Passage]
) -> dict[int, float]:
    """Return how apt rows of tables are: the one about "a tool" is more so than the one about "the tools actor"."""
    asked = Counter(row for term in terms for row in _about(connection, term, passages))
    return {
        row: 1.0 + _ABOUT * (min(1.0, asked[row] / len(passage.about)) - 0.8) if passage.about else 1.0
        for row, passage in passages.items()
    }


def _about(connection: sqlite3.Connection, term: Term, rows: Collection[int]) -> set[int]:
    return {row for row, column in _within(connection, " OR ".join(term.ways), rows) if column == "about"}


def _within(connection: sqlite3.Connection, expression: str, rows: Collection[int]) -> Iterator[tuple[int, str]]:
    # The plus keeps SQLite from running the expression once for each row, which takes five times as long.
    query = f"SELECT rowid FROM passages WHERE passages MATCH ? AND +rowid IN ({_marks(rows)})"  # noqa: S608 - only marks
    for column in _PLACES:
        for (row,) in connection.execute(query, (f"{column} : ({expression})", *rows)):
            yield row, column


def _around(connection: sqlite3.Connection, expression: str, rows: Collection[int]) -> list[int]:
    query = f"""SELECT rowid FROM passages WHERE rowid IN ({_marks(rows)})
        AND section IN (SELECT rowid FROM sections WHERE sections MATCH ?)"""  # noqa: S608 - only marks
    return [row for (row,) in connection.execute(query, (*rows, expression))]


def _weight(connection: sqlite3.Connection, term: Term) -> float:
    """Return how much a word says: little where it is everywhere, and where it is nowhere no more than a rare one.

    The root of what BM25 has: two words of three say more than the rarest one of them.
    """
    (total,) = connection.execute("SELECT count(*) FROM passages").fetchone()
    count = next(filter(None, (_count(connection, way) for way in term.ways)), 0)
    weight = min(math.sqrt(math.log(1 + (total - count + 0.5) / (count + 0.5))), _MOST_WEIGHT)
    return weight * (_FAINT if term.faint else 1.0)


def _count(connection: sqlite3.Connection, expression: str) -> int:
    (count,) = connection.execute("SELECT count(*) FROM passages WHERE passages MATCH ?", (expression,)).fetchone()
    return int(count)


def _marks(rows: Collection[int]) -> str:
    return ", ".join("?" * len(rows))
