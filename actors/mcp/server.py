"""One MCP server: an actor that owns the connection, and fails with it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from actors.mcp.errors import McpLost, McpSilent
from actors.mcp.process import Ended, Process
from actors.mcp.wire import Answered, CallRemote, CancelRemote, Listed, ListTools, Lost, Open, Refused
from actors.runtime.actor import Actor, Reply, receives
from actors.tools.errors import ToolFailed

if TYPE_CHECKING:
    from actors.mcp.offer import Offer
    from actors.runtime.clock import Timer
    from actors.runtime.reasons import ExitReason

END_SECONDS = 3.0
"""How long a server's process has to end by itself, and to end the server's command."""


class Look(NamedTuple):
    """It is time to see whether the server answers."""


class Overdue(NamedTuple):
    """The server has answered nothing for too long."""

    seconds: float


class Server(Actor):
    """Starts a connection and makes calls over it, side by side. While there is none, calls fail at once.

    Whatever ends the connection ends this life; the supervisor begins the next. That the server still answers is seen
    by asking for its tools, as often as a call may last, and whenever nobody waits for a call any more.
    """

    def __init__(self, offer: Offer) -> None:
        """Begin without a connection."""
        self._offer = offer
        self._calls: dict[int, Reply[Any]] = {}
        self._process: Process | None = None
        self._ready = False
        self._patience: Timer | None = None

    def on_start(self) -> None:
        """Begin to connect, which may take as long as ``start_timeout`` says; others don't wait for it."""
        settings = self._offer.settings
        self._offer.server = self.actor_ref
        self._process = Process(self._offer.name, opened(self._offer), self.mailer(lambda news: news))
        self._expect_answer(settings.start_timeout)

    def on_terminate(self, reason: ExitReason) -> None:
        """End the process and what it has started; blocks until they are gone."""
        if self._process is not None:
            self._process.end(END_SECONDS)
        super().on_terminate(reason)

    # Calls.

    @receives(CallRemote)
    def _on_call(self, order: CallRemote) -> None:
        reply = self.defer()
        if reply is None:
            return
        if not self._ready:
            reply.fail(self._offer.unavailable())
            return
        self._calls[order.number] = reply
        self._send(order)

    @receives(CancelRemote)
    def _on_cancel(self, order: CancelRemote) -> None:
        if self._calls.pop(order.number, None) is not None:
            self._send(order)
            self._look()

    @receives(Answered)
    def _on_answered(self, answer: Answered) -> None:
        reply = self._calls.pop(answer.number, None)
        if reply is not None:
            reply.set(answer.value)

    @receives(Refused)
    def _on_refused(self, refusal: Refused) -> None:
        reply = self._calls.pop(refusal.number, None)
        if reply is not None:
            reply.fail(ToolFailed(refusal.code, refusal.message))

    # The connection.

    @receives(Listed)
    def _on_listed(self, listed: Listed) -> None:
        self._offer.replace(listed.tools)
        if not self._ready:
            self._ready = True
            self.log.info("mcp_ready", server=self._offer.name, tools=len(listed.tools))
            if listed.unfit:
                self.log.warning("mcp_tools_unfit", server=self._offer.name, tools=listed.unfit)
        if self._patience is not None:
            self._patience.cancel()
            self._patience = None
            self.send_after(self._offer.settings.timeout, Look())

    @receives(Look)
    def _on_look(self, _: Look) -> None:
        self._look()

    @receives(Lost)
    def _on_lost(self, lost: Lost) -> None:
        raise McpLost(lost.reason)

    @receives(Ended)
    def _on_ended(self, _: Ended) -> None:
        raise McpLost("the process that talks to it ended")

    @receives(Overdue)
    def _on_overdue(self, overdue: Overdue) -> None:
        raise McpSilent(f"nothing came for {overdue.seconds:g} s")

    def _look(self) -> None:
        if self._ready and self._patience is None:
            self._send(ListTools())
            self._expect_answer(self._offer.settings.timeout)

    def _expect_answer(self, seconds: float) -> None:
        self._patience = self.send_after(seconds, Overdue(seconds))

    def _send(self, order: CallRemote | CancelRemote | ListTools) -> None:
        assert self._process is not None
        self._process.send(order)


def opened(offer: Offer) -> Open:
    """Return the order to connect, with the secrets in the clear."""
    settings = offer.settings
    env = {name: value.get_secret_value() for name, value in settings.env.items()}
    headers = {name: value.get_secret_value() for name, value in settings.headers.items()}
    return Open(settings.command or (), env, settings.url or "", headers)
