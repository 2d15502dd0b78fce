"""The composition root: builds a server from its settings, starts it, and ends it well."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import gevent
import structlog

from actors.runtime.errors import RuntimeFault
from actors.runtime.faults import Faults
from actors.runtime.injection import strike_point
from actors.runtime.runtime import Runtime
from actors.runtime.watchdog import Watchdog
from actors.session.messages import TakeUp
from actors.tools.library import Library
from actors.tools.notebook import Notebook
from server.agui.streams import Streams
from server.api.application import application
from server.documents import documents_folder
from server.http.listener import HttpServer, listen
from server.http.proxies import Proxies
from server.http.upgrade import Upgrade
from server.http.visitors import Visitors
from server.journal.archive import count_sessions
from server.kept import Kept
from server.library.library import FolderLibrary, NoLibrary
from server.notebook import SQLiteNotebook
from server.observability.labels import tool_labels
from server.observability.metrics import Metrics
from server.observability.pulse import Pulse
from server.observability.tally import Tally
from server.observability.tracing import Untraced, tracing
from server.observability.vitals import Vitals
from server.offer import catalog
from server.ops.instruments import Instruments
from server.plans import fault_plan
from server.sockets.reception import Reception
from server.tls import tls_context
from server.tree import at_work, environment, plant

if TYPE_CHECKING:
    from collections.abc import Callable
    from ssl import SSLContext

    from gevent.event import Event

    from actors.agents.registry import AgentCatalog
    from actors.agents.turn import Question
    from actors.tools.lending import Resources
    from config.settings import Settings
    from server.observability.traces import Traces

log = structlog.get_logger(__name__)

SWEEP_SECONDS = 1.0
STOP_SECONDS = 5.0


class Server:
    """A whole server in this process: HTTP, sockets, sessions. Made, it isn't listening yet."""

    def __init__(self, settings: Settings) -> None:
        """Build everything; blocks on the disk.

        Raises:
            PluginError: an agent or a tool of the settings can't be had.
            ServerFault: the data directory isn't as it must be.
            SettingsError: the fault plan isn't one.
            OSError: the address is taken.
        """
        self.settings = settings
        agents = catalog(settings)
        self.runtime = Runtime()
        self.runtime.faults = _faults(settings)  # Before anything is struck: a plan may be about the first start.
        self._kept = kept = Kept(settings, self.runtime.clock, partial(strike_point, self.runtime, "journal"))
        secured = tls_context(settings.tls)
        # After all that a data directory may refuse, and before there are actors: nothing is left open where it fails.
        self._listener = listen(settings.host, settings.port)
        self._library = _library(settings)
        resources: Resources = {Library: self._library or NoLibrary(), Notebook: SQLiteNotebook(kept.database)}
        tally, self._traces, self._pulse = Tally(_tool_labels(settings, agents)), tracing(), Pulse()
        given = environment(settings, agents, kept, resources, _heeding(tally, self._traces))
        self._root = plant(self.runtime, given)
        metrics = Metrics()
        metrics.show(_vitals(self.runtime, kept, metrics, tally, self._pulse))
        if not isinstance(self._traces, Untraced):
            kept.journal.on_committed.append(self._traces)
        self.reception = Reception(settings, kept.accounts, kept.tokens, kept.journal, self._root, metrics)
        self._instruments = Instruments(self.runtime, kept.journal, self.reception, tally, self._pulse)
        self._streams = Streams(settings.limits.connections_per_user)
        kept.tokens.on_revoked.append(self._streams.revoke)
        self._http = self._front(metrics, secured)
        works = (self.reception.sweep, kept.tokens.follow, self._expire_streams)
        self._rounds = [gevent.Greenlet(_every, SWEEP_SECONDS, work) for work in works]
        self._watchdog = Watchdog(self.runtime)

    def _front(self, metrics: Metrics, secured: SSLContext | None) -> HttpServer:
        kept, reception = self._kept, self.reception
        app = application(
            self.runtime,
            kept.journal,
            kept.accounts,
            kept.tokens,
            reception,
            self._instruments,
            self._streams,
            self._traces,
        )
        proxies = Proxies(self.settings.trusted_proxies)
        visitors = Visitors(self.settings.limits, proxies, metrics)
        metrics.watch("connections", "Open WebSockets", reception.__len__)
        metrics.watch("agui_streams", "Open streams of AG-UI", self._streams.__len__)
        metrics.watch("http_connections", "Connections that are still HTTP", visitors.__len__)
        return HttpServer(self._listener, app, Upgrade, reception, visitors, proxies, secured)

    @property
    def url(self) -> str:
        """Where a browser finds the server."""
        host, port = self._listener.getsockname()[:2]
        scheme = "http" if self.settings.tls.certificate is None else "https"
        return f"{scheme}://[{host}]:{port}" if ":" in host else f"{scheme}://{host}:{port}"

    def start(self) -> None:
        """Take up the work that an earlier process left, and take connections."""
        unfinished = self._kept.journal.unfinished()
        if unfinished:
            log.info("taking_up", sessions=len(unfinished))
            self._root.tell(TakeUp(tuple(unfinished)))
        self._kept.tokens.follow()
        if self._library is not None:
            self._library.start()
        self._http.start()
        for round_ in self._rounds:
            round_.start()
        self._kept.upkeep.start()
        self._watchdog.start()
        self._instruments.start()
        self._pulse.start()

    def failed(self, told: Event) -> None:
        """Set ``told`` when the tree's root dies: nothing can mend that here."""
        self._root.on_death(lambda _down: told.set())

    def drain(self) -> None:
        """Take no new work, let what runs end within ``timeouts.drain``, say goodbye; blocks until then."""
        seconds = self.settings.timeouts.drain
        log.info("draining", seconds=seconds, connections=len(self.reception))
        self.reception.announce_drain(seconds)
        with gevent.Timeout(seconds, exception=False):
            while at_work(self.runtime):
                gevent.sleep(0.05)
        self.reception.dismiss()
        self._streams.dismiss()
        with gevent.Timeout(STOP_SECONDS, exception=False):
            while len(self.reception):
                gevent.sleep(0.02)

    def _expire_streams(self) -> None:
        self._streams.expire(self.reception.epoch() - self.settings.tokens.expiry_grace)

    def stop(self) -> None:
        """Stop everything; blocks for a bounded time."""
        self._http.stop(timeout=1)
        gevent.killall(self._rounds)
        self._kept.upkeep.stop()
        self._watchdog.stop()
        self._instruments.stop()
        self._pulse.stop()
        try:
            self.runtime.stop(timeout=STOP_SECONDS)
        except RuntimeFault as fault:
            log.warning("stop_incomplete", problem=str(fault))
        if self._library is not None:
            self._library.close()
        self._traces.close()
        self._kept.close()


def _every(seconds: float, work: Callable[[], None]) -> None:
    while True:
        gevent.sleep(seconds)
        try:
            work()
        except Exception:  # One bad connection, or a database in trouble, must not end the heartbeat of all.
            log.exception("round_failed")


def _faults(settings: Settings) -> Faults | None:
    plan = fault_plan(settings.faults)
    if plan is None:
        return None
    log.warning("faults_loaded", plan=str(settings.faults.plan), rules=len(plan.rules), budget=plan.budget)
    return Faults(plan)


def _library(settings: Settings) -> FolderLibrary | None:
    folder = documents_folder(settings)
    return None if folder is None else FolderLibrary(folder, settings.data_dir)


def _tool_labels(settings: Settings, agents: AgentCatalog) -> Callable[[str], str]:
    return tool_labels({tool.name for agent in agents.values() for tool in agent.tools}, settings.mcp)


def _heeding(tally: Tally, traces: Traces | Untraced) -> Callable[[str, Question], object]:
    def asked(run_id: str, question: Question) -> None:
        tally.asked(question)
        traces.asked(run_id, question)

    return asked


def _vitals(runtime: Runtime, kept: Kept, metrics: Metrics, tally: Tally, pulse: Pulse) -> Vitals:
    """Have everything measured that is shown, from now on."""
    kept.journal.on_committed += [metrics.delivery, tally]
    return Vitals(runtime, kept.journal, tally, metrics.delivery, pulse, lambda: kept.database.read(count_sessions))
