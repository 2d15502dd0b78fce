"""The network as a fetcher may use it: checked addresses, and one deadline for all that is done on it."""

from __future__ import annotations

import ssl
import time
from typing import TYPE_CHECKING, Any

import httpcore2

from actors.tools.errors import ToolFailed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from actors.tools.web.addresses import Address

    Resolve = Callable[[str, int], Sequence[Address]]
    Reachable = Callable[[Address], bool]


class Network(httpcore2.NetworkBackend):
    """Connects to hosts all of whose addresses may be reached.

    The connection goes to an address that was checked, and not to a name: one that is looked up twice may have another
    address the second time. The certificate is still checked against the name.

    Args:
        resolve: gives a host's addresses.
        reachable: whether an address may be connected to.
        deadline: in seconds of the monotonic clock.
    """

    def __init__(self, resolve: Resolve, reachable: Reachable, deadline: float) -> None:
        self._resolve = resolve
        self._reachable = reachable
        self._deadline = deadline
        self._plain = httpcore2.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ARG002 - the deadline is for all
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore2.NetworkStream:
        """Connect to the first address that answers.

        Raises:
            ToolFailed: ``not_public``: one of the host's addresses may not be reached; ``unreachable``: there is none.
            ConnectError, ConnectTimeout: none answers, or not in time.
        """
        failure: Exception | None = None
        for address in self._checked(host, port):
            try:
                stream = self._plain.connect_tcp(
                    str(address), port, left(self._deadline), local_address, socket_options
                )
            except httpcore2.ConnectError as error:
                failure = error
            else:
                return _Stream(stream, self._deadline)
        raise failure or ToolFailed("unreachable", f"There is no host {host}.")

    def _checked(self, host: str, port: int) -> Sequence[Address]:
        try:
            addresses = self._resolve(host, port)
        except (OSError, UnicodeError) as error:
            raise ToolFailed("unreachable", f"There is no host {host}.") from error
        # One that isn't public among others that are is how a name is made to point inside.
        if not all(map(self._reachable, addresses)):
            raise ToolFailed("not_public", f"{host} isn't on the public internet, and nothing else is fetched.")
        return addresses


class _Stream(httpcore2.NetworkStream):
    """A connection on which nothing goes on past the deadline, however busily the other side drips."""

    def __init__(self, stream: httpcore2.NetworkStream, deadline: float) -> None:
        self._stream = stream
        self._deadline = deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ARG002 - the deadline is for all
        return self._stream.read(max_bytes, left(self._deadline))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ARG002 - the same
        self._stream.write(buffer, left(self._deadline))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ARG002 - the same
    ) -> httpcore2.NetworkStream:
        try:
            secured = self._stream.start_tls(ssl_context, server_hostname, left(self._deadline))
        except httpcore2.ConnectError as error:
            if isinstance(error.__cause__, ssl.SSLCertVerificationError):
                raise ToolFailed("untrusted", "The certificate of the page's server isn't trusted.") from error
            raise
        return _Stream(secured, self._deadline)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


def left(deadline: float) -> float:
    """Return how many seconds are left.

    Raises:
        ReadTimeout: none.
    """
    seconds = deadline - time.monotonic()
    if seconds <= 0:
        raise httpcore2.ReadTimeout("the deadline is over")
    return seconds
