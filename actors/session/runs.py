"""What a session has to do: the run under way, what waits, and what a new message may do to them. Pure."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Literal

from msgspec import Struct, field

if TYPE_CHECKING:
    from collections.abc import Iterator

    from actors.agents.agent import Agent
    from actors.session.lifecycle import Run as LoggedRun


class Admission(Enum):
    """What becomes of a message."""

    RUN = "run"
    WAIT = "wait"
    INTERRUPT = "interrupt"
    BUSY = "busy"
    QUEUE_FULL = "queue_full"

    __hash__ = object.__hash__  # An enumeration's own is a call in Python.


RUN, WAIT, INTERRUPT, BUSY, QUEUE_FULL = Admission


class LiveRun(Struct, eq=False):
    """A run that isn't over. Times: ``accepted_ms`` is in epoch ms, the others are monotonic seconds.

    ``deadline`` is None where no time is counted: before the first attempt, and while nothing can be recorded.
    """

    run_id: str
    text: str
    agent: str
    client_msg_id: str | None
    roles: tuple[str, ...]
    accepted_ms: int
    attempt: int = 0
    attempt_due: bool = True
    started: float | None = None
    last_event: float = 0.0
    said: list[str] = field(default_factory=list)
    open_calls: dict[str, str] = field(default_factory=dict)
    tools_used: set[str] = field(default_factory=set)
    deadline: float | None = None
    last_progress: float = 0.0

    @classmethod
    def from_log(cls, run: LoggedRun, roles: tuple[str, ...], now: float) -> LiveRun:
        """Take up a run as its log left it, at ``now`` on the monotonic clock.

        The time from its last event until now isn't counted as the run's: the server may have been away for hours.
        """
        live = cls(run.run_id, run.text, run.agent, run.client_msg_id, roles, run.accepted_at, attempt=run.attempt)
        live.tools_used = set(run.tools_used)
        if run.started_at is not None:
            live.started = now - max(0, run.last_at - run.started_at) / 1000
        return live

    def may_retry(self, agent: type[Agent] | None) -> bool:
        """Tell whether another attempt is allowed and can do no harm: no tool that isn't idempotent ran in this run."""
        if agent is None or self.attempt >= agent.max_attempts:
            return False
        return self.tools_used.isdisjoint(tool.name for tool in agent.tools if not tool.idempotent)

    def out_of_time(self, now: float) -> bool:
        """Tell whether the run has had all its time."""
        return self.deadline is not None and now >= self.deadline

    def progress_due(self, every: float) -> float:
        """Return when its watchers should hear that it lives, if nothing else is heard of it until then."""
        return max(self.last_event, self.last_progress) + every

    def waiting_on(self, agent: type[Agent] | None) -> str:
        """Return what the run is waiting for, as the protocol names it."""
        otherwise = "agent" if agent is None else agent.waits_on
        return next((f"tool:{tool}" for tool in self.open_calls.values()), otherwise)


class RunQueue:
    """The active run and those that wait, in the order they will run."""

    def __init__(self) -> None:
        """Begin with nothing to do."""
        self.active: LiveRun | None = None
        self.waiting: list[LiveRun] = []

    def admit(self, on_busy: Literal["enqueue", "reject", "interrupt"], capacity: float) -> Admission:
        """Decide on one more message; ``capacity`` is how many may wait."""
        if self.active is None and not self.waiting:
            return RUN
        if on_busy == "reject":
            return BUSY
        if len(self.waiting) >= capacity:
            return QUEUE_FULL
        return INTERRUPT if on_busy == "interrupt" else WAIT

    def find(self, run_id: str) -> LiveRun | None:
        """Return the run of that id that isn't over, or None."""
        active = self.active
        if active is not None and active.run_id == run_id:
            return active
        return self.waiting_run(run_id) if self.waiting else None

    def next_up(self) -> LiveRun | None:
        """Return what runs, or else what will run first; None where there is nothing to do."""
        if self.active is not None:
            return self.active
        return self.waiting[0] if self.waiting else None

    def waiting_run(self, run_id: str) -> LiveRun | None:
        """Return the waiting run of that id, or None."""
        for run in self.waiting:
            if run.run_id == run_id:
                return run
        return None

    def append(self, run: LiveRun) -> int:
        """Put one behind the others; return how many are ahead of it."""
        self.waiting.append(run)
        return len(self.waiting) - 1 + (self.active is not None)

    def position(self, run_id: str) -> int:
        """Return how many runs are ahead of that one; 0 for the active one and for one that is over."""
        waiting = [run.run_id for run in self.waiting]
        if run_id not in waiting:
            return 0
        return waiting.index(run_id) + (self.active is not None)

    def promote(self) -> None:
        """Make the first waiting run the active one, where none is."""
        if self.active is None and self.waiting:
            self.active = self.waiting.pop(0)

    def __iter__(self) -> Iterator[LiveRun]:
        """Go over all runs, the active one first."""
        return iter([*([] if self.active is None else [self.active]), *self.waiting])
