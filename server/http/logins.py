"""Log in, stay in, log out."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from flask import Blueprint, request
from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter
from werkzeug.wrappers import Response

from server.errors import TokenFault
from server.http.bodies import Login, Refresh, answer, read
from server.http.callers import caller
from server.http.errors import Refused

if TYPE_CHECKING:
    from config.limits import Limits
    from server.accounts import Accounts
    from server.reception import Reception
    from server.tokens import Grant, Tokens

WRONG = "The username or the password is wrong."


class FailedLogins:
    """Counts failed logins by username and by address; a good one doesn't count."""

    def __init__(self, limits: Limits) -> None:
        """Begin with none."""
        self._limiter = MovingWindowRateLimiter(MemoryStorage())
        self._per_username = RateLimitItemPerMinute(limits.logins_per_username)
        self._per_address = RateLimitItemPerMinute(limits.logins_per_address)

    def check(self, username: str, address: str) -> None:
        """Let a login be tried.

        Raises:
            Refused: too many failed lately, for this name or from this address; even the right password must wait.
        """
        for item, key in self._windows(username, address):
            if not self._limiter.test(item, *key):
                reset = self._limiter.get_window_stats(item, *key).reset_time
                raise Refused(429, "rate_limited", "Too many failed logins. Wait a little.", _ms_until(reset))

    def count(self, username: str, address: str) -> None:
        """Count a failed one."""
        for item, key in self._windows(username, address):
            self._limiter.hit(item, *key)

    def _windows(self, username: str, address: str) -> tuple[tuple[RateLimitItemPerMinute, tuple[str, str]], ...]:
        return ((self._per_username, ("username", username)), (self._per_address, ("address", address)))


def _ms_until(epoch_seconds: float) -> int:
    return max(1000, round((epoch_seconds - time.time()) * 1000))


def logins(accounts: Accounts, tokens: Tokens, reception: Reception) -> Blueprint:
    """Make the routes of logins."""
    routes = Blueprint("logins", __name__)
    failed = FailedLogins(reception.settings.limits)

    @routes.post("/v1/login")
    def login() -> Response:
        body = read(Login, request.get_data())
        address = request.remote_addr or ""
        failed.check(body.username, address)
        account = accounts.verify(body.username, body.password)
        if account is None:
            failed.count(body.username, address)
            raise Refused(401, "unauthorized", WRONG)
        return _granted(tokens.login(account))

    @routes.post("/v1/refresh")
    def refresh() -> Response:
        body = read(Refresh, request.get_data())
        try:
            return _granted(tokens.refresh(body.refresh_token))
        except TokenFault as fault:
            raise Refused(401, "unauthorized", "The refresh token is no good. Log in again.") from fault

    @routes.post("/v1/logout")
    def logout() -> Response:
        tokens.logout(caller(reception).claims.family)
        return Response(status=204)

    @routes.post("/v1/ws-ticket")
    def ticket() -> Response:
        text = tokens.ticket(caller(reception).claims)
        return answer({"ticket": text, "expires_in": int(reception.settings.tokens.ticket_ttl)})

    @routes.get("/v1/me")
    def me() -> Response:
        account = caller(reception).account
        return answer({"user_id": account.user_id, "username": account.username, "roles": account.roles})

    return routes


def _granted(grant: Grant) -> Response:
    return answer({**grant._asdict(), "token_type": "bearer"})
