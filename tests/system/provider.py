"""An identity provider: it signs tokens, and publishes its keys over HTTP."""

import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from jwt.algorithms import RSAAlgorithm

ISSUER = "https://id.example.com/realms/house"
AUDIENCE = "greenroom-house"


class Provider:
    """Signs with ``self.keys``, by key id; shows the public halves of them, and whatever is in ``extra``.

    ``asked`` counts how often; while ``away`` it answers with an error.
    """

    def __init__(self) -> None:
        self.keys = {"k1": new_key()}
        self.extra: list[Any] = []
        self.asked = 0
        self.away = False
        provider = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                provider.asked += 1
                body = b"" if provider.away else json.dumps({"keys": provider.published()}).encode()
                self.send_response(500 if provider.away else 200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *arguments: object) -> None:
                pass

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.05})
        self._thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._http.server_port}/keys"

    @property
    def toml(self) -> str:
        """The settings of a server that trusts it."""
        return f'issuer = "{ISSUER}"\naudience = "{AUDIENCE}"\njwks_url = "{self.url}"\n'

    def published(self) -> list[Any]:
        shown = [RSAAlgorithm.to_jwk(key.public_key(), as_dict=True) | {"kid": kid} for kid, key in self.keys.items()]
        return [*shown, *self.extra]

    def token(self, subject: str = "7", *, kid: str | None = "k1", key: Any = None, **changes: Any) -> str:
        """Sign a token; a claim changed to None is left out."""
        now = time.time()
        said = {
            "sub": subject,
            "iss": ISSUER,
            "aud": AUDIENCE,
            "iat": now,
            "exp": now + 300,
            "preferred_username": f"person-{subject}",
            "roles": ["staff"],
        }
        claims = {name: value for name, value in (said | changes).items() if value is not None}
        headers = {} if kid is None else {"kid": kid}
        return jwt.encode(claims, key or self.keys["k1"], "RS256", headers)

    def public_pem(self) -> bytes:
        return self.keys["k1"].public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)

    def close(self) -> None:
        self._http.shutdown()
        self._thread.join()
        self._http.server_close()


def new_key() -> Any:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)
