"""Somebody at a tab: sends, cancels, takes back, goes away, comes back, and stops reading, as the seed says."""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING, Any, Literal

from actors.agents.rehearsal import Rehearsal
from actors.session.audience import Subscription
from actors.session.messages import After, Cancel, Dequeue, Submit, Subscribe, Unsubscribe
from actors.testing.simulation.script import random_script
from actors.testing.simulation.wire import Wire

if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random

    from actors.runtime.clock import Clock
    from actors.runtime.ref import ActorRef
    from actors.testing.simulation.ledger import Ledger

OnBusy = Literal["enqueue", "reject", "interrupt"]
Queue = Literal["keep", "clear"]

ON_BUSY: tuple[OnBusy, ...] = ("enqueue", "enqueue", "reject", "interrupt")
QUEUE: tuple[Queue, ...] = ("keep", "keep", "clear")

PAUSE = 4.0
"""How many seconds pass at most between two acts; often none do."""


class Person:
    """One tab of a user, through all its connections, on one session."""

    def __init__(
        self,
        name: str,
        clock: Clock,
        root: Callable[[], ActorRef[Any]],
        owner: tuple[str, str],
        random: Random,
        ledger: Ledger,
    ) -> None:
        """Sit down in front of a session, the second of ``owner``, of the user who is the first.

        ``root`` tells whom a connection reaches now.
        """
        self.user_id, self.session_id = owner
        self.wires: list[Wire] = []
        self._name = name
        self._clock = clock
        self._root = root
        self._random = random
        self._ledger = ledger
        self._ids = count(1)
        self._connect()
        self._acts = [
            *(("message", self._message),) * 8,
            *(("cancel", self._cancel),) * 2,
            *(("dequeue", self._dequeue),) * 2,
            *(("resume", self._come_again),) * 2,
            ("subscribe", self._subscribe_from_now),
            ("unsubscribe", self._unsubscribe),
            *(("read no more", self._stop_reading),) * 2,
            *(("read on", self._read_on),) * 2,
        ]

    @property
    def wire(self) -> Wire:
        """The connection of now."""
        return self.wires[-1]

    def act(self, times: int) -> None:
        """Do something, and something more later, ``times`` in all."""
        if times:
            name, do = self._random.choice(self._acts)
            self._ledger.note(self._clock.monotonic(), "act", f"{self._name}: {name}")
            if not self.wire.open:
                self._come_again()
            do()
            pause = self._random.choice([0.0, 0.0, self._random.uniform(0, 0.2), self._random.uniform(0, PAUSE)])
            self._clock.call_later(pause, lambda: self.act(times - 1))

    def come_to_the_end(self) -> None:
        """Connect where that is lost, read everything, and watch the session from where this tab left it."""
        if not self.wire.open:
            self._connect()
        self.wire.make_room()
        self._subscribe(self._last_seen())

    def _connect(self) -> None:
        self.wires.append(Wire(self._root(), self.user_id, f"c_{self._name}_{len(self.wires)}"))

    def _come_again(self) -> None:
        after = self._last_seen()
        self.wire.close()
        self._connect()
        self._subscribe(after)

    def _say(self, kind: str, command: Any, **fields: Any) -> None:
        frame_id = f"{self._name}-{next(self._ids)}"
        self.wire.say(self.session_id, {"type": kind, "id": frame_id, **fields}, command(frame_id))

    def _message(self) -> None:
        text = random_script(self._random)
        on_busy = self._random.choice(ON_BUSY)
        queue = self._random.choice(QUEUE)
        msg_id = self._random.choice([None, f"m{self._random.randint(1, 8)}"])
        subscription = self.wire.held(self.session_id) or Subscription(self.wire, self.session_id)
        self._say(
            "message",
            lambda frame_id: Submit(subscription, frame_id, text, msg_id, Rehearsal.name, on_busy, queue, ()),
            session_id=self.session_id,
            text=text,
            client_msg_id=msg_id,
        )

    def _cancel(self) -> None:
        run_id = self._random.choice([None, self._some_run()])
        queue = self._random.choice(QUEUE)
        self._say("cancel", lambda frame_id: Cancel(self.wire, frame_id, run_id, queue), session_id=self.session_id)

    def _dequeue(self) -> None:
        run_id = self._some_run()
        self._say("dequeue", lambda frame_id: Dequeue(self.wire, frame_id, run_id), run_id=run_id)

    def _subscribe_from_now(self) -> None:
        self._subscribe(None)

    def _subscribe(self, after: After | None) -> None:
        subscription = Subscription(self.wire, self.session_id)
        fields = {} if after is None else {"after": {"epoch": after.epoch, "seq": after.seq}}
        self._say(
            "subscribe",
            lambda frame_id: Subscribe(subscription, frame_id, after),
            session_id=self.session_id,
            **fields,
        )

    def _unsubscribe(self) -> None:
        subscription = self.wire.held(self.session_id)
        if subscription is not None:
            self._say("unsubscribe", lambda frame_id: Unsubscribe(subscription, frame_id), session_id=self.session_id)

    def _stop_reading(self) -> None:
        self.wire.writable = False

    def _read_on(self) -> None:
        self.wire.make_room()

    # What it remembers.

    def _frames(self) -> list[dict[str, Any]]:
        return [entry.frame for wire in self.wires for entry in wire.entries if not entry.sent]

    def _last_seen(self) -> After:
        frames = self._frames()
        epochs = [frame["epoch"] for frame in frames if "epoch" in frame]
        seqs = [frame["seq"] for frame in frames if "seq" in frame]
        return After(epochs[-1], max(seqs)) if epochs and seqs else After(None, 0)

    def _some_run(self) -> str:
        runs: list[str] = [frame["run_id"] for frame in self._frames() if frame.get("run_id")]
        return self._random.choice(runs[-10:] or ["r_unknown"])
