"""Tokens: what a login hands out, and what lets its bearer in again."""

import sqlite3
import time
from collections.abc import Callable
from typing import NamedTuple

from config.limits import Lifetimes
from server.errors import TokenExpired, TokenInvalid
from server.identity import access, families, refresh
from server.identity.access import Claims
from server.identity.accounts import Account
from server.identity.refresh import Use
from server.identity.tickets import Tickets
from server.storage.database import Database


class Grant(NamedTuple):
    """What a login or a refresh gives.

    Attributes:
        access_token: a JWT, for the `Authorization` header.
        refresh_token: opaque, good for one use.
        expires_in: whole seconds that the access token is good for.
        user_id: whose they are.
    """

    access_token: str
    refresh_token: str
    expires_in: int
    user_id: str


class _Spent(NamedTuple):
    use: Use
    family: str = ""
    user_id: str = ""
    successor: str = ""


class Tokens:
    """Issue, renew, verify and revoke tokens. Methods that ask the database block the calling greenlet alone.

    Args:
        database: where accounts, login families and refresh tokens are.
        key: signs access tokens; 32 bytes.
        lifetimes: how long each kind is good for.
        now: seconds since 1970 UTC.

    Attributes:
        on_revoked: called with the family's id after its logout or its revocation, so that its sockets can be closed;
            perhaps twice. What is called may not raise.
    """

    def __init__(
        self, database: Database, key: bytes, lifetimes: Lifetimes, now: Callable[[], float] = time.time
    ) -> None:
        self.on_revoked: list[Callable[[str], None]] = []
        self._database = database
        self._key = key
        self._lifetimes = lifetimes
        self._now = now
        self._tickets = Tickets(lifetimes.ticket_ttl, now)
        self._heard: int | None = None

    def login(self, account: Account) -> Grant:
        """Begin a login for an account whose password was verified; asks the database."""

        def begin(connection: sqlite3.Connection) -> tuple[str, str]:
            families.forget_old(connection, self._now())
            family = families.begin(connection, account.user_id, self._refresh_until())
            return family, refresh.issue(connection, family, self._refresh_until())

        return self._grant(account.user_id, *self._database.write(begin))

    def refresh(self, refresh_token: str) -> Grant:
        """Spend a refresh token on new tokens of its login; asks the database.

        Raises:
            TokenInvalid: when it is unknown, its login was revoked, or the user is disabled; and when it was spent
                before, which revokes the login.
            TokenExpired: when its time is over.
        """
        spent = self._database.write(lambda connection: self._spend(connection, refresh_token))
        if spent.use is Use.ROTATE:
            return self._grant(spent.user_id, spent.family, spent.successor)
        if spent.use is Use.EXPIRE:
            raise TokenExpired("the refresh token has expired")
        if spent.use is Use.REVOKE:
            self._tell(spent.family)
        raise TokenInvalid("the refresh token isn't valid")

    def verify(self, access_token: str) -> Claims:
        """Return what an access token says, if it is good at this moment; asks the database.

        Raises:
            TokenInvalid: when it isn't ours, its login was revoked, or the user is disabled.
            TokenExpired: when its time is over.
        """
        return self._current(access.read(access_token, self._key))

    def logout(self, family: str) -> None:
        """Revoke a login, all its tokens at once, and tell `on_revoked`; asks the database."""
        self._database.write(lambda connection: families.revoke(connection, family))
        self._tell(family)

    def follow(self) -> None:
        """Tell `on_revoked` of what was revoked since the last call, by whichever process; asks the database.

        The first call, before there is a socket, tells of nothing.
        """
        if self._heard is None:
            self._heard = self._database.read(families.last_revocation)
        heard = self._heard
        for number, family in self._database.read(lambda connection: families.revoked_after(connection, heard)):
            self._heard = number
            self._tell(family)

    def ticket(self, claims: Claims) -> str:
        """Return a one-use ticket that stands for verified claims."""
        return self._tickets.issue(claims)

    def redeem(self, ticket: str) -> Claims:
        """Return the claims that a ticket stands for, if they are good at this moment; asks the database.

        Raises:
            TokenInvalid: when it is unknown, used or old, its login was revoked, or the user is disabled.
            TokenExpired: when the access token that it was made for is over.
        """
        return self._current(self._tickets.redeem(ticket))

    def check_time(self, expires_at: float) -> None:
        """See that the time of an access token isn't over.

        Raises:
            TokenExpired: it is.
        """
        if self._now() >= expires_at:
            raise TokenExpired("the access token has expired")

    def _current(self, claims: Claims) -> Claims:
        self.check_time(claims.expires_at)
        holder = self._database.read(lambda connection: families.user_of(connection, claims.family))
        if holder != claims.user_id:
            raise TokenInvalid("the login was revoked")
        return claims

    def _spend(self, connection: sqlite3.Connection, text: str) -> _Spent:
        # Nothing in here raises: a refusal that revokes must be committed, not rolled back.
        token = refresh.find(connection, text)
        user_id = families.user_of(connection, token.family) if token else None
        if token is None or user_id is None:
            return _Spent(Use.REFUSE)
        use = refresh.judge(token, self._now())
        if use is Use.REVOKE:
            families.revoke(connection, token.family)
        if use is not Use.ROTATE:
            return _Spent(use, token.family)
        refresh.spend(connection, text)
        families.extend(connection, token.family, self._refresh_until())
        return _Spent(use, token.family, user_id, refresh.issue(connection, token.family, self._refresh_until()))

    def _grant(self, user_id: str, family: str, refresh_token: str) -> Grant:
        now, ttl = self._now(), self._lifetimes.access_ttl
        access_token = access.sign(Claims(user_id, family, now + ttl), now, self._key)
        return Grant(access_token, refresh_token, int(ttl), user_id)

    def _refresh_until(self) -> float:
        return self._now() + self._lifetimes.refresh_ttl

    def _tell(self, family: str) -> None:
        for revoked in tuple(self.on_revoked):
            revoked(family)
