"""Logging: structlog and the standard library through one renderer, to standard error."""

import logging
import re
import sys
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, TextIO

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from config.settings import Logs

SECRETS = frozenset({"password", "passwd", "token", "secret", "apikey", "authorization", "text"})
"""Words that, in a key, mark a value that is never logged. `text` is what a person wrote or was answered."""

_PLAIN = (str, int, float, type(None))
"""What can't hold anything else: most values, and to ask each whether it is a mapping takes ten times as long."""

_OF_SESSION = re.compile(r"session/(?P<user_id>[^/]+)/(?P<session_id>[^/]+)(?:/|$)")


def set_up(logs: Logs, stream: TextIO | None = None) -> None:
    """Send every log line, structlog's and the standard library's, to `stream` in one form.

    Called once, by the process's entry; called again, it replaces what was set up before.

    Args:
        logs: the level; and the form, where `auto` is colours for a terminal and JSON lines for all else.
        stream: standard error where left out.
    """
    stream = stream or sys.stderr
    handler = logging.StreamHandler(stream)
    handler.setFormatter(_formatter(_renderers(logs, terminal=stream.isatty())))
    logging.basicConfig(handlers=[handler], level=logs.level.upper(), force=True)
    logging.captureWarnings(capture=True)
    # No line shows whose thread or process it is, and to know it, each greenlet that logs gets a thread object made.
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *_enriching(),
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )


def name_session(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Name the user and the session whose actor a line is about: its address says both, whoever writes the line."""
    found = _OF_SESSION.match(str(event.get("actor", "")))
    return event if found is None else {**found.groupdict(), **event}


def drop_secrets(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Drop whatever has a key that names a secret, at any depth; the event's own name stays."""
    kept: EventDict = _without_secrets(event)
    return kept


def _without_secrets(value: Any) -> Any:
    if isinstance(value, _PLAIN):
        return value
    if isinstance(value, Mapping):
        return {key: _without_secrets(held) for key, held in value.items() if not _is_secret(str(key))}
    if isinstance(value, list):
        return [_without_secrets(held) for held in value]
    if isinstance(value, tuple):
        return tuple(_without_secrets(held) for held in value)
    return value


@lru_cache(maxsize=1024)
def _is_secret(key: str) -> bool:
    # Whole words, so that `context` isn't taken for `text` nor a count of `input_tokens` for a token.
    words = re.findall(r"[A-Z]?[a-z]+|[A-Z]+", re.sub(r"api[_-]?key", "apikey", key, flags=re.IGNORECASE))
    return any(word.lower() in SECRETS for word in words)


def _enriching() -> list[Processor]:
    return [
        structlog.contextvars.merge_contextvars,
        name_session,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        drop_secrets,
    ]


def _renderers(logs: Logs, *, terminal: bool) -> list[Processor]:
    if logs.format == "console" or (logs.format == "auto" and terminal):
        # structlog's default for a console shows the local variables of every frame: passwords among them.
        plain = structlog.dev.plain_traceback
        return [structlog.dev.ConsoleRenderer(colors=terminal, exception_formatter=plain)]
    return [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]


def _formatter(renderers: list[Processor]) -> logging.Formatter:
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[structlog.stdlib.ExtraAdder(), *_enriching()],
        processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *renderers],
    )
