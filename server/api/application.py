"""The WSGI application: all routes."""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING

from flask import Flask

from server.api.descriptions import descriptions
from server.api.faults import faults
from server.api.logins import bearers, logins
from server.api.openapi import openapi
from server.api.ops import ops, orders
from server.api.pages import pages
from server.api.sessions import sessions
from server.asyncapi import asyncapi
from server.http.errors import answer_errors
from server.ops.desk import Desk

if TYPE_CHECKING:
    from actors.runtime.runtime import Runtime
    from server.agui.streams import Streams
    from server.identity.accounts import Accounts
    from server.identity.tokens import Tokens
    from server.journal.journal import LogJournal
    from server.observability.traces import Traces
    from server.observability.tracing import Untraced
    from server.ops.instruments import Instruments
    from server.sockets.reception import Reception


def application(
    runtime: Runtime,
    journal: LogJournal,
    accounts: Accounts,
    tokens: Tokens,
    reception: Reception,
    instruments: Instruments,
    streams: Streams,
    traces: Traces | Untraced,
) -> Flask:
    """Put the HTTP side together; with the extra ``agui`` there is AG-UI as well."""
    # The name is what Flask derives paths from; the page's files are served by a route of our own.
    app = Flask("server", static_folder=None)
    app.register_blueprint(logins(accounts, tokens, reception))
    app.register_blueprint(bearers(tokens, reception))
    app.register_blueprint(sessions(runtime, journal, reception))
    app.register_blueprint(pages(reception))
    desk = Desk(runtime, journal, accounts, reception, instruments)
    app.register_blueprint(ops(desk, reception))
    app.register_blueprint(orders(journal, reception, instruments))
    if reception.settings.faults.enabled:
        app.register_blueprint(faults(runtime, reception))
    if find_spec("ag_ui") is not None:
        from server.api.agui import agui  # noqa: PLC0415 - of an extra, which need not be there

        app.register_blueprint(agui(journal, reception, streams, traces))
    answer_errors(app)
    app.register_blueprint(descriptions(openapi(app), asyncapi()))

    return app
