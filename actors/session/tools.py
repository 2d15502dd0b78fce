"""Who calls tools: a supervisor with one short-lived actor for each call, side by side.

A call's begin and end are told to the emitter here and nowhere else, so whatever becomes of a tool (it returns,
raises, dies, hangs), its ``tool_executing`` gets its ``tool_completed``.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import msgspec

from actors.runtime.actor import Actor, Reply, receives
from actors.runtime.restarts import Restart
from actors.runtime.specs import ChildSpec
from actors.runtime.supervisor import Supervisor
from actors.session.alarm import Alarm
from actors.session.events import Fault, ToolCompleted, ToolExecuting
from actors.session.identifiers import new_id
from actors.session.log_context import RUN_ID, name_in_logs
from actors.session.messages import AbortRun, AlarmRang, CallTool, Emit, Execute, Raised, Returned
from actors.session.turn import written
from actors.tools.errors import BadArguments, ToolFailed
from actors.tools.lending import ToolUser
from actors.tools.masking import masked
from actors.tools.performing import perform

if TYPE_CHECKING:
    from actors.runtime.reasons import ExitReason
    from actors.runtime.ref import ActorRef
    from actors.session.environment import Environment
    from actors.tools.tool import Tool


class Call(msgspec.Struct, eq=False):
    """A tool call under way, from ``since`` to ``until`` at the latest, in seconds on the runtime's clock."""

    call_id: str
    order: CallTool
    reply: Reply[Any] | None
    since: float
    until: float = math.inf


class ToolActor(Actor):
    """Does one call and ends."""

    @receives(Execute)
    def _on_execute(self, order: Execute) -> None:
        """Call the tool; blocks as long as it does."""
        name_in_logs(self.address, self.incarnation)
        RUN_ID.set(order.run_id)
        try:
            value = perform(order.tool, order.arguments, order.user, order.resources)
            outcome: Returned | Raised = Returned(order.call_id, value)
        except Exception as error:  # noqa: BLE001 - a tool may raise what it likes; that is its answer
            outcome = Raised(order.call_id, error)
        order.tools.tell(outcome)
        self.stop()


class Tools(Supervisor):
    """Starts, times and ends the tool calls of one session."""

    dynamic = True

    def __init__(self, environment: Environment, user_id: str, emitter: ActorRef[Any]) -> None:
        """Begin with no call."""
        self._environment = environment
        self._user = ToolUser(user_id)
        self._emitter = emitter
        self._clock = self.runtime.clock
        self._alarm = Alarm(self)
        self._calls: dict[str, Call] = {}

    @receives(CallTool)
    def _on_call(self, order: CallTool) -> None:
        call = Call(new_id("tc", self.runtime.random), order, self.defer(), self._clock.monotonic())
        self._calls[call.call_id] = call
        tool = self._environment.find_tool(order.agent, order.tool)
        shown, _ = masked(order.arguments, () if tool is None else tool.secret)
        executing = ToolExecuting(call.call_id, order.tool, shown, order.step)
        try:
            work = self._prepare(call, tool)
        except ToolFailed as failure:
            self._emit(call, executing)
            self._complete(call, Fault(failure.code, failure.message))
            return
        self._begin(call, executing, work)

    def _begin(self, call: Call, executing: ToolExecuting, work: Execute) -> None:
        call.until = call.since + (self._environment.tool_timeout if work.tool.timeout is None else work.tool.timeout)
        self._alarm.ring_by(call.until, call.since)
        actor = self.start_child(ChildSpec(call.call_id, ToolActor, restart=Restart.TEMPORARY, shutdown=0))
        if work.tool.idempotent:
            self._emit(call, executing)
            actor.tell(work)
        else:
            # On record before it is done: a retry must know that it may have happened.
            self._emit(call, executing, then=(actor, work))

    def _prepare(self, call: Call, tool: Tool | None) -> Execute:
        order = call.order
        if tool is None:
            raise ToolFailed("not_found", f"There is no tool {order.tool!r}.", tool=order.tool)
        if tool.roles and not set(tool.roles) & set(order.roles):
            raise ToolFailed("forbidden", f"The tool {tool.name!r} isn't for this account.", tool=tool.name)
        if order.problem is not None:
            raise ToolFailed("bad_arguments", order.problem, tool=tool.name)
        try:
            arguments = tool.bind(order.arguments)
        except BadArguments as bad:
            raise ToolFailed("bad_arguments", str(bad), tool=tool.name) from bad
        if order.roles != self._user.roles:
            self._user = ToolUser(self._user.user_id, order.roles)
        resources = self._environment.resources
        return Execute(call.call_id, order.run_id, tool, arguments, self._user, resources, self.actor_ref)

    @receives(Returned)
    def _on_returned(self, message: Returned) -> None:
        call = self._calls.get(message.call_id)
        if call is not None:
            self._complete(call, None, message.value)

    @receives(Raised)
    def _on_raised(self, message: Raised) -> None:
        call = self._calls.get(message.call_id)
        if call is None:
            return
        error = message.error
        if isinstance(error, ToolFailed):
            self._complete(call, Fault(written(str(error.code)), written(str(error.message))))
        else:
            self.log.warning("tool_failed", tool=call.order.tool, error_type=type(error).__name__)
            self._complete(call, Fault("failed", f"The tool failed ({type(error).__name__})."))

    @receives(AlarmRang)
    def _on_alarm(self, _: AlarmRang) -> None:
        self._alarm.rang()
        now = self._clock.monotonic()
        for call in [call for call in self._calls.values() if call.until <= now]:
            self._complete(call, Fault("timeout", "The tool took too long and was stopped."))
            self._end(call)
        if self._calls:
            self._alarm.ring_by(min(call.until for call in self._calls.values()), now)

    @receives(AbortRun)
    def _on_abort(self, message: AbortRun) -> None:
        for call in [call for call in self._calls.values() if call.order.run_id == message.run_id]:
            self._complete(call, Fault("cancelled", "The run ended before the tool did."))
            self._end(call)

    def child_exited(self, child_id: str, reason: ExitReason, _retry_in: float | None) -> None:
        """Answer for a tool that died before it could; what one that ended well has said is still in the mailbox."""
        call = self._calls.get(child_id)
        if call is not None and not reason.clean:
            self.log.warning("tool_crashed", tool=call.order.tool, reason=reason.summary)
            self._complete(call, Fault("crashed", "The tool crashed."))

    def _end(self, call: Call) -> None:
        if self.has_child(call.call_id):
            self.kill_child(call.call_id)

    def _complete(self, call: Call, fault: Fault | None, value: Any = None) -> None:
        del self._calls[call.call_id]
        duration_ms = round((self._clock.monotonic() - call.since) * 1000)
        tool = call.order.tool
        if fault is None:
            shown, cut = masked(value)
            self._emit(call, ToolCompleted.succeeded(call.call_id, tool, duration_ms, shown, truncated=cut))
        else:
            self._emit(call, ToolCompleted.failed(call.call_id, tool, duration_ms, fault))
        if call.reply is None:
            return
        if fault is None:
            call.reply.set(value)
        else:
            call.reply.fail(ToolFailed(fault.code, fault.message, tool=tool))

    def _emit(self, call: Call, data: Any, then: Any = None) -> None:
        self._emitter.tell(Emit(call.order.run_id, data, call.order.attempt, then))
