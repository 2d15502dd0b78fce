"""Which addresses are everybody's: a tool that fetches what a stranger names must reach nothing behind the firewall."""

from __future__ import annotations

import socket
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address

Address = IPv4Address | IPv6Address

_NAT64 = IPv6Network("64:ff9b::/96")
"""Where a network that speaks only IPv6 finds those that speak only IPv4 (RFC 6052)."""


def resolve(host: str, port: int) -> list[Address]:
    """Return all addresses of a host, each once; blocks on the resolver, which may take its time.

    The system's resolver also understands ``2130706433`` and ``0x7f.1``: what they stand for is what is returned.

    Raises:
        OSError: there is no such host.
        UnicodeError: that is no host's name.
    """
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(ip_address(where[0]) for *_, where in found))


def is_public(address: Address) -> bool:
    """Tell whether an address is one of the public internet, in whatever it may be wrapped."""
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped is not None:
            return is_public(address.ipv4_mapped)
        if address in _NAT64:
            return is_public(IPv4Address(int(address) & 0xFFFF_FFFF))
        # A tunnel's other end is an IPv4 address of whoever wrote the address.
        if address.sixtofour is not None or address.teredo is not None or address.is_site_local:
            return False
    return address.is_global and not (address.is_multicast or address.is_reserved or address.is_unspecified)
