"""What a client of Greenroom meets, named by whose fault it is.

::

    ClientFault
    ├── Unreachable        no server answers there, or the way to it broke; it may work later
    │   ├── Untrusted      the server's certificate isn't one that is trusted here
    │   └── Stranger       what answers isn't a Greenroom server
    ├── Refused            the server won't do what was asked; `code` is the protocol's
    │   └── Unauthorized   the name or password is wrong, or the login is over
    ├── Disconnected       the connection was lost before the answer; nobody knows whether it was done
    ├── Closed             this client was closed, or has given up, and does nothing any more
    ├── Dequeued           the message will never run: it was taken out of the queue
    └── HistoryLost        the server no longer has the events in which the run ended
"""

from __future__ import annotations


class ClientFault(Exception):
    """The root of all that the client raises; the text is for people."""


class Unreachable(ClientFault):
    """No server answers; ``retry_after_ms`` is how long it asks to be left alone."""

    def __init__(self, message: str, retry_after_ms: int = 0) -> None:
        """Say what happened, and what to do."""
        super().__init__(message)
        self.retry_after_ms = retry_after_ms


class Untrusted(Unreachable):
    """The server's certificate can't be trusted."""


class Stranger(Unreachable):
    """Something answers that doesn't speak the protocol."""


class Refused(ClientFault):
    """The server said no; ``temporary`` where the same may be done later."""

    def __init__(self, code: str, message: str, *, temporary: bool = False, retry_after_ms: int = 0) -> None:
        """Say the protocol's code and words."""
        super().__init__(message)
        self.code = code
        self.temporary = temporary
        self.retry_after_ms = retry_after_ms


class Unauthorized(Refused):
    """Whoever asks isn't known, or isn't any more."""


class Disconnected(ClientFault):
    """The connection was lost while an answer was awaited."""


class Closed(ClientFault):
    """There is no client behind it any more."""


class Dequeued(ClientFault):
    """A message that waited was dropped; ``reason`` is ``cancelled`` or ``interrupted``."""

    def __init__(self, reason: str) -> None:
        """Say why."""
        super().__init__(f"the message was taken out of the queue: {reason}")
        self.reason = reason


class HistoryLost(ClientFault):
    """How the run ended isn't kept any more."""
