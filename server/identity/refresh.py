"""Refresh tokens: opaque, kept as digests, each good for one use.

A spent one that comes again was stolen, or its successor was: which of the two bearers is the thief can't be told,
so the whole family ends (RFC 9700, section 4.14.2).
"""

import hashlib
import secrets
import sqlite3
from enum import Enum
from typing import NamedTuple


class Use(Enum):
    """What to do about a refresh token that was presented."""

    ROTATE = "rotate"
    """It is good: spend it, and give the next one."""
    REVOKE = "revoke"
    """It was spent before: end its family."""
    EXPIRE = "expire"
    """It was never spent, and its time is over."""
    REFUSE = "refuse"
    """Nobody has it, or its login is over already."""


class RefreshToken(NamedTuple):
    """A row of the table: times in seconds since 1970 UTC."""

    family: str
    expires_at: float
    spent: bool


def judge(token: RefreshToken, now: float) -> Use:
    """Decide about a token; that it was spent counts more than that it is old."""
    if token.spent:
        return Use.REVOKE
    return Use.EXPIRE if now >= token.expires_at else Use.ROTATE


def issue(connection: sqlite3.Connection, family: str, expires_at: float) -> str:
    """Make, keep and return a token of the family, within the caller's transaction."""
    text = secrets.token_urlsafe(32)
    values = (_digest(text), family, expires_at)
    connection.execute("INSERT INTO refresh_tokens (digest, family, expires_at) VALUES (?, ?, ?)", values)
    return text


def find(connection: sqlite3.Connection, text: str) -> RefreshToken | None:
    """Return what is kept of a token, or None where it is unknown or long over."""
    statement = "SELECT family, expires_at, spent FROM refresh_tokens WHERE digest = ?"
    row = connection.execute(statement, (_digest(text),)).fetchone()
    return RefreshToken(row[0], row[1], bool(row[2])) if row else None


def spend(connection: sqlite3.Connection, text: str) -> None:
    """Mark a token as used, within the caller's transaction."""
    connection.execute("UPDATE refresh_tokens SET spent = 1 WHERE digest = ?", (_digest(text),))


def _digest(text: str) -> bytes:
    # A plain hash is enough: the token is 256 random bits, there is nothing to guess.
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()
