"""AG-UI: a run by one request, told in its answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import msgspec
from flask import Blueprint, request
from msgspec import Meta
from werkzeug.wrappers import Response

from actors.session.events import MessageAccepted, decode
from actors.session.journal import LogPruned
from actors.session.messages import After, Submit, Subscribe
from server.agui.narration import Narration
from server.agui.position import Position, position_of
from server.agui.stream import COMMAND, Stream, Unwilling
from server.agui.telling import Partial, Telling
from server.agui.threads import names_a_session, session_of_thread
from server.api.bodies import read
from server.api.callers import caller
from server.api.operations import EVENT_STREAM, operation
from server.api.sessions import make_session
from server.http.errors import Refused

if TYPE_CHECKING:
    from collections.abc import Iterator

    from actors.session.connection import Refusal
    from actors.session.journal import Journal
    from server.agui.streams import Streams
    from server.observability.traces import Traces
    from server.observability.tracing import Untraced
    from server.sockets.reception import Reception

READ_AT_ONCE = 200

HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
"""An answer that is kept or gathered on the way is no stream."""

STATUSES = {"not_found": 404, "forbidden": 403, "queue_full": 429, "rate_limited": 429, "internal": 503}
"""Of what a session refuses by a code; 409 for the others: something is in the way."""

Id = Annotated[str, Meta(min_length=1, max_length=128)]


class AgentMessage(msgspec.Struct, frozen=True):
    """A message of a conversation; ``content`` is a text, or a list of parts of which each is one."""

    role: str
    content: Any = None


class RunAgentInput(msgspec.Struct, frozen=True, rename="camel"):
    """What AG-UI's clients send. Of the messages the last one counts; what came before is in the session's log."""

    thread_id: Id
    run_id: Id
    messages: list[AgentMessage]
    forwarded_props: Any = None

    @property
    def agent(self) -> str | None:
        """Which agent is asked for, by ``forwardedProps.agent``."""
        agent = self.forwarded_props.get("agent") if isinstance(self.forwarded_props, dict) else None
        return agent if isinstance(agent, str) else None


def agui(journal: Journal, reception: Reception, streams: Streams, traces: Traces | Untraced) -> Blueprint:
    """Make the route of AG-UI."""
    routes = Blueprint("agui", __name__)

    @routes.post("/v1/agui")
    @operation(
        "Send a message as AG-UI has it, and have its run told",
        bearer=True,
        body=RunAgentInput,
        answers={200: EVENT_STREAM},
        refusals=(400, 404, 409, 413, 429, 503),
    )
    def run() -> Response:
        who = caller(reception)
        if reception.draining:
            raise Refused(503, "draining", "The server is going away.", retry_after_ms=1000)
        order = read(RunAgentInput, request.get_data())
        start = _start(request.headers.get("Last-Event-ID"))
        stream = Stream(
            reception.root, who.claims, who.account, session_of_thread(who.account.user_id, order.thread_id)
        )
        traces.announce(stream.subscription.session_id, order.run_id, request.headers.get("traceparent"))
        if not streams.admit(stream):
            reception.metrics.limits["limits.connections_per_user"].inc()
            raise Refused(429, "rate_limited", "The account has as many streams as it may have.", retry_after_ms=1000)
        try:
            return _told(journal, reception, streams, stream, order, start)
        except BaseException:
            stream.end()
            streams.forget(stream)
            raise

    return routes


def _told(
    journal: Journal,
    reception: Reception,
    streams: Streams,
    stream: Stream,
    order: RunAgentInput,
    start: Position | None,
) -> Response:
    try:
        run_id, partial, epoch = _begun(journal, reception, stream, order, start)
    except Unwilling as unwilling:
        raise _refused(unwilling.refusal) from unwilling
    narration = Narration(order.thread_id, order.run_id, epoch, start)
    heartbeat = reception.settings.timeouts.ping_interval
    telling = Telling(stream, narration, run_id, partial, streams, heartbeat)
    return Response(telling, headers=HEADERS, content_type=EVENT_STREAM, direct_passthrough=True)


def _begun(
    journal: Journal, reception: Reception, stream: Stream, order: RunAgentInput, start: Position | None
) -> tuple[str, Partial, str]:
    """Have the run begin, or find the one that did; return its id of ours, what is written, and the log's epoch."""
    user_id, session_id = stream.account.user_id, stream.subscription.session_id
    claim = journal.claimed(user_id, order.run_id)
    if claim is None or not claim.committed:
        if start is not None:
            raise Refused(404, "not_found", "There is no such run to go on with.")
        text = _text(order, reception.settings.limits.message_bytes)
        if journal.find(session_id) is None and not names_a_session(order.thread_id):
            make_session(journal, reception, user_id, session_id, "")
        roles = stream.account.roles
        accepted = stream.command(
            Submit(stream.subscription, COMMAND, text, order.run_id, order.agent, "enqueue", "keep", roles)
        )
        claimed_in, run_id = accepted["session_id"], accepted["run_id"]
        if not accepted["duplicate"]:
            record = journal.find(session_id)
            assert record is not None
            return run_id, Partial(0, ""), record.epoch
    else:
        claimed_in, run_id = claim.session_id, claim.run_id
    if claimed_in != session_id:
        raise Refused(409, "conflict", "This runId is another thread's.")
    return _joined(journal, stream, run_id, start)


def _joined(journal: Journal, stream: Stream, run_id: str, start: Position | None) -> tuple[str, Partial, str]:
    """Watch a run that has begun from its first event on: the telling leaves out what the client has."""
    session_id = stream.subscription.session_id
    record = journal.find(session_id)
    if record is None:
        raise Refused(404, "not_found", "There is no such thread.")
    if start is not None and (start.epoch != record.epoch or start.seq > record.head_seq):
        raise Refused(409, "conflict", "The Last-Event-ID is of another log. Ask without it.")
    first = _first_seq(journal, session_id, run_id, record.head_seq)
    standing = stream.command(Subscribe(stream.subscription, COMMAND, After(record.epoch, first - 1)))
    if not standing["recovered"]:
        raise _pruned()
    partial = standing["partial"]
    written = partial["text"] if partial is not None and partial["run_id"] == run_id else ""
    return run_id, Partial(standing["head_seq"], written), record.epoch


def _first_seq(journal: Journal, session_id: str, run_id: str, head_seq: int) -> int:
    """Return the seq of a run's ``message_accepted``, looked for from the end of the log; blocks while that is read."""
    for entry in map(decode, _backwards(journal, session_id, head_seq)):
        if entry.run_id == run_id and isinstance(entry.data, MessageAccepted):
            return entry.seq
    raise _pruned()


def _backwards(journal: Journal, session_id: str, head_seq: int) -> Iterator[bytes]:
    while head_seq > 0:
        after = max(0, head_seq - READ_AT_ONCE)
        try:
            yield from reversed(journal.read(session_id, after, head_seq - after))
        except LogPruned:
            return
        head_seq = after


def _start(last_event_id: str | None) -> Position | None:
    if not last_event_id:
        return None
    start = position_of(last_event_id)
    if start is None:
        raise Refused(400, "bad_request", "The Last-Event-ID is none of ours.")
    return start


def _text(order: RunAgentInput, most_bytes: int) -> str:
    """Return what the person says.

    Raises:
        Refused: the last message isn't a person's, has no text, or too much of it.
    """
    last = order.messages[-1] if order.messages else None
    if last is None or last.role != "user":
        raise Refused(400, "bad_request", "The last message must be the user's; tools of clients aren't called here.")
    text = last.content if isinstance(last.content, str) else "\n".join(_texts(last.content))
    if not text:
        raise Refused(400, "bad_request", "The last message has no text.")
    if len(text.encode("utf-8", "replace")) > most_bytes:
        raise Refused(413, "too_large", "The message is larger than this server takes.")
    return text


def _texts(parts: Any) -> Iterator[str]:
    for part in parts if isinstance(parts, list) else [None]:
        text = part.get("text") if isinstance(part, dict) and part.get("type") == "text" else None
        if not isinstance(text, str):
            raise Refused(400, "bad_request", "A message is a text, or parts that are texts.")
        yield text


def _pruned() -> Refused:
    return Refused(404, "not_found", "The beginning of that run isn't kept any more.")


def _refused(refusal: Refusal) -> Refused:
    return Refused(STATUSES.get(refusal.code, 409), refusal.code, refusal.message, refusal.retry_after_ms)
