"""Tickets: one-use stand-ins for an access token, for clients that can only put a credential into an address."""

import secrets
from collections.abc import Callable
from typing import NamedTuple

from server.errors import TokenInvalid
from server.identity.access import Claims


class _Held(NamedTuple):
    claims: Claims
    expires_at: float


class Tickets:
    """Keep tickets in memory: after a restart a client asks for another one. Nothing here blocks.

    Args:
        ttl: seconds that a ticket is good for.
        now: seconds since 1970 UTC.
    """

    def __init__(self, ttl: float, now: Callable[[], float]) -> None:
        self._ttl = ttl
        self._now = now
        self._held: dict[str, _Held] = {}

    def issue(self, claims: Claims) -> str:
        """Return a new ticket that stands for `claims`."""
        self._forget_old()
        ticket = secrets.token_urlsafe(32)
        self._held[ticket] = _Held(claims, self._now() + self._ttl)
        return ticket

    def redeem(self, ticket: str) -> Claims:
        """Return what the ticket stands for, once.

        Raises:
            TokenInvalid: when it is unknown, was used, or is too old.
        """
        held = self._held.pop(ticket, None)
        if held is None or self._now() >= held.expires_at:
            raise TokenInvalid("the ticket is unknown, used, or too old")
        return held.claims

    def _forget_old(self) -> None:
        # All live equally long and a dict keeps their order, so the old ones are in front: this costs what it frees.
        while self._held and next(iter(self._held.values())).expires_at <= self._now():
            del self._held[next(iter(self._held))]
