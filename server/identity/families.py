"""Login families: one login and every token that grew out of it, ended together.

These are statements within a transaction that the caller began. Times are seconds since 1970 UTC.

Each revocation is also a numbered row, which a server reads on from where it was: a command in another process may
have made it.
"""

import secrets
import sqlite3


def begin(connection: sqlite3.Connection, user_id: str, expires_at: float) -> str:
    """Begin a login of the user, kept until `expires_at`, and return its id: `f_` and 16 hex digits."""
    family = f"f_{secrets.token_hex(8)}"
    values = (family, user_id, expires_at)
    connection.execute("INSERT INTO families (family, user_id, expires_at) VALUES (?, ?, ?)", values)
    return family


def extend(connection: sqlite3.Connection, family: str, expires_at: float) -> None:
    """Keep a login until `expires_at`, when the newest of its refresh tokens is over."""
    connection.execute("UPDATE families SET expires_at = ? WHERE family = ?", (expires_at, family))


def user_of(connection: sqlite3.Connection, family: str) -> str | None:
    """Return the id of the user whose login it is, or None where it was revoked, is over, or the user is disabled."""
    row = connection.execute(
        "SELECT user_id FROM families JOIN accounts USING (user_id) WHERE family = ? AND NOT revoked AND NOT disabled",
        (family,),
    ).fetchone()
    return row[0] if row else None


def alive(connection: sqlite3.Connection, user_id: str) -> str | None:
    """Return a login of the user that wasn't revoked, or None."""
    row = connection.execute("SELECT family FROM families WHERE user_id = ? AND NOT revoked", (user_id,)).fetchone()
    return row[0] if row else None


def revoke(connection: sqlite3.Connection, family: str) -> None:
    """End a login: none of its tokens is good any more."""
    _revoke(connection, "family = ?", family)


def revoke_all(connection: sqlite3.Connection, user_id: str) -> None:
    """End every login of a user."""
    _revoke(connection, "user_id = ?", user_id)


def _revoke(connection: sqlite3.Connection, which: str, value: str) -> None:
    which = f"{which} AND NOT revoked"
    told = f"INSERT INTO revocations (family, expires_at) SELECT family, expires_at FROM families WHERE {which}"  # noqa: S608 - ours
    connection.execute(told, (value,))
    connection.execute(f"UPDATE families SET revoked = 1 WHERE {which}", (value,))  # noqa: S608 - the same


def revoked_after(connection: sqlite3.Connection, number: int) -> list[tuple[int, str]]:
    """Return the revocations after the one of that number, each with its login, in order."""
    rows = connection.execute("SELECT number, family FROM revocations WHERE number > ? ORDER BY number", (number,))
    return rows.fetchall()


def last_revocation(connection: sqlite3.Connection) -> int:
    """Return the number of the latest revocation, 0 where there is none."""
    number: int = connection.execute("SELECT coalesce(max(number), 0) FROM revocations").fetchone()[0]
    return number


def forget_old(connection: sqlite3.Connection, now: float) -> None:
    """Delete the logins and refresh tokens that are over at `now`: nothing of theirs can be good any more."""
    connection.execute("DELETE FROM revocations WHERE expires_at <= ?", (now,))
    connection.execute("DELETE FROM families WHERE expires_at <= ?", (now,))
    connection.execute("DELETE FROM refresh_tokens WHERE expires_at <= ?", (now,))
