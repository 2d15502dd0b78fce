"""The HTTP server: gevent's, with a bound on who may wait in it."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from gevent.pywsgi import WSGIServer

from server.visitors import Visit

if TYPE_CHECKING:
    import socket

    from flask import Flask

    from server.proxies import Proxies
    from server.reception import Reception
    from server.visitors import Visitors

REQUESTS_LOG = "greenroom.http"


class HttpServer(WSGIServer):  # type: ignore[misc]  # gevent ships no types
    """Accepts connections and has each handled in a greenlet of its own."""

    # How many connections are accepted in one turn of the loop: a flood of them must leave turns to those inside.
    max_accept = 10

    def __init__(
        self,
        listener: socket.socket,
        app: Flask,
        handler_class: type,
        reception: Reception,
        visitors: Visitors,
        proxies: Proxies,
    ) -> None:
        """Serve ``app``; what becomes a WebSocket goes to ``reception``."""
        logger = logging.getLogger(REQUESTS_LOG)
        super().__init__(
            listener,
            app,
            handler_class=handler_class,
            log=None,  # The handler tells of each request.
            error_log=logger,
        )
        self.logger = logger
        self.reception = reception
        self.visitors = visitors
        self.proxies = proxies

    def handle(self, sock: Any, address: tuple[Any, ...]) -> None:
        """Handle one connection until it ends, or becomes a WebSocket."""
        visit = Visit(self.visitors, sock, str(address[0]))
        if not self.visitors.enter(visit):
            return
        try:
            self.handler_class(sock, address, self, visit).handle()
        finally:
            self.visitors.leave(visit)
