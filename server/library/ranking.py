"""Which passages are about a question: the best has most of its words, the rare ones above all, and BM25 decides ties.

What misses too much of the question isn't an answer, however good it is among the others.
"""

import math
import sqlite3
from collections.abc import Sequence

TOKENIZER = "porter unicode61 remove_diacritics 2"
CANDIDATES = 60
LEAST_COVERAGE = 0.45
"""What part of the question's weight a passage must have in itself or around it."""

_MOST_WEIGHT = 4.5
_IN_SECTION = 0.3
_PLACES = {"title": 0.45, "code": 0.6, "heading": 0.8, "body": 1.0}
"""How much it counts that a word is there: the best place counts, and with it a little that it is in others as well."""

_TWICE = 0.15
_FIRST = 0.25
"""So much more a heading says of the passage right below it than of those that follow."""

_BM25 = 0.2
"""How much of the score is BM25's."""

Terms = Sequence[str]


def best(connection: sqlite3.Connection, terms: Terms, limit: int) -> list[int]:
    """Return the rows of the table `passages` that are about a question, the best first; none where none is.

    Args:
        connection: to a database with the FTS5 tables `passages` (title, heading, body, section) and `sections`.
        terms: FTS5 expressions, one for each word of the question.
        limit: how many at most.
    """
    if not terms:
        return []
    bm25 = _candidates(connection, terms)
    if not bm25:
        return []
    coverage = _coverage(connection, terms, list(bm25))
    top = max(bm25.values())
    scores = {
        row: coverage[row] + _BM25 * score / top for row, score in bm25.items() if coverage[row] >= LEAST_COVERAGE
    }
    return sorted(scores, key=lambda row: (-scores[row], row))[:limit]


def _candidates(connection: sqlite3.Connection, terms: Terms) -> dict[int, float]:
    query = """SELECT rowid, -bm25(passages, 1.0, 2.5, 1.0, 0.4) AS score FROM passages WHERE passages MATCH ?
        ORDER BY score DESC, rowid LIMIT ?"""
    return dict(connection.execute(query, (" OR ".join(terms), CANDIDATES)))


def _coverage(connection: sqlite3.Connection, terms: Terms, rows: list[int]) -> dict[int, float]:
    (total,) = connection.execute("SELECT count(*) FROM passages").fetchone()
    marks = ", ".join("?" * len(rows))
    within = f"SELECT rowid, rowid = section FROM passages WHERE passages MATCH ? AND rowid IN ({marks})"  # noqa: S608 - only marks
    around = f"""SELECT rowid FROM passages WHERE rowid IN ({marks})
        AND section IN (SELECT rowid FROM sections WHERE sections MATCH ?)"""  # noqa: S608 - only marks
    covered, whole = dict.fromkeys(rows, 0.0), 0.0
    for term in terms:
        (count,) = connection.execute("SELECT count(*) FROM passages WHERE passages MATCH ?", (term,)).fetchone()
        weight = _weight(total, count)
        whole += weight
        places = {row: _IN_SECTION for (row,) in connection.execute(around, (*rows, term))}
        for column, place in _PLACES.items():
            for row, first in connection.execute(within, (f"{column} : {term}", *rows)):
                better = place + _FIRST * (first and column == "heading")
                places[row] = max(places.get(row, 0.0), better) + _TWICE * (places.get(row, 0.0) >= _PLACES["heading"])
        for row, place in places.items():
            covered[row] += weight * place
    return {row: weight / whole for row, weight in covered.items()}


def _weight(total: int, count: int) -> float:
    """Return how much a word says: little where it is everywhere, and where it is nowhere no more than a rare one."""
    return min(math.log(1 + (total - count + 0.5) / (count + 0.5)), _MOST_WEIGHT)
