"""The accounts: who may log in, and with which roles."""

import re
import secrets
import sqlite3
import time
from collections.abc import Callable, Collection, Iterable
from typing import NamedTuple

from server.errors import AccountUnknown, RoleInvalid, UsernameInvalid, UsernameTaken
from server.identity.families import revoke_all
from server.identity.passwords import Passwords
from server.storage.database import Database

USERNAME = re.compile(r"[A-Za-z0-9._@-]{1,64}")
ROLE = re.compile(r"[a-z][a-z0-9_-]{0,31}")
COLUMNS = "user_id, username, roles, disabled, created_at, password_hash"
SELECT = f"SELECT {COLUMNS} FROM accounts"  # noqa: S608 - both halves are ours


class Account(NamedTuple):
    """What is known of a user; the password's hash stays in the database.

    Attributes:
        user_id: `u_` and 16 hex digits; never changes, never given to another.
        username: unique, upper and lower case told apart.
        roles: in alphabetical order; `operator` is the one that the server knows.
        disabled: whether logging in and every token are refused.
        created_at: integer milliseconds since 1970 UTC.
    """

    user_id: str
    username: str
    roles: tuple[str, ...]
    disabled: bool
    created_at: int


class _Kept(NamedTuple):
    account: Account
    password_hash: str


class Accounts:
    """Keep the accounts in the database. Every method blocks the calling greenlet alone.

    Args:
        database: where the accounts are.
        passwords: how passwords are hashed.
        now: seconds since 1970 UTC.
    """

    def __init__(
        self, database: Database, passwords: Passwords | None = None, now: Callable[[], float] = time.time
    ) -> None:
        self._database = database
        self._passwords = passwords or Passwords()
        self._now = now

    def add(self, username: str, password: str, roles: Iterable[str] = ()) -> Account:
        """Make an account and return it.

        Raises:
            UsernameInvalid: when it isn't 1 to 64 letters of ASCII, digits, `.`, `_`, `-`, `@`.
            RoleInvalid: when a role isn't a lower-case word.
            PasswordInvalid: when the password is empty or longer than 1024 characters.
            UsernameTaken: when another account has that name.
        """
        user_id = f"u_{secrets.token_hex(8)}"
        created_at = int(self._now() * 1000)
        account = Account(
            user_id, _checked_name(username), _checked_roles(roles), disabled=False, created_at=created_at
        )
        kept = self._passwords.hash(password)
        self._database.write(lambda connection: _insert(connection, account, kept))
        return account

    def set_password(self, username: str, password: str) -> None:
        """Replace the password; every login made with the old one ends.

        Raises:
            AccountUnknown: when nobody has that name.
            PasswordInvalid: when the password is empty or longer than 1024 characters.
        """
        kept = self._passwords.hash(password)
        self._update(username, "password_hash = ?", kept)

    def disable(self, username: str) -> None:
        """Refuse the user's logins and tokens from now on.

        Raises:
            AccountUnknown: when nobody has that name.
        """
        self._update(username, "disabled = ?", 1)

    def enable(self, username: str) -> None:
        """Let a disabled user log in again; logins from before stay ended.

        Raises:
            AccountUnknown: when nobody has that name.
        """
        self._update(username, "disabled = ?", 0)

    def adopt(self, user_id: str, username: str, roles: Iterable[str]) -> Account:
        """Return the account of somebody whom an outside identity provider knows: made, or brought up to date.

        Nobody can log in to it: its password is random. A name that can't be, or is another's, isn't taken over; the
        account is then named by its id. What can't be a role is left out.
        """
        wanted = tuple(sorted({role for role in roles if ROLE.fullmatch(role)}))
        found = self.by_id(user_id)
        if found is None:
            created_at = int(self._now() * 1000)
            made = Account(user_id, username, wanted, disabled=False, created_at=created_at)
            kept = self._passwords.hash(secrets.token_urlsafe(32))
            self._database.write(lambda connection: _insert(connection, _renamed(connection, made), kept))
        elif (found.roles, found.username) not in {(wanted, username), (wanted, user_id)}:
            changed = found._replace(username=username, roles=wanted)
            self._database.write(lambda connection: _change(connection, _renamed(connection, changed)))
        else:
            return found
        return self.by_id(user_id) or made

    def list(self) -> tuple[Account, ...]:
        """Return all accounts by name."""
        return tuple(account for account, _ in self._select("ORDER BY username"))

    def by_id(self, user_id: str) -> Account | None:
        """Return the account of that id, or None."""
        return next((account for account, _ in self._select("WHERE user_id = ?", user_id)), None)

    def names(self, user_ids: Collection[str]) -> dict[str, str]:
        """Return the usernames of those of these users who are known."""
        known = self._select(f"WHERE user_id IN ({', '.join('?' * len(user_ids))})", *user_ids)
        return {account.user_id: account.username for account, _ in known}

    def by_name(self, username: str) -> Account | None:
        """Return the account of that name, or None."""
        return next((account for account, _ in self._named(username)), None)

    def verify(self, username: str, password: str) -> Account | None:
        """Return the account if the password is its own and it isn't disabled, else None.

        All refusals take the same work, so that their time doesn't tell which names exist.
        """
        account, kept = next(iter(self._named(username)), (None, None))
        verdict = self._passwords.verify(kept, password)
        if account is None or account.disabled or not verdict.right:
            return None
        if verdict.outdated and kept is not None:
            self._rehash(kept, password)
        return account

    def _named(self, username: str) -> tuple[_Kept, ...]:
        # A name that can't be is not looked for: SQLite refuses some of them with an error of its own.
        return self._select("WHERE username = ?", username) if USERNAME.fullmatch(username) else ()

    def _select(self, clause: str, *values: str) -> tuple[_Kept, ...]:
        rows = self._database.read(lambda connection: connection.execute(f"{SELECT} {clause}", values).fetchall())
        return tuple(_kept(*row) for row in rows)

    def _update(self, username: str, assignment: str, value: str | int) -> None:
        def update(connection: sqlite3.Connection) -> None:
            statement = f"UPDATE accounts SET {assignment} WHERE username = ? RETURNING user_id"  # noqa: S608 - ours
            row = connection.execute(statement, (value, username)).fetchone()
            if row is None:
                raise AccountUnknown(f"there is no account named {username!r}; `greenroom users list` lists them")
            revoke_all(connection, *row)

        if not USERNAME.fullmatch(username):
            raise AccountUnknown(f"there is no account named {username!r}; `greenroom users list` lists them")
        self._database.write(update)

    def _rehash(self, old: str, password: str) -> None:
        new = self._passwords.hash(password)
        # By the hash that was verified, which is salted and so unique: a password that was changed meanwhile stays.
        statement = "UPDATE accounts SET password_hash = ? WHERE password_hash = ?"
        self._database.write(lambda connection: connection.execute(statement, (new, old)))


def _kept(user_id: str, username: str, roles: str, disabled: int, created_at: int, password_hash: str) -> _Kept:
    return _Kept(Account(user_id, username, tuple(roles.split()), bool(disabled), created_at), password_hash)


def _insert(connection: sqlite3.Connection, account: Account, password_hash: str) -> None:
    user_id, username, roles, disabled, created_at = account
    row = (user_id, username, " ".join(roles), disabled, created_at, password_hash)
    try:
        connection.execute(f"INSERT INTO accounts ({COLUMNS}) VALUES (?, ?, ?, ?, ?, ?)", row)  # noqa: S608 - ours
    except sqlite3.IntegrityError as error:
        raise UsernameTaken(f"there is an account named {account.username!r} already") from error


def _renamed(connection: sqlite3.Connection, account: Account) -> Account:
    statement = "SELECT 1 FROM accounts WHERE username = ? AND user_id != ?"
    possible = USERNAME.fullmatch(account.username) is not None
    if possible and not connection.execute(statement, (account.username, account.user_id)).fetchone():
        return account
    return account._replace(username=account.user_id)


def _change(connection: sqlite3.Connection, account: Account) -> None:
    row = (account.username, " ".join(account.roles), account.user_id)
    connection.execute("UPDATE accounts SET username = ?, roles = ? WHERE user_id = ?", row)


def _checked_name(username: str) -> str:
    if not USERNAME.fullmatch(username):
        raise UsernameInvalid("a username has 1 to 64 letters (a to z, either case), digits, or . _ - @")
    return username


def _checked_roles(roles: Iterable[str]) -> tuple[str, ...]:
    ordered = tuple(sorted(set(roles)))
    wrong = [role for role in ordered if not ROLE.fullmatch(role)]
    if wrong:
        raise RoleInvalid(f"{wrong[0]!r} can't be a role: a role is a lower-case word, such as operator")
    return ordered
