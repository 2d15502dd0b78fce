"""Who is calling: the bearer token of a request."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from flask import request

from server.errors import TokenExpired, TokenFault
from server.http.errors import Refused
from server.sockets.credentials import looks_like_jwt

if TYPE_CHECKING:
    from server.identity.access import Claims
    from server.identity.accounts import Account
    from server.sockets.reception import Reception


class Caller(NamedTuple):
    """Whose request it is."""

    claims: Claims
    account: Account


OPERATOR = "operator"
"""The role of those who look after the server."""


def caller(reception: Reception) -> Caller:
    """Return who makes the current request; blocks on the accounts.

    Raises:
        Refused: there is no credential, it is no good, or it stands where logs would keep it.
    """
    if any(looks_like_jwt(value) for value in request.args.values()):
        raise Refused(401, "unauthorized", "An access token doesn't belong into the query string.")
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer":
        raise Refused(401, "unauthorized", "Log in first: this call needs a bearer token.")
    try:
        return Caller(*reception.identify(token.strip()))
    except TokenFault as fault:
        code = "token_expired" if isinstance(fault, TokenExpired) else "unauthorized"
        raise Refused(401, code, "The token is no good. Refresh it, or log in again.") from fault


def operator(reception: Reception) -> Caller:
    """Return who makes the current request, an operator; blocks on the accounts.

    Raises:
        Refused: as `caller`, and where the account hasn't the role.
    """
    found = caller(reception)
    if OPERATOR not in found.account.roles:
        raise Refused(403, "forbidden", "This call is for operators.")
    return found
