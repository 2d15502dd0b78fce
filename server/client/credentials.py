"""Who a client is: a name and a password, and the tokens that came of them."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from server.client.errors import Stranger, Unauthorized

if TYPE_CHECKING:
    from server.client.http import Http


class Credentials:
    """One login, renewed for as long as it is used."""

    def __init__(self, http: Http, username: str, password: str) -> None:
        """Know who; `login` does the rest."""
        self.username = username
        self.user_id = ""
        self._http = http
        self._password = password
        self._access = ""
        self._refresh = ""
        self._exchange: asyncio.Task[None] | None = None

    @property
    def token(self) -> str:
        """The access token."""
        return self._access

    async def login(self) -> None:
        """Log in by the password.

        Raises:
            Unauthorized: it is wrong.
            Refused: it was tried too often.
            Unreachable: there is no server.
        """
        self._hold(await self._http.call("POST", "/v1/login", {"username": self.username, "password": self._password}))

    async def refresh(self) -> None:
        """Get new tokens. Those who ask at the same time share one exchange: a token spent twice ends the login.

        Raises:
            Unauthorized: neither the refresh token nor the password counts any more.
            Unreachable: there is no server.
        """
        if self._exchange is None:
            self._exchange = asyncio.create_task(self._renew())
            self._exchange.add_done_callback(self._exchanged)
        # Who gives up waiting must not cut off the others, nor lose a token that the server has already spent.
        await asyncio.shield(self._exchange)

    def _exchanged(self, exchange: asyncio.Task[None]) -> None:
        self._exchange = None
        if not exchange.cancelled():
            exchange.exception()  # Whoever waited has it; asking marks it as heard where nobody does any more.

    async def _renew(self) -> None:
        try:
            self._hold(await self._http.call("POST", "/v1/refresh", {"refresh_token": self._refresh}))
        except Unauthorized:
            # The answer to an earlier exchange may have been lost with the server, and its token spent all the same.
            await self.login()

    async def call(self, method: str, path: str, body: Any = None) -> Any:
        """Make a call as this user, with a new token where the old one is over. Raises as `Http.call`."""
        try:
            return await self._http.call(method, path, body, token=self._access)
        except Unauthorized:
            await self.refresh()
            return await self._http.call(method, path, body, token=self._access)

    async def logout(self) -> None:
        """End the login at the server. Raises as `Http.call`."""
        await self._http.call("POST", "/v1/logout", token=self._access)

    async def close(self) -> None:
        """Close what is open, and leave the login as it is."""
        await self._http.close()

    def _hold(self, granted: Any) -> None:
        try:
            self._access, self._refresh = granted["access_token"], granted["refresh_token"]
            self.user_id = granted["user_id"]
        except (TypeError, LookupError) as error:
            raise Stranger("what answers there isn't Greenroom; check the address") from error
