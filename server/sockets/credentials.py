"""Where a WebSocket's request carries its credential. Pure."""

from __future__ import annotations

import base64
import binascii
from typing import Any, NamedTuple
from urllib.parse import parse_qsl

BEARER = "bearer."


class MisplacedToken(Exception):
    """The request shows a token where proxies and logs would keep it, or one that can't be read."""


class Credential(NamedTuple):
    """An access token, or a one-use ticket."""

    text: str
    is_ticket: bool


def credential(environ: dict[str, Any]) -> Credential | None:
    """Return the first credential of a request: its header's, its subprotocols', its query's; None where it has none.

    Raises:
        MisplacedToken: a query parameter holds an access token, or a bearer subprotocol isn't base64url.
    """
    query = parse_qsl(environ.get("QUERY_STRING", ""), keep_blank_values=True)
    if any(looks_like_jwt(value) for _, value in query):
        raise MisplacedToken("An access token doesn't belong into the query string; get a ticket.")
    scheme, _, token = environ.get("HTTP_AUTHORIZATION", "").partition(" ")
    if scheme.lower() == "bearer":
        return Credential(token.strip(), is_ticket=False)
    for name in environ.get("HTTP_SEC_WEBSOCKET_PROTOCOL", "").split(","):
        if name.strip().startswith(BEARER):
            return Credential(_decoded(name.strip().removeprefix(BEARER)), is_ticket=False)
    ticket = dict(query).get("ticket")
    return None if ticket is None else Credential(ticket, is_ticket=True)


def looks_like_jwt(text: str) -> bool:
    """Tell whether a text has the shape of a signed token: three dotted parts, the first an encoded JSON object."""
    return text.count(".") == 2 and text.startswith("eyJ")  # noqa: PLR2004 - header, payload, signature


def _decoded(text: str) -> str:
    try:
        return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode("ascii")
    except (binascii.Error, ValueError) as error:
        raise MisplacedToken("The bearer subprotocol isn't base64url.") from error
