"""What the runs of all users came to, by what was committed of them."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from msgspec import UNSET

from actors.session.events import (
    AgentCompleted,
    AgentRestarted,
    AgentStarted,
    MessageAccepted,
    MessageDequeued,
    ToolCompleted,
)
from server.observability.histogram import Histogram

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from actors.agents.turn import Question
    from actors.session.journal import Batch

WAITS = (0.001, 0.01, 0.1, 0.5, 1.0, 5.0, 15.0, 60.0, 300.0)
DURATIONS = (0.005, 0.025, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0)
"""The bounds of histograms, in seconds: waiting in the queue; working, of runs and tools."""


class Tally:
    """Counts events, runs, tool calls and tokens. It is called with what each commit put on record.

    Attributes:
        events: all on record.
        accepted: messages on record.
        dequeued: those of them that were taken back before they ran.
        retries: attempts after the first.
        runs: ended ones, by outcome.
        tools: calls, by the tool's label and whether it was ``ok`` or an ``error``.
        questions: to models, by whether they were ``ok`` or ended in an ``error``.
        tokens: what models counted, by ``input`` and ``output``.
    """

    def __init__(self, label: Callable[[str], str]) -> None:
        """Begin with nothing; ``label`` turns what an agent called into one of a bounded number of names."""
        self.events = self.accepted = self.dequeued = self.retries = 0
        self.runs = Counter(dict.fromkeys(("success", "error", "cancelled", "timed_out"), 0))
        self.tools: Counter[tuple[str, str]] = Counter()
        self.tokens = Counter({"input": 0, "output": 0})
        self.waits = Histogram(*WAITS)
        self.run_seconds = Histogram(*DURATIONS)
        self.tool_seconds = Histogram(*DURATIONS)
        self.questions = Counter({"ok": 0, "error": 0})
        self.question_seconds = Histogram(*DURATIONS)
        self._label = label
        self._counts: dict[type, Callable[[Any], None]] = {
            MessageAccepted: self._accepted,
            MessageDequeued: self._dequeued,
            AgentStarted: self._started,
            AgentRestarted: self._restarted,
            ToolCompleted: self._tool_completed,
            AgentCompleted: self._completed,
        }

    def __call__(self, appends: Sequence[Batch]) -> None:
        """Count what the appends of a commit say."""
        for batch in appends:
            self.events += len(batch)
            for entry in batch:
                count = self._counts.get(type(entry.event.data))
                if count is not None:
                    count(entry.event.data)

    def asked(self, question: Question) -> None:
        """Count a question to a model."""
        self.questions["ok" if question.error is None else "error"] += 1
        self.question_seconds.observe(question.seconds)

    def _accepted(self, _: MessageAccepted) -> None:
        self.accepted += 1

    def _dequeued(self, _: MessageDequeued) -> None:
        self.dequeued += 1

    def _started(self, data: AgentStarted) -> None:
        if data.attempt == 1:
            self.waits.observe(data.queued_ms / 1000)

    def _restarted(self, _: AgentRestarted) -> None:
        self.retries += 1

    def _tool_completed(self, data: ToolCompleted) -> None:
        self.tools[self._label(data.tool), "ok" if data.ok else "error"] += 1
        self.tool_seconds.observe(data.duration_ms / 1000)

    def _completed(self, data: AgentCompleted) -> None:
        self.runs[data.outcome] += 1
        self.run_seconds.observe(data.duration_ms / 1000)
        if data.usage is not UNSET:
            self.tokens["input"] += data.usage.input_tokens
            self.tokens["output"] += data.usage.output_tokens
