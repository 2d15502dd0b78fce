"""What is shown below the conversation while it goes on: the answer as it is written, and how things stand. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.cells import cell_len, chop_cells

from actors.session.events import (
    AgentCompleted,
    AgentStarted,
    Event,
    MessageDelta,
    Progress,
    ToolCompleted,
    ToolExecuting,
)
from server.client.answer import Answer
from server.commands.chat.lines import duration, plain, prose, waiting

if TYPE_CHECKING:
    from server.client import State

SPINNER = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"
TURNS_A_SECOND = 8

SHOWN_LINES = 12
"""How many lines of an unfinished answer are shown: the whole comes above when it is done."""


class Standing:
    """How the conversation stands, folded from what comes of it. Times are seconds of one clock, whichever."""

    def __init__(self) -> None:
        """Begin unconnected, with nothing to do."""
        self.retry_at: float | None = None
        self.line = "connecting"
        self.run_id: str | None = None
        self.stopping = False
        self._last: str | None = None
        self._answer = Answer()
        self._began = 0.0
        self._calls: dict[str, str] = {}
        self._waits_on = ""

    def connection(self, state: State, now: float) -> None:
        """Take how the client stands with the server."""
        self.line = "" if state.name == "connected" else state.name
        self.retry_at = now + state.seconds if state.name == "waiting" else None

    def attend(self, run_id: str, elapsed_ms: int, now: float) -> None:
        """Begin with a run that has been worked on for so long, unless its end was seen meanwhile."""
        if run_id != self._last:
            self._begin(run_id, self._answer if run_id == self.run_id else Answer(), now - elapsed_ms / 1000)

    def take(self, seen: Event | MessageDelta | Progress, now: float) -> None:
        """Take what was seen of a run."""
        if isinstance(seen, Event):
            self._follow(seen, now)
        elif isinstance(seen, Progress):
            self._began, self._waits_on = now - seen.elapsed_ms / 1000, waiting(seen.waiting_on)
        else:
            if self.run_id is None:
                self._begin(seen.run_id, Answer(), now)
            self._answer.extend(seen.offset, seen.text)
        if not isinstance(seen, Progress):
            self._waits_on = ""

    def _follow(self, event: Event, now: float) -> None:
        match event.data:
            case AgentStarted():
                self._begin(event.run_id, Answer(), now)
            case ToolExecuting(tool_call_id=call, tool=tool):
                self._calls[call] = tool
            case ToolCompleted(tool_call_id=call):
                self._calls.pop(call, None)
            case AgentCompleted():
                self.over()

    def _begin(self, run_id: str, answer: Answer, began: float) -> None:
        self.run_id, self._answer, self._began = run_id, answer, began
        self._calls, self._waits_on = {}, ""

    def over(self) -> None:
        """Nothing runs any more."""
        self._last, self.run_id, self.stopping = self.run_id, None, False

    def lines(self, now: float, width: int, queued: int) -> list[tuple[str, str]]:
        """Return what to show above the prompt: styles and lines, each with its end."""
        shown = [("", f"{each}\n") for each in self._written(width)]
        status = [part for part in (self._work(now), self._waiters(queued), self._link(now)) if part]
        if status:
            shown.append(("class:status", f"{cut('  ·  '.join(status), width)}\n"))
        return shown

    def _written(self, width: int) -> list[str]:
        if self.run_id is None or not self._answer.text:
            return []
        lines = [each for text in prose(self._answer.text).split("\n") for each in wrapped(text, width)]
        return lines[-SHOWN_LINES:]

    def _work(self, now: float) -> str:
        if self.run_id is None:
            return ""
        turn = SPINNER[int(now * TURNS_A_SECOND) % len(SPINNER)]
        doing = "stopping" if self.stopping else self._doing()
        return f"{turn} {doing}  {duration((now - self._began) * 1000)}"

    def _doing(self) -> str:
        if self._waits_on:
            return f"waits on {self._waits_on}"
        if self._calls:
            return f"using {plain(', '.join(self._calls.values()))}"
        return "writing" if self._answer.text else "working"

    def _waiters(self, queued: int) -> str:
        return f"{queued} queued" if queued else ""

    def _link(self, now: float) -> str:
        if self.retry_at is not None:
            return f"not connected, trying again in {max(0.0, self.retry_at - now):.0f} s"
        return {"draining": "the server is going away", "connecting": "connecting …"}.get(self.line, self.line)


def wrapped(text: str, width: int) -> list[str]:
    """Break a line where the terminal would."""
    return chop_cells(text, width) or [""]


def cut(text: str, width: int) -> str:
    """Cut a line to a width."""
    return text if cell_len(text) <= width else f"{chop_cells(text, width - 1)[0]}…"
