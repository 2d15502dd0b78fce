"""The line to a server: one connection after another, for as long as the client is open."""

from __future__ import annotations

import asyncio
import contextlib
import random
from typing import TYPE_CHECKING, Literal, NamedTuple, Protocol

from server.client.connection import Connection, dial
from server.client.errors import ClientFault, Closed, Refused, Unauthorized, Unreachable
from server.client.reconnecting import Ending, Step, delay, failures_after, step_after
from server.protocol import Auth, Draining, Welcome

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable

    from server.client.address import Address
    from server.client.connection import Tap
    from server.client.credentials import Credentials
    from server.client.frames import Frame

RENEW_AT = 0.8
"""The part of a token's life after which it is renewed."""

FORBIDDEN = ("forbidden", "not_found")
"""Refusals of a connection that the same attempt would meet again."""


class State(NamedTuple):
    """How the client stands with the server; ``seconds`` until the next attempt, and why, where it waits."""

    name: Literal["connecting", "connected", "draining", "waiting", "closed"]
    reason: str = ""
    seconds: float = 0.0


class Listener(Protocol):
    """Who is on the line. Nothing of it may block."""

    def connected(self, connection: Connection) -> None:
        """Begin with a connection, past its welcome."""

    def received(self, frame: Frame) -> None:
        """Take a frame that answers nothing."""

    def disconnected(self) -> None:
        """The connection is over."""

    def ended(self, fault: ClientFault) -> None:
        """There will be no other."""


class Line:
    """Connects, and connects again as the protocol's table of close codes has it."""

    def __init__(
        self,
        credentials: Credentials,
        address: Address,
        trust: ssl.SSLContext | None,
        on_state: Callable[[State], object],
        tap: Tap,
    ) -> None:
        """Know where and as whom; `open` connects."""
        self._credentials = credentials
        self._address = address
        self._trust = trust
        self._on_state = on_state
        self._tap = tap
        self._connection: Connection | None = None
        self._staying: asyncio.Task[None] | None = None
        self._hurried = asyncio.Event()

    async def open(self, listener: Listener) -> Welcome:
        """Connect, and stay so from then on.

        Raises:
            ClientFault: this first attempt didn't work.
        """
        self._on_state(State("connecting"))
        connection = await self._dial(Step.RECONNECT)
        assert connection.welcome is not None
        self._staying = asyncio.create_task(self._stay(connection, listener))
        return connection.welcome

    async def close(self) -> None:
        """Hang up for good."""
        if self._staying is not None:
            self._staying.cancel()
            await asyncio.gather(self._staying, return_exceptions=True)
            self._staying = None
            self._on_state(State("closed", "the client was closed"))

    def abort(self) -> None:
        """Drop the connection, if there is one, without a word; another one follows."""
        if self._connection is not None:
            self._connection.abort()

    def hurry(self) -> None:
        """Try now, if the next attempt is waited for: the machine woke up, say, or found its network."""
        self._hurried.set()

    async def _stay(self, connection: Connection, listener: Listener) -> None:
        failures = 0
        try:
            while True:
                ending = await self._live(connection, listener)
                failures = failures_after(failures, ending)
                connection = await self._come_back(ending, failures)
        except ClientFault as fault:
            listener.ended(fault)
            self._on_state(State("closed", str(fault)))
        except Exception as error:
            # A fault of this library's own must not leave anybody waiting for ever.
            listener.ended(Closed(f"the client failed: {error!r}"))
            raise

    async def _live(self, connection: Connection, listener: Listener) -> Ending:
        assert connection.welcome is not None
        self._connection = connection
        self._on_state(State("connected"))
        renewal = asyncio.create_task(self._renew(connection, connection.welcome.token_expires_in))
        try:
            listener.connected(connection)
            async for frame in connection:
                if isinstance(frame, Draining):
                    self._on_state(State("draining"))
                listener.received(frame)
        finally:
            renewal.cancel()
            self._connection = None
            listener.disconnected()
            await connection.close()
        return connection.ending

    async def _renew(self, connection: Connection, seconds: int) -> None:
        # What keeps the token from being renewed comes back as a close with 4001, and is dealt with there.
        with contextlib.suppress(ClientFault):
            while True:
                await asyncio.sleep(seconds * RENEW_AT)
                await self._credentials.refresh()
                ack = await connection.request(Auth(token=self._credentials.token))
                seconds = ack.fields["token_expires_in"]

    async def _come_back(self, ending: Ending, failures: int) -> Connection:
        step, wait = step_after(ending), ending.retry_after_ms / 1000
        reason = f"{ending.code} {ending.reason}".strip()
        while True:
            if step is Step.STOP:
                raise Closed(f"the server closed the connection for good ({reason})")
            # Jitter only has to differ between clients.
            seconds = delay(failures, random.random(), wait)  # noqa: S311
            self._on_state(State("waiting", reason, seconds))
            await self._pause(seconds)
            self._on_state(State("connecting"))
            try:
                return await self._dial(step)
            except (Refused, Unreachable) as fault:
                step, wait, reason = _after(fault), fault.retry_after_ms / 1000, str(fault)
                failures += 1

    async def _pause(self, seconds: float) -> None:
        self._hurried.clear()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._hurried.wait(), seconds)

    async def _dial(self, step: Step) -> Connection:
        if step is Step.REFRESH:
            try:
                await self._credentials.refresh()
            except Unauthorized as fault:
                raise Closed(f"the login is over: {fault}") from fault
        return await dial(self._address, self._credentials.token, self._trust, self._tap)


def _after(fault: Refused | Unreachable) -> Step:
    """Decide what comes after an attempt to connect that failed."""
    if isinstance(fault, Unauthorized):
        return Step.REFRESH
    return Step.STOP if isinstance(fault, Refused) and fault.code in FORBIDDEN else Step.RECONNECT
