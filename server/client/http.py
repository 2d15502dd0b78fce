"""The calls of the protocol: one request, one answer, as JSON."""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING, Any

import httpx2

from server.client.errors import ClientFault, Refused, Stranger, Unauthorized, Unreachable, Untrusted

if TYPE_CHECKING:
    from server.client.address import Address

PATIENCE = 30.0
"""How many seconds an answer is awaited."""

UNAUTHORIZED = 401
ERRORS = 400


class Http:
    """The HTTP side of one server. It follows no redirect, so a token goes nowhere but to the server it is for."""

    def __init__(self, address: Address, trust: ssl.SSLContext | None) -> None:
        """Know where; nothing is opened before the first call."""
        self._address = address
        self._client = httpx2.AsyncClient(
            base_url=address.base,
            timeout=PATIENCE,
            verify=trust if trust is not None else False,
            trust_env=not address.is_here,
        )

    async def call(self, method: str, path: str, body: Any = None, *, token: str | None = None) -> Any:
        """Ask for something and return the answer's JSON, None where it has none.

        Raises:
            Refused: the answer is an error.
            Unreachable: there is none, or none that Greenroom gives.
        """
        headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        try:
            response = await self._client.request(method, path, json=body, headers=headers)
        except httpx2.RemoteProtocolError as error:
            raise stranger(self._address) from error
        except (httpx2.HTTPError, OSError) as error:
            raise unreachable(self._address, error) from error
        return self._content(response)

    def _content(self, response: httpx2.Response) -> Any:
        try:
            content: Any = response.json() if response.content else None
            if response.status_code < ERRORS:
                return content
            error = content["error"]
            raise refusal(response.status_code, error)
        except (ValueError, TypeError, LookupError) as error:
            raise stranger(self._address) from error

    async def close(self) -> None:
        """Close what is open."""
        await self._client.aclose()


def refusal(status: int, error: dict[str, Any]) -> Refused:
    """Return what an error of the HTTP side says.

    Raises:
        LookupError: it isn't one.
    """
    kind = Unauthorized if status == UNAUTHORIZED else Refused
    return kind(error["code"], error["message"], retry_after_ms=error.get("retry_after_ms", 0))


def stranger(address: Address) -> Stranger:
    """Complain about what answers there."""
    return Stranger(f"what answers at {address.base} isn't Greenroom; check the address")


def unreachable(address: Address, error: BaseException) -> ClientFault:
    """Say why nothing was answered, by what is at the bottom of the error."""
    for cause in _causes(error):
        if isinstance(cause, ssl.SSLCertVerificationError):
            return Untrusted(
                f"the certificate of {address.base} can't be trusted ({cause.verify_message}); if it is your own, "
                "name the file that vouches for it in SSL_CERT_FILE"
            )
        if isinstance(cause, ssl.SSLError):
            return Unreachable(f"{address.base} doesn't speak TLS as it must ({cause.reason}); is it http, not https?")
    return Unreachable(f"{address.base} doesn't answer ({_said(error)}); is the server running there?")


def _causes(error: BaseException | None) -> list[BaseException]:
    found: list[BaseException] = []
    while error is not None and error not in found:
        found.append(error)
        error = error.__cause__ or error.__context__
    return found


def _said(error: BaseException) -> str:
    # Some errors have no words of their own.
    return str(error) or type(error).__name__
