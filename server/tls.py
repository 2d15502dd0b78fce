"""The certificate of the settings, as the HTTP server takes it."""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING, Any

from gevent.ssl import SSLContext

from config.errors import SettingsError
from config.loading import DEFAULT

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from config.settings import Tls


def tls_context(settings: Tls, origins: Mapping[str, str] | None = None) -> Any:
    """Load the certificate and its key, or return None where there is to be no TLS; blocks on the disk.

    ``origins`` tell where the settings came from, by dotted path.

    Raises:
        SettingsError: with a line for each file that can't be used.
    """
    if settings.certificate is None or settings.key is None:
        return None
    problems = [
        f"{name} = {str(path)!r} ({(origins or {}).get(name, DEFAULT)}): can't be read ({reason})"
        for name, path in (("tls.certificate", settings.certificate), ("tls.key", settings.key))
        if (reason := _unreadable(path)) is not None
    ]
    if problems:
        raise SettingsError(problems)
    context = SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    # A client that renegotiates has the server sign again and again (and a socket want to read before it can write).
    context.options |= ssl.OP_NO_RENEGOTIATION
    try:
        context.load_cert_chain(settings.certificate, settings.key, password=_none)
    except (ssl.SSLError, ValueError) as error:
        raise SettingsError([_unusable(settings, error)]) from error
    return context


def _unreadable(path: Path) -> str | None:
    try:
        path.read_bytes()
    except OSError as error:
        return error.strerror
    return None


def _none() -> str:
    """Stand for a password: without it OpenSSL would ask for one at the terminal."""
    return ""


def _unusable(settings: Tls, error: Exception) -> str:
    reason = getattr(error, "reason", None) or str(error)
    files = f"tls.certificate = {str(settings.certificate)!r}, tls.key = {str(settings.key)!r}"
    return f"{files}: must be a certificate, or a chain from it, and its own key, without a password, as PEM ({reason})"
