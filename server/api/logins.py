"""Log in, stay in, log out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Blueprint, request
from werkzeug.wrappers import Response

from server.api.bodies import Granted, Login, Me, Refresh, Ticket, answer, read
from server.api.callers import caller
from server.api.guesses import FailedLogins
from server.api.operations import operation
from server.errors import TokenFault
from server.http.errors import Refused

if TYPE_CHECKING:
    from server.identity.accounts import Accounts
    from server.identity.tokens import Grant, Tokens
    from server.sockets.reception import Reception

WRONG = "The username or the password is wrong."


ELSEWHERE = "Accounts are kept by an identity provider. Log in there, and come with its access token."


def logins(accounts: Accounts, tokens: Tokens, reception: Reception) -> Blueprint:
    """Make the routes of logins."""
    routes = Blueprint("logins", __name__)
    failed = FailedLogins(reception.settings.limits, reception.metrics)

    @routes.before_request
    def refuse_what_is_elsewhere() -> None:
        if reception.settings.tokens.issuer is not None:
            raise Refused(404, "not_found", ELSEWHERE)

    @routes.post("/v1/login")
    @operation("Log in", body=Login, answers={200: Granted}, refusals=(400, 401, 429))
    def login() -> Response:
        body = read(Login, request.get_data())
        address = request.remote_addr or ""
        with failed.attempt(body.username, address) as attempt:
            account = accounts.verify(body.username, body.password)
            if account is None:
                attempt.fail()
                raise Refused(401, "unauthorized", WRONG)
        return _granted(tokens.login(account))

    @routes.post("/v1/refresh")
    @operation("Spend a refresh token on new ones", body=Refresh, answers={200: Granted}, refusals=(400, 401))
    def refresh() -> Response:
        body = read(Refresh, request.get_data())
        try:
            return _granted(tokens.refresh(body.refresh_token))
        except TokenFault as fault:
            raise Refused(401, "unauthorized", "The refresh token is no good. Log in again.") from fault

    @routes.post("/v1/logout")
    @operation("Log out", bearer=True, answers={204: None})
    def logout() -> Response:
        tokens.logout(caller(reception).claims.family)
        return Response(status=204)

    return routes


def bearers(tokens: Tokens, reception: Reception) -> Blueprint:
    """Make the routes of whoever is logged in, wherever that was."""
    routes = Blueprint("bearers", __name__)

    @routes.post("/v1/ws-ticket")
    @operation("Get a ticket for a socket", bearer=True, answers={200: Ticket})
    def ticket() -> Response:
        text = tokens.ticket(caller(reception).claims)
        return answer(Ticket(text, int(reception.settings.tokens.ticket_ttl)))

    @routes.get("/v1/me")
    @operation("Tell who I am", bearer=True, answers={200: Me})
    def me() -> Response:
        account = caller(reception).account
        return answer(Me(account.user_id, account.username, account.roles))

    return routes


def _granted(grant: Grant) -> Response:
    return answer(Granted(*grant))
