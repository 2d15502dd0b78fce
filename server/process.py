"""The process that a server runs in: its signals, its open files, and the status that it ends with."""

import os
import resource
import signal

import gevent
import structlog
from gevent.event import Event

from config.limits import Limits
from config.settings import Settings
from server.app import Server
from server.collector import Collector

log = structlog.get_logger(__name__)

OTHER_FILES = 256
"""How many files the process opens beside its connections."""


def serve(settings: Settings) -> int:
    """Run a server until a signal; return the exit status: 0 after a drain, 1 where the tree failed.

    Raises:
        PluginError, ServerFault, SettingsError, OSError: as `Server`.
    """
    server = Server(settings)
    _allow_files(settings.limits)
    stop, failed = Event(), Event()
    server.failed(failed)
    failed.rawlink(lambda _: stop.set())
    _on_signals(stop)
    server.start()
    Collector().start()
    log.info("serving", url=server.url, data_dir=str(settings.data_dir), demo=settings.demo)
    _say_where(server, settings)
    stop.wait()
    if failed.is_set():
        log.error("root_failed")
        return 1
    server.drain()
    server.stop()
    log.info("stopped")
    return 0


def _allow_files(limits: Limits) -> None:
    """Let the process open as many files as its limits allow connections, or say that it may not."""
    wanted = limits.connections + 2 * limits.http_connections + OTHER_FILES
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard == resource.RLIM_INFINITY:
        hard = max(soft, wanted)
    if soft != resource.RLIM_INFINITY:
        resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, min(wanted, hard)), hard))
    if hard < wanted:
        log.warning(
            "few_open_files", allowed=hard, wanted=wanted, advice="raise the limit, or lower limits.connections"
        )


def _on_signals(stop: Event) -> None:
    """Set ``stop`` at the first signal; the second ends the process at once."""

    def on_signal() -> None:
        if stop.is_set():
            os._exit(1)
        stop.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        gevent.signal_handler(number, on_signal)


def _say_where(server: Server, settings: Settings) -> None:
    accounts = " Log in as demo / demo." if settings.demo else ""
    print(f"Greenroom is at {server.url} - open it in a browser.{accounts} Stop with Ctrl-C.", flush=True)  # noqa: T201 - this is what the person at the terminal waits for
