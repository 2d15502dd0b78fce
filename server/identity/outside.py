"""Tokens of an outside identity provider, in the place of a login of our own."""

from __future__ import annotations

import hashlib
import time
from typing import TYPE_CHECKING, Any, NamedTuple

import jwt

from server.errors import TokenInvalid
from server.identity import families
from server.identity.access import Claims
from server.identity.jwks import ALGORITHM, Keys
from server.identity.tokens import Tokens

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable

    from config.settings import Issuer
    from server.identity.accounts import Account, Accounts
    from server.storage.database import Database

REQUIRED = ["sub", "exp", "iss", "aud"]
SKEW_SECONDS = 30.0
"""How far the provider's clock may be ahead of ours, where a token says from when on it is good."""


class Vouched(NamedTuple):
    """What the provider says of somebody.

    Attributes:
        user_id: made of the provider's name and its name for the user, which both never change.
        username: for people; may be anything at all.
        roles: as they are now.
        expires_at: seconds since 1970 UTC.
    """

    user_id: str
    username: str
    roles: tuple[str, ...]
    expires_at: float


def read(token: str, issuer: Issuer, keys: Keys) -> Vouched:
    """Return what a token says, if the provider signed it for us; may fetch keys. Its end is for the caller to check.

    Raises:
        TokenInvalid: it isn't the provider's, isn't for us, or is incomplete.
        IssuerUnreachable: nothing can be said, for want of keys.
    """
    try:
        key = keys.find(_key_id(token))
        if key is None:
            raise TokenInvalid("the token names a key that its issuer doesn't have")
        said = jwt.decode(
            token,
            key,
            algorithms=[ALGORITHM],
            audience=issuer.audience,
            issuer=issuer.issuer,
            leeway=SKEW_SECONDS,
            options={"require": REQUIRED, "verify_exp": False, "verify_iat": False},
        )
        return _vouched(said, issuer)
    except (jwt.InvalidTokenError, UnicodeError) as error:
        raise TokenInvalid("the access token isn't valid") from error


def _key_id(token: str) -> str:
    header = jwt.get_unverified_header(token)
    key_id = header.get("kid")
    # Before any key is looked for: it is the algorithm that says what kind of key a signature is checked with.
    if header.get("alg") != ALGORITHM or not isinstance(key_id, str):
        raise TokenInvalid(f"the token isn't signed by {ALGORITHM} with a key that it names")
    return key_id


def _vouched(said: dict[str, Any], issuer: Issuer) -> Vouched:
    subject, expires_at = said["sub"], said["exp"]
    if not isinstance(subject, str) or not subject or not isinstance(expires_at, int | float):
        raise TokenInvalid("the token doesn't say whose it is, or until when")
    digest = hashlib.sha256(f"{issuer.issuer}\0{subject}".encode()).hexdigest()
    user_id = f"u_{digest[:32]}"
    username = _claim(said, issuer.username_claim)
    return Vouched(
        user_id,
        username if isinstance(username, str) else user_id,
        _roles(_claim(said, issuer.roles_claim)),
        float(expires_at),
    )


def _claim(said: dict[str, Any], name: str) -> Any:
    """Return a claim by its whole name, or else by the dotted path to it: providers do both."""
    if name in said:
        return said[name]
    found: Any = said
    for part in name.split("."):
        found = found.get(part) if isinstance(found, dict) else None
    return found


def _roles(found: Any) -> tuple[str, ...]:
    if isinstance(found, str):
        return tuple(found.split())
    return tuple(role for role in found if isinstance(role, str)) if isinstance(found, list) else ()


class OutsideTokens(Tokens):
    """Verify tokens that somebody else issues. Tickets, expiry and the end of a disabled user are as with our own.

    Whoever comes gets an account here, without a password: the log needs an owner, and a disabled one stays out
    whatever the provider says. All logins of a user are one family, which we begin; another one when that was revoked.
    """

    def __init__(
        self,
        database: Database,
        key: bytes,
        issuer: Issuer,
        accounts: Accounts,
        keys: Keys,
        now: Callable[[], float] = time.time,
    ) -> None:
        """Verify as ``issuer`` says; the rest is as for `Tokens`."""
        super().__init__(database, key, issuer, now)
        self._issuer = issuer
        self._accounts = accounts
        self._keys = keys

    def verify(self, access_token: str) -> Claims:
        """Return what a token says, if it is good at this moment; asks the database, and perhaps the provider.

        Raises:
            TokenInvalid: it isn't the provider's, isn't for us, or the user is disabled.
            TokenExpired: its time is over.
            IssuerUnreachable: nothing can be said, for want of keys.
        """
        said = read(access_token, self._issuer, self._keys)
        self.check_time(said.expires_at)
        account = self._accounts.adopt(said.user_id, said.username, said.roles)
        if account.disabled:
            raise TokenInvalid("the account is disabled")
        return self._current(Claims(said.user_id, self._family_of(account), said.expires_at))

    def _family_of(self, account: Account) -> str:
        def begin(connection: sqlite3.Connection) -> str:
            return families.begin(connection, account.user_id, self._refresh_until())

        user_id = account.user_id
        return self._database.read(lambda connection: families.alive(connection, user_id)) or self._database.write(
            begin
        )
