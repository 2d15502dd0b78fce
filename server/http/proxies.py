"""Whose address counts where proxies stand in front. Pure."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class Proxies:
    """The proxies that are believed, by their addresses and networks."""

    def __init__(self, trusted: Iterable[Network]) -> None:
        self._trusted = tuple(trusted)

    def client_of(self, peer: str, forwarded: str) -> str:
        """Return the address that a request came from.

        ``forwarded`` is its ``X-Forwarded-For``, to which each proxy adds at the right whom it heard it from. So it is
        read from there, for as long as whoever wrote an entry is trusted: what stands further left anybody may have
        made up.
        """
        client = peer
        hops = [hop.strip() for hop in forwarded.split(",")] if forwarded else []
        while hops and self.trusts(client):
            hop = _address(hops.pop())
            if hop is None:
                break
            client = str(hop)
        return client

    def trusts(self, text: str) -> bool:
        """Tell whether an address is a proxy's."""
        address = _address(text)
        return address is not None and any(address in network for network in self._trusted)


def _address(text: str) -> Address | None:
    """Read an address, perhaps with a port behind it; one of IPv4 within IPv6 is the one of IPv4."""
    host = text
    if text.startswith("["):
        host = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        host = text.partition(":")[0]
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address
