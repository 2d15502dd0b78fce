"""Which pages may open sockets here. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Collection


def is_allowed(environ: dict[str, Any], allowed: Collection[str]) -> bool:
    """Tell whether a request's ``Origin``, where there is one, is on the list or of this very host and port."""
    origin = environ.get("HTTP_ORIGIN")
    if origin is None or origin in allowed:
        return True
    _, separator, host = origin.partition("://")
    return bool(separator) and host.lower() == environ.get("HTTP_HOST", "").lower()
