"""Runs as traces of OpenTelemetry, by the conventions for generative AI: the extra ``greenroom[otel]``.

::

    invoke_agent <agent>       one an attempt; a later attempt is below the first one and linked to the one before
     ├─ chat <model>           one a question to a model
     └─ execute_tool <tool>    one a tool call

They are made of what is committed to the logs, so that whatever crashes on the way, a span ends as the log says. What
people and models wrote isn't in them.

The library makes and encodes the spans; `server.observability.outbox` sends them. The library's own sender has
its thread begun anew in each child of a fork. Here that is a greenlet: the child, instead of becoming a command, ran
the server a second time on the same log.
"""

from __future__ import annotations

import logging
import os
import time
from collections import OrderedDict
from dataclasses import dataclass, field
from itertools import chain
from typing import TYPE_CHECKING, Any

from msgspec import UNSET
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import SERVICE_NAME, SERVICE_VERSION, Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.trace import Link, SpanKind, Status, StatusCode, set_span_in_context
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from actors.session.events import (
    AgentCompleted,
    AgentRestarted,
    AgentStarted,
    MessageAccepted,
    MessageDequeued,
    ToolCompleted,
    ToolExecuting,
)
from config.version import VERSION
from server.observability.outbox import Outbox

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from opentelemetry.context import Context
    from opentelemetry.trace import Span

    from actors.agents.turn import Question
    from actors.session.events import Event
    from actors.session.journal import Batch

MOST_KEPT = 10_000
"""How many runs, and messages that are announced, are remembered at most."""

FAILED = frozenset({"error", "timed_out"})
"""The outcomes that are errors; a cancel is somebody's wish."""


@dataclass(slots=True)
class _Run:
    """The spans of a run: that of the attempt under way, those of its tool calls, and where the run came from."""

    parent: Context | None = None
    first: Span | None = None
    attempt: Span | None = None
    tools: dict[str, Span] = field(default_factory=dict)


class Traces:
    """Follows all runs. It is called with what each commit put on record."""

    def __init__(self) -> None:
        """Send to where the standard variables say (``OTEL_EXPORTER_OTLP_ENDPOINT`` and its kin)."""
        logging.getLogger("opentelemetry").setLevel(logging.CRITICAL)  # The outbox says it, once and in one line.
        self._outbox = Outbox(OTLPSpanExporter())
        self._provider = _Provider(resource=_resource(), shutdown_on_exit=False)
        self._provider.add_span_processor(self._outbox)
        self._tracer = self._provider.get_tracer("greenroom", VERSION)
        self._propagator = TraceContextTextMapPropagator()
        self._runs: OrderedDict[str, _Run] = OrderedDict()
        self._announced: OrderedDict[tuple[str, str], Context] = OrderedDict()

    def announce(self, session_id: str, client_msg_id: str, traceparent: str | None) -> None:
        """Have the run of a message that is about to come belong to the trace that its request names, if it does."""
        if traceparent is not None:
            context = self._propagator.extract({"traceparent": traceparent})
            _keep(self._announced, (session_id, client_msg_id), context)

    def __call__(self, appends: Sequence[Batch]) -> None:
        """Follow the appends of a commit."""
        for entry in chain.from_iterable(appends):
            follow = _FOLLOWERS.get(type(entry.event.data))
            if follow is not None:
                follow(self, entry.event, entry.event.data)

    def asked(self, run_id: str, question: Question) -> None:
        """Make the span of a question to a model, which is over."""
        run = self._runs.get(run_id)
        if run is None or run.attempt is None:
            return
        now = time.time_ns()
        attributes = {
            "gen_ai.operation.name": "chat",
            "gen_ai.request.model": question.model,
            "gen_ai.usage.input_tokens": question.input_tokens,
            "gen_ai.usage.output_tokens": question.output_tokens,
        }
        began = now - round(question.seconds * 1e9)
        span = self._begin(f"chat {question.model}", attributes, began, run.attempt, SpanKind.CLIENT)
        _end(span, now, question.error)

    def close(self) -> None:
        """End what isn't over and send what is left; blocks for a bounded time."""
        for run in self._runs.values():
            for span in (*run.tools.values(), run.attempt):
                if span is not None:
                    _end(span, time.time_ns(), "server_stopped")
        self._outbox.close()

    # What the log says.

    def _accepted(self, event: Event, data: MessageAccepted) -> None:
        parent = self._announced.pop((event.session_id, data.client_msg_id or ""), None)
        if parent is not None:
            _keep(self._runs, event.run_id, _Run(parent))

    def _started(self, event: Event, data: AgentStarted) -> None:
        run = self._runs.get(event.run_id)
        if run is None:
            run = _Run()
            _keep(self._runs, event.run_id, run)
        attributes = {
            "gen_ai.operation.name": "invoke_agent",
            "gen_ai.agent.name": data.agent,
            "gen_ai.conversation.id": event.session_id,
            "greenroom.run.id": event.run_id,
            "greenroom.attempt": data.attempt,
        }
        links = [Link(run.attempt.get_span_context())] if run.attempt is not None else []
        run.attempt = self._begin(
            f"invoke_agent {data.agent}", attributes, _ns(event), run.first, parent=run.parent, links=links
        )
        run.first = run.first or run.attempt

    def _executing(self, event: Event, data: ToolExecuting) -> None:
        run = self._runs.get(event.run_id)
        if run is None:
            return
        attributes = {
            "gen_ai.operation.name": "execute_tool",
            "gen_ai.tool.name": data.tool,
            "gen_ai.tool.call.id": data.tool_call_id,
            "gen_ai.tool.type": "function",
        }
        run.tools[data.tool_call_id] = self._begin(f"execute_tool {data.tool}", attributes, _ns(event), run.attempt)

    def _tool_completed(self, event: Event, data: ToolCompleted) -> None:
        run = self._runs.get(event.run_id)
        span = None if run is None else run.tools.pop(data.tool_call_id, None)
        if span is not None:
            _end(span, _ns(event), None if data.error is UNSET else data.error.code)

    def _restarted(self, event: Event, _: AgentRestarted) -> None:
        run = self._runs.get(event.run_id)
        if run is not None and run.attempt is not None:
            _end(run.attempt, _ns(event), "agent_crashed")

    def _completed(self, event: Event, data: AgentCompleted) -> None:
        run = self._runs.pop(event.run_id, None)
        if run is None or run.attempt is None:
            return
        run.attempt.set_attribute("greenroom.outcome", data.outcome)
        if data.usage is not UNSET:
            run.attempt.set_attribute("gen_ai.usage.input_tokens", data.usage.input_tokens)
            run.attempt.set_attribute("gen_ai.usage.output_tokens", data.usage.output_tokens)
        error = data.outcome if data.error is UNSET else data.error.code
        _end(run.attempt, _ns(event), error if data.outcome in FAILED else None)

    def _dequeued(self, event: Event, _: MessageDequeued) -> None:
        self._runs.pop(event.run_id, None)

    def _begin(
        self,
        name: str,
        attributes: Mapping[str, Any],
        at_ns: int,
        below: Span | None,
        kind: SpanKind = SpanKind.INTERNAL,
        *,
        parent: Context | None = None,
        links: Sequence[Link] = (),
    ) -> Span:
        """Begin a span below another one; where there is none, below ``parent``, or as the first of a trace."""
        context = parent if below is None else set_span_in_context(below)
        return self._tracer.start_span(name, context, kind, attributes, links, at_ns)


_FOLLOWERS: dict[type, Callable[[Traces, Event, Any], None]] = {
    MessageAccepted: Traces._accepted,  # noqa: SLF001 - the table of this module's own handlers
    MessageDequeued: Traces._dequeued,  # noqa: SLF001
    AgentStarted: Traces._started,  # noqa: SLF001
    ToolExecuting: Traces._executing,  # noqa: SLF001
    ToolCompleted: Traces._tool_completed,  # noqa: SLF001
    AgentRestarted: Traces._restarted,  # noqa: SLF001
    AgentCompleted: Traces._completed,  # noqa: SLF001
}


class _Provider(TracerProvider):
    """The library's, but for what it does in each child of a fork: it starts threads there."""

    def _handle_fork(self) -> None:
        """Do nothing: a child of this process becomes another program at once."""


def _resource() -> Resource:
    named = "OTEL_SERVICE_NAME" in os.environ or SERVICE_NAME in os.environ.get("OTEL_RESOURCE_ATTRIBUTES", "")
    return Resource.create({SERVICE_VERSION: VERSION} | ({} if named else {SERVICE_NAME: "greenroom"}))


def _end(span: Span, at_ns: int, error: str | None) -> None:
    if error is not None:
        span.set_attribute("error.type", error)
        span.set_status(Status(StatusCode.ERROR))
    span.end(at_ns)


def _keep(kept: OrderedDict[Any, Any], key: Any, value: Any) -> None:
    kept[key] = value
    if len(kept) > MOST_KEPT:
        kept.popitem(last=False)


def _ns(event: Event) -> int:
    return event.ts * 1_000_000
