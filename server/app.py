"""The composition root: builds a server from its settings, runs it, and ends it well."""

from __future__ import annotations

import os
import resource
import signal
import socket
from functools import partial
from typing import TYPE_CHECKING, Any

import gevent
import structlog
from gevent.event import Event

from actors.mcp.offer import Offer
from actors.mcp.supervisor import Servers
from actors.runtime.errors import RuntimeFault
from actors.runtime.faults import Faults
from actors.runtime.injection import strike_point
from actors.runtime.runtime import Runtime
from actors.runtime.specs import ChildSpec
from actors.runtime.watchdog import Watchdog
from actors.session.environment import Environment
from actors.session.messages import Describe, TakeUp
from actors.session.root import Root
from actors.session.session import Session
from actors.session.staff import INTERNAL_MAILBOX
from actors.tools.library import Library
from actors.tools.notebook import Notebook
from server.agui.streams import Streams
from server.api.application import application
from server.collector import Collector
from server.documents import documents_folder
from server.http.listener import HttpServer
from server.http.proxies import Proxies
from server.http.upgrade import Upgrade
from server.http.visitors import Visitors
from server.identity.accounts import Accounts
from server.identity.demo import seed_demo
from server.identity.jwks import Keys
from server.identity.key import load_key
from server.identity.outside import OutsideTokens
from server.identity.tokens import Tokens
from server.journal.archive import count_sessions
from server.journal.retention import Keep
from server.journal.sqlite import SQLiteJournal
from server.journal.upkeep import Upkeep
from server.library.library import FolderLibrary, NoLibrary
from server.notebook import SQLiteNotebook
from server.observability.labels import tool_labels
from server.observability.metrics import Metrics
from server.observability.pulse import Pulse
from server.observability.tally import Tally
from server.observability.tracing import Untraced, tracing
from server.observability.vitals import Vitals
from server.offer import catalog, default_agent
from server.ops.instruments import Instruments
from server.plans import fault_plan
from server.policies import restart_policies
from server.sockets.reception import Reception
from server.storage.database import FILE_NAME, open_database
from server.storage.lock import Lock
from server.tls import tls_context

if TYPE_CHECKING:
    from collections.abc import Callable

    from actors.agents.registry import AgentCatalog
    from actors.agents.turn import Question
    from actors.session.journal import Journal
    from actors.tools.lending import Resources
    from config.limits import Limits
    from config.settings import Settings
    from server.observability.traces import Traces
    from server.storage.database import Database

log = structlog.get_logger(__name__)

BACKLOG = 1024
SWEEP_SECONDS = 1.0
PRUNE_SECONDS = 3600.0
STOP_SECONDS = 5.0
OTHER_FILES = 256
"""How many files the process opens beside its connections."""


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
        self._lock = Lock(settings.data_dir)
        self._database = open_database(settings.data_dir)
        accounts = Accounts(self._database)
        if settings.demo:
            seed_demo(accounts)
        tokens = _tokens(settings, self._database, accounts)
        self.runtime = Runtime()
        self.runtime.faults = _faults(settings)  # Before anything is struck: a plan may be about the first start.
        kept, strike = settings.journal, partial(strike_point, self.runtime, "journal")
        self.journal = SQLiteJournal(settings.data_dir / FILE_NAME, self.runtime.clock, kept.sync, strike)
        self._upkeep = Upkeep(self.journal, Keep(kept.keep_days, kept.keep_events), PRUNE_SECONDS, strike)
        secured = tls_context(settings.tls)
        # After all that a data directory may refuse, and before there are actors: nothing is left open where it fails.
        self._listener = _listen(settings.host, settings.port)
        self._library = _library(settings)
        resources: Resources = {Library: self._library or NoLibrary(), Notebook: SQLiteNotebook(self._database)}
        tally, self._traces = Tally(_tool_labels(settings, agents)), tracing()
        asked = _heeding(tally, self._traces)
        environment = _environment(settings, agents, self.journal, accounts, resources, asked)
        if environment.providers:
            # Before the sessions, and so stopped after them: their calls end first.
            args = (environment.providers, environment.policies.mcp)
            self.runtime.supervise(ChildSpec("mcp", Servers, args))
        root = self.runtime.supervise(ChildSpec("root", Root, (environment,), mailbox=INTERNAL_MAILBOX))
        metrics = Metrics()
        self._pulse = Pulse()
        metrics.show(_vitals(self.runtime, self.journal, self._database, metrics, tally, self._pulse))
        if not isinstance(self._traces, Untraced):
            self.journal.on_committed.append(self._traces)
        self.reception = Reception(settings, accounts, tokens, self.journal, root, metrics)
        metrics.watch("connections", "Open WebSockets", self.reception.__len__)
        self._instruments = Instruments(self.runtime, self.journal, self.reception, tally, self._pulse)
        self._streams = Streams(settings.limits.connections_per_user)
        tokens.on_revoked.append(self._streams.revoke)
        metrics.watch("agui_streams", "Open streams of AG-UI", self._streams.__len__)
        app = application(
            self.runtime,
            self.journal,
            accounts,
            tokens,
            self.reception,
            self._instruments,
            self._streams,
            self._traces,
        )
        proxies = Proxies(settings.trusted_proxies)
        visitors = Visitors(settings.limits, proxies, metrics)
        metrics.watch("http_connections", "Connections that are still HTTP", visitors.__len__)
        self._http = HttpServer(self._listener, app, Upgrade, self.reception, visitors, proxies, secured)
        works = (self.reception.sweep, tokens.follow, self._expire_streams)
        self._rounds = [gevent.Greenlet(_every, SWEEP_SECONDS, work) for work in works]
        self._watchdog = Watchdog(self.runtime)
        self._tokens = tokens
        self._root = root

    @property
    def url(self) -> str:
        """Where a browser finds the server."""
        host, port = self._listener.getsockname()[:2]
        scheme = "http" if self.settings.tls.certificate is None else "https"
        return f"{scheme}://[{host}]:{port}" if ":" in host else f"{scheme}://{host}:{port}"

    def start(self) -> None:
        """Take up the work that an earlier process left, and take connections."""
        unfinished = self.journal.unfinished()
        if unfinished:
            log.info("taking_up", sessions=len(unfinished))
            self._root.tell(TakeUp(tuple(unfinished)))
        self._tokens.follow()
        if self._library is not None:
            self._library.start()
        self._http.start()
        for round_ in self._rounds:
            round_.start()
        self._upkeep.start()
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
            while self._running():
                gevent.sleep(0.05)
        self.reception.dismiss()
        self._streams.dismiss()
        with gevent.Timeout(STOP_SECONDS, exception=False):
            while len(self.reception):
                gevent.sleep(0.02)

    def _expire_streams(self) -> None:
        self._streams.expire(self.reception.epoch() - self.settings.tokens.expiry_grace)

    def _running(self) -> bool:
        sessions = [ref for ref in self.runtime.refs() if ref.actor_class is Session]
        return any(_describe(session) == "running" for session in sessions)

    def stop(self) -> None:
        """Stop everything; blocks for a bounded time."""
        self._http.stop(timeout=1)
        gevent.killall(self._rounds)
        self._upkeep.stop()
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
        self.journal.close()
        self._database.close()
        self._lock.release()


def _every(seconds: float, work: Callable[[], None]) -> None:
    while True:
        gevent.sleep(seconds)
        try:
            work()
        except Exception:  # One bad connection, or a database in trouble, must not end the heartbeat of all.
            log.exception("round_failed")


def serve(settings: Settings) -> int:
    """Run a server until a signal; return the exit status: 0 after a drain, 1 where the tree failed."""
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


def _tokens(settings: Settings, database: Database, accounts: Accounts) -> Tokens:
    key = load_key(settings.data_dir)
    if settings.tokens.jwks_url is None:
        return Tokens(database, key, settings.tokens)
    return OutsideTokens(database, key, settings.tokens, accounts, Keys(settings.tokens.jwks_url))


def _faults(settings: Settings) -> Faults | None:
    plan = fault_plan(settings.faults)
    if plan is None:
        return None
    log.warning("faults_loaded", plan=str(settings.faults.plan), rules=len(plan.rules), budget=plan.budget)
    return Faults(plan)


def _library(settings: Settings) -> FolderLibrary | None:
    folder = documents_folder(settings)
    return None if folder is None else FolderLibrary(folder, settings.data_dir)


def _environment(
    settings: Settings,
    agents: AgentCatalog,
    journal: Journal,
    accounts: Accounts,
    resources: Resources,
    asked: Callable[[str, Question], object],
) -> Environment:
    def roles_of(user_id: str) -> tuple[str, ...]:
        account = accounts.by_id(user_id)
        return () if account is None else account.roles

    return Environment(
        journal,
        agents,
        default_agent(settings, agents),
        roles_of,
        asked,
        resources,
        run_timeout=settings.timeouts.run,
        tool_timeout=settings.timeouts.tool,
        idle_session=settings.timeouts.idle_session,
        queued_messages=settings.limits.queued_messages,
        sessions_per_user=settings.limits.sessions_per_user,
        policies=restart_policies(settings.restart),
        providers=tuple(Offer(name, server) for name, server in settings.mcp.items()),
    )


def _tool_labels(settings: Settings, agents: AgentCatalog) -> Callable[[str], str]:
    return tool_labels({tool.name for agent in agents.values() for tool in agent.tools}, settings.mcp)


def _heeding(tally: Tally, traces: Traces | Untraced) -> Callable[[str, Question], object]:
    def asked(run_id: str, question: Question) -> None:
        tally.asked(question)
        traces.asked(run_id, question)

    return asked


def _vitals(
    runtime: Runtime, journal: SQLiteJournal, database: Database, metrics: Metrics, tally: Tally, pulse: Pulse
) -> Vitals:
    """Have everything measured that is shown, from now on."""
    journal.on_committed += [metrics.delivery, tally]
    return Vitals(runtime, journal, tally, metrics.delivery, pulse, lambda: database.read(count_sessions))


def _listen(host: str, port: int) -> socket.socket:
    """Return a listening socket whose connections inherit TCP_NODELAY: without it a turn waits 40 ms for an ACK."""
    family, kind, number, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    listener = socket.socket(family, kind, number)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    listener.bind(address)
    listener.listen(BACKLOG)
    return listener


def _describe(session: Any) -> str:
    try:
        return str(session.ask(Describe(), timeout=1.0))
    except RuntimeFault:
        return "idle"
