"""The HTTP server: gevent's, with a bound on who may wait in it."""

from __future__ import annotations

import logging
import socket
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import gevent
import structlog
from gevent.pywsgi import WSGIServer

from server.http.visitors import Visit

if TYPE_CHECKING:
    from flask import Flask

    from server.http.proxies import Proxies
    from server.http.visitors import Visitors
    from server.sockets.reception import Reception

REQUESTS_LOG = "greenroom.http"
BACKLOG = 1024

log = structlog.get_logger(REQUESTS_LOG)


def listen(host: str, port: int) -> socket.socket:
    """Return a listening socket whose connections inherit TCP_NODELAY: without it a turn waits 40 ms for an ACK.

    Raises:
        OSError: the address is taken, or isn't one of this machine.
    """
    family, kind, number, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    listener = socket.socket(family, kind, number)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    listener.bind(address)
    listener.listen(BACKLOG)
    return listener


class HttpServer(WSGIServer):  # type: ignore[misc]  # gevent ships no types
    """Accepts connections and has each handled in a greenlet of its own."""

    # How many connections are accepted in one turn of the loop: in a flood of them those inside have every other turn.
    max_accept = 1

    def __init__(
        self,
        listener: socket.socket,
        app: Flask,
        handler_class: type,
        reception: Reception,
        visitors: Visitors,
        proxies: Proxies,
        secured: Any,
    ) -> None:
        """Serve ``app``; what becomes a WebSocket goes to ``reception``. ``secured`` is the context of TLS, or None."""
        logger = logging.getLogger(REQUESTS_LOG)
        # The handshake is for the handler's greenlet to make, and to bound.
        tls = {} if secured is None else {"ssl_context": secured, "do_handshake_on_connect": False}
        super().__init__(
            listener,
            app,
            handler_class=handler_class,
            log=None,  # The handler tells of each request.
            error_log=logger,
            **tls,
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
            if not self.ssl_enabled or self._secure(visit):
                with suppress(OSError):  # The client is gone, and didn't wait to be told what is wrong.
                    self.handler_class(visit.sock, address, self, visit).handle()
        finally:
            self.visitors.leave(visit)

    # What gevent calls where there is TLS; its own closes a socket that was taken over.
    wrap_socket_and_handle = handle

    def _secure(self, visit: Visit) -> bool:
        """Shake hands; tell whether that came about."""
        visit.awaited()
        try:
            visit.sock = self.wrap_socket(visit.sock, **self.ssl_args)
            with gevent.Timeout(self.reception.settings.timeouts.http_header, TimeoutError):
                visit.sock.do_handshake()
        except OSError as error:
            log.info("tls_failed", problem=getattr(error, "reason", None) or str(error), address=visit.address)
            visit.sock.close()
            return False
        return True
