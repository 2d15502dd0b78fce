"""Actors that misbehave, named by how."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from actors.runtime.actor import Actor
from actors.runtime.pause import hang

if TYPE_CHECKING:
    from gevent.event import Event


class CrashedOnPurpose(Exception):
    """What `Crashes` raises."""


class Crashes(Actor):
    """Raises at every message."""

    def _handle_receive(self, message: Any) -> Any:
        raise CrashedOnPurpose(repr(message))


class Hangs(Actor):
    """Never returns from its first message by itself; a stop has to wait, a kill ends it."""

    def _handle_receive(self, _message: Any) -> None:
        hang()


class IgnoresShutdown(Actor):
    """Hangs, and swallows whatever is raised to end it, so that it must be abandoned.

    Its greenlet stays behind until the test sets ``release``, as it must before its end.
    """

    def __init__(self, release: Event) -> None:
        """Hang from the first message on until ``release`` is set."""
        self._release = release

    def _handle_receive(self, _message: Any) -> None:
        while not self._release.is_set():
            try:
                self._release.wait()
            except BaseException:  # noqa: BLE001, S112 - this is the misbehaviour
                continue


class Spins(Actor):
    """Burns the processor at every message for ``seconds`` of real time, and lets nobody else run meanwhile."""

    def __init__(self, seconds: float) -> None:
        """Know for how long."""
        self._seconds = seconds

    def _handle_receive(self, _message: Any) -> None:
        end = time.perf_counter() + self._seconds
        while time.perf_counter() < end:
            pass
