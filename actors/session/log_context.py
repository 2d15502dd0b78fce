"""What every line says that an agent's or a tool's own code logs: who ran it."""

from __future__ import annotations

from contextvars import Context, ContextVar
from typing import Any

from structlog.contextvars import bind_contextvars


def _variable(key: str) -> ContextVar[Any]:
    """Return the context variable in which structlog keeps what is bound to ``key``."""
    return Context().run(bind_contextvars, **{key: None})[key].var


# To set these takes 0.1 µs; to bind by name takes 1.4, at every run and every call.
RUN_ID = _variable("run_id")
ACTOR = _variable("actor")
INCARNATION = _variable("incarnation")


def name_in_logs(address: str, incarnation: int) -> None:
    """Have what is logged from here on, in this message's context, name this actor."""
    ACTOR.set(address)
    INCARNATION.set(incarnation)
