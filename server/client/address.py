"""Where a server is: from the address that a person gives to those of its calls and its socket. Pure."""

from __future__ import annotations

import ipaddress
from typing import NamedTuple
from urllib.parse import urlsplit

EXAMPLE = "http://127.0.0.1:8765"


class Address(NamedTuple):
    """A server's scheme, ``http`` or ``https``, its host, and its host with the port."""

    scheme: str
    host: str
    netloc: str

    @classmethod
    def of(cls, url: str) -> Address:
        """Read what a person gave.

        Raises:
            ValueError: it isn't the address of a server.
        """
        parts = urlsplit(url)
        usable = parts.scheme in {"http", "https"} and parts.hostname and not parts.path.strip("/") and not parts.query
        if not usable or parts.username is not None:
            raise ValueError(f"{url!r} must look like {EXAMPLE}")
        _ = parts.port  # It is read lazily, and refuses what isn't one.
        return cls(parts.scheme, parts.hostname or "", parts.netloc)

    @property
    def base(self) -> str:
        """Where the HTTP calls begin."""
        return f"{self.scheme}://{self.netloc}"

    @property
    def socket(self) -> str:
        """Where the socket is."""
        return f"{'wss' if self.secure else 'ws'}://{self.netloc}/v1/ws"

    @property
    def secure(self) -> bool:
        """Whether it is spoken to over TLS."""
        return self.scheme == "https"

    @property
    def is_here(self) -> bool:
        """Whether it is this machine, which no proxy leads to."""
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return self.host == "localhost"
