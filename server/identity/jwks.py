"""The public keys of an outside identity provider, fetched when one is needed (RFC 7517)."""

from __future__ import annotations

import time
import urllib.request
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import gevent
import msgspec
import structlog
from gevent.lock import BoundedSemaphore
from jwt import PyJWK
from jwt.exceptions import PyJWTError

from server.errors import IssuerUnreachable

if TYPE_CHECKING:
    from collections.abc import Callable

log = structlog.get_logger(__name__)

ALGORITHM = "RS256"
KEPT_SECONDS = 3600.0
"""After so long keys are fetched again, so that one that was withdrawn ends."""
REFETCH_SECONDS = 10.0
"""How often they are fetched at most: anybody can send tokens that name keys which don't exist."""
FETCH_SECONDS = 5.0
MOST_BYTES = 1024 * 1024


def fetch(url: str) -> bytes:
    """Get the document; blocks the calling greenlet alone.

    Raises:
        OSError: it can't be had, or not in time, or is far too large.
    """
    with (
        gevent.Timeout(FETCH_SECONDS, TimeoutError),
        urllib.request.urlopen(url, timeout=FETCH_SECONDS) as answer,  # noqa: S310 - the settings allow http and https
    ):
        data: bytes = answer.read(MOST_BYTES + 1)
    if len(data) > MOST_BYTES:
        raise OSError("the key set is far too large")
    return data


class _KeySet(msgspec.Struct):
    keys: list[dict[str, Any]]


class Keys:
    """Keep the keys by their ids.

    Args:
        url: where they are.
        get: returns the document at an address, or raises an OSError.
        now: monotonic seconds.
    """

    def __init__(
        self, url: str, get: Callable[[str], bytes] = fetch, now: Callable[[], float] = time.monotonic
    ) -> None:
        self._url = url
        self._get = get
        self._now = now
        self._held: dict[str, PyJWK] = {}
        self._fetched_at = self._tried_at = float("-inf")
        self._turn = BoundedSemaphore()

    def find(self, key_id: str) -> PyJWK | None:
        """Return the key of that id, or None; blocks the calling greenlet where the keys must be fetched first.

        Raises:
            IssuerUnreachable: no key was ever had.
        """
        if not self._is_known(key_id):
            with self._turn:  # Who waited here finds what the one before has fetched.
                if not self._is_known(key_id) and self._now() - self._tried_at >= REFETCH_SECONDS:
                    self._refetch()
        if not self._held:
            raise IssuerUnreachable("the keys of the identity provider can't be had")
        return self._held.get(key_id)

    def _is_known(self, key_id: str) -> bool:
        return key_id in self._held and self._now() - self._fetched_at < KEPT_SECONDS

    def _refetch(self) -> None:
        self._tried_at = self._now()
        try:
            self._held = _read(self._get(self._url))
        except (OSError, ValueError, msgspec.DecodeError) as error:
            # Those at hand go on: a provider that is away for a while logs nobody out here.
            log.warning("keys_not_fetched", problem=str(error), kept=len(self._held))
            return
        self._fetched_at = self._now()
        log.info("keys_fetched", count=len(self._held))


def _read(data: bytes) -> dict[str, PyJWK]:
    held = {}
    for key in msgspec.json.decode(data, type=_KeySet).keys:
        with suppress(PyJWTError):  # One that can't be read takes none of the others along.
            if _is_ours(key):
                held[key["kid"]] = PyJWK(key, ALGORITHM)
    return held


def _is_ours(key: dict[str, Any]) -> bool:
    """Tell whether a key is one that tokens are signed with; a set also holds others, to encrypt with say."""
    if not isinstance(key.get("kid"), str):
        return False
    return key.get("kty") == "RSA" and key.get("use", "sig") == "sig" and key.get("alg", ALGORITHM) == ALGORITHM
