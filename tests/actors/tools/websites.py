"""A web server of real sockets on loopback, whose pages are functions, and a fetcher that may reach it."""

import socket
import ssl
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from pathlib import Path

from actors.tools.web.addresses import is_public
from actors.tools.web.fetcher import Fetcher

LOOPBACK = ip_address("127.0.0.1")

Page = Callable[[BaseHTTPRequestHandler], None]


class Website:
    """Serves ``pages`` by path, over TLS where there is a certificate; what was asked for is in ``asked``."""

    def __init__(self, certificate: Path | None = None, key: Path | None = None) -> None:
        self.pages: dict[str, Page] = {}
        self.asked: list[tuple[str, dict[str, str]]] = []
        website = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                website.asked.append((self.path, dict(self.headers)))
                website.pages[self.path](self)

            def log_message(self, *arguments: object) -> None:
                pass

        class Quiet(ThreadingHTTPServer):
            daemon_threads = True  # A page that drips for ever must not keep a test from ending.

            def handle_error(self, request: object, client_address: object) -> None:
                pass  # Whoever fetched has had enough.

        self._http = Quiet(("127.0.0.1", 0), Handler)
        if certificate is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate, key)
            # In the thread of the connection: a client that breaks off the handshake is no matter of the listener's.
            self._http.socket = context.wrap_socket(self._http.socket, server_side=True, do_handshake_on_connect=False)
        self._thread = threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.05})
        self._thread.start()
        self.port = self._http.server_port

    def says(self, path: str, body: bytes, status: int = 200, **headers: str) -> str:
        """Have a page answer so, and return its address, whose host is a name."""

        def page(handler: BaseHTTPRequestHandler) -> None:
            handler.send_response(status)
            for name, value in headers.items():
                handler.send_header(name.replace("_", "-"), value)
            handler.send_header("Content-Length", str(len(body)))
            handler.end_headers()
            handler.wfile.write(body)

        return self.does(path, page)

    def does(self, path: str, page: Page) -> str:
        self.pages[path] = page
        return f"http://pages.example:{self.port}{path}"

    def fetcher(self, **limits: float) -> Fetcher:
        """Make a fetcher to which ``pages.example`` is this server, and loopback the public internet."""
        return Fetcher(self.resolve, lambda address: address == LOOPBACK or is_public(address), _Any(), **limits)

    def resolve(self, host: str, port: int) -> list[object]:
        return [LOOPBACK] if host == "pages.example" else _resolved(host, port)

    def close(self) -> None:
        self._http.shutdown()
        self._thread.join()
        self._http.server_close()


class _Any:
    def __contains__(self, port: object) -> bool:
        return True


def _resolved(host: str, port: int) -> list[object]:
    return [ip_address(where[0]) for *_, where in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]
