"""Who kept the loop from its turn: gevent's monitor thread, made to name the actor."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

import gevent
from gevent import events, get_hub

from actors.runtime.telemetry import HubBlocked

if TYPE_CHECKING:
    from actors.runtime.runtime import Runtime

BLOCKED_SECONDS = 0.25
"""How long one handler may keep all others waiting before it is named. A password's hash takes half of this."""


class Watchdog:
    """Emits `HubBlocked` once for each ``seconds`` in which nothing else had a turn, when there is one again."""

    def __init__(self, runtime: Runtime, seconds: float = BLOCKED_SECONDS) -> None:
        """Watch the hub of this thread, which must be the runtime's."""
        self._runtime = runtime
        self._seconds = seconds
        self._hub = get_hub()

    def start(self) -> None:
        """Start the thread that watches; its settings are the process's, so there is one watchdog a process."""
        gevent.config.monitor_thread = True
        gevent.config.max_blocking_time = self._seconds
        # Pages of stacks on standard error, in the midst of the log.
        gevent.config.print_blocking_reports = False
        events.subscribers.append(self._hear)
        with warnings.catch_warnings():
            # It would watch memory, too, and warns where it can't; nobody asked it to.
            warnings.simplefilter("ignore")
            self._hub.start_periodic_monitoring_thread()

    def stop(self) -> None:
        """Stop the thread."""
        gevent.config.monitor_thread = False
        events.subscribers.remove(self._hear)
        thread, self._hub.periodic_monitoring_thread = self._hub.periodic_monitoring_thread, None
        if thread is not None:
            thread.kill()

    def _hear(self, event: object) -> None:
        """Hear gevent's event, in its own thread: the loop is told, and gets to it when it can."""
        if isinstance(event, events.EventLoopBlocked) and event.hub is self._hub:
            cell = getattr(event.greenlet, "cell", None)
            blocked = HubBlocked("" if cell is None else cell.address, self._seconds)
            self._runtime.call_soon(self._runtime.telemetry.emit, blocked)
