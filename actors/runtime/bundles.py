"""What is kept of a crash for the operator: enough to begin with, and nothing of what people wrote."""

from __future__ import annotations

import itertools
import traceback
from collections import deque
from functools import lru_cache
from inspect import get_annotations
from sys import getsizeof as _size
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from actors.runtime.reasons import ExitReason

ENVELOPES = 32
"""How many of an actor's last envelopes are in a bundle."""

RECORDED = 8192
"""Over how many envelopes of all actors together a recorder looks back."""

BUNDLES = 100
"""How many bundles are kept."""

FRAMES = 5
"""How many of the innermost places in the code are named."""


class Handled(NamedTuple):
    """One envelope that an actor was handed. ``size`` is in bytes, of the message and the texts right in it."""

    address: str
    incarnation: int
    message_type: str
    size: int


class CrashBundle(NamedTuple):
    """One crash: who, why, where in the code, what it was handed last (the newest last), and its state's names.

    ``number`` counts all crashes from 1.
    """

    number: int
    address: str
    incarnation: int
    class_name: str
    at_ms: int
    kind: str
    error_type: str
    places: tuple[str, ...]
    envelopes: tuple[Handled, ...]
    attributes: tuple[str, ...]


class Recorder:
    """Remembers what was handed to whom, for all actors in one ring.

    A ring for each would double what an idle one costs.
    """

    def __init__(self) -> None:
        """Begin empty."""
        self.crashes: deque[CrashBundle] = deque(maxlen=BUNDLES)
        self._numbers = itertools.count(1)
        # The message's type and not its name, its size and not its text: what is dear is looked up after a crash.
        self._ring: deque[tuple[str, int, type, int]] = deque(maxlen=RECORDED)

    def note(self, address: str, incarnation: int, message: Any) -> None:
        """Remember that a message is handed over."""
        kind = type(message)
        size, texts = _shape(kind)  # type: ignore[arg-type]  # mypy takes a class for unhashable
        if size is None:
            size = _size(message, 0)
        for name in texts:
            text = getattr(message, name)
            if text is not None:
                size += len(text)
        self._ring.append((address, incarnation, kind, size))

    def keep(
        self,
        address: str,
        incarnation: int,
        actor: Any,
        class_name: str,
        reason: ExitReason,
        at_ms: int,
        handed: int = ENVELOPES,
    ) -> None:
        """Make and keep the bundle of a crash.

        ``actor`` is None where the constructor failed; ``handed`` is how many envelopes this life was handed, where
        that is known: to look through the whole ring for one more takes 200 µs.
        """
        error = reason.error
        bundle = CrashBundle(
            next(self._numbers),
            address,
            incarnation,
            class_name,
            at_ms,
            reason.kind.value,
            type(error).__name__ if error is not None else "",
            _places(error),
            self._last(address, incarnation, min(handed, ENVELOPES)),
            tuple(sorted(vars(actor))) if actor is not None else (),
        )
        self.crashes.append(bundle)

    def _last(self, address: str, incarnation: int, most: int) -> tuple[Handled, ...]:
        found: list[Handled] = []
        ring = reversed(self._ring)
        while len(found) < most and (entry := next(ring, None)) is not None:
            whose, life, kind, size = entry
            if whose == address and life == incarnation:
                found.append(Handled(whose, life, kind.__name__, size))
        return tuple(reversed(found))


@lru_cache(maxsize=1024)
def _shape(kind: type) -> tuple[int | None, tuple[str, ...]]:
    """Return the bytes of any message of a class, None where they differ, and which of its fields hold a text.

    To ask each message for its size, and to look at each of its fields, would take five times as long.
    """
    texts = tuple(name for name, annotation in get_annotations(kind).items() if _is_text(annotation))
    fixed = kind.__itemsize__ == kind.__dictoffset__ == 0 and kind.__sizeof__ == object.__sizeof__  # type: ignore[comparison-overlap]  # not overridden
    return kind.__basicsize__ if fixed else None, texts


def _is_text(annotation: object) -> bool:
    # It may be the class itself, or its name where annotations are put off; and None may be allowed beside it.
    name = annotation.__name__ if isinstance(annotation, type) else str(annotation)
    return name.removesuffix(" | None") in {"str", "bytes"}


def _places(error: BaseException | None) -> tuple[str, ...]:
    if error is None:
        return ()
    # By module: where the files are on this machine is nobody's business who sees the page.
    last = deque(traceback.walk_tb(error.__traceback__), FRAMES)
    return tuple(f"{frame.f_globals.get('__name__')}:{line} {frame.f_code.co_name}" for frame, line in last)
