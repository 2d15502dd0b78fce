"""What can go wrong, named by whose fault it is.

::

    RuntimeFault
    ├── ActorDied            (also pykka.ActorDeadError) the one who was asked is gone
    │   └── ActorRestarting  it is coming back; ask again after ``retry_after`` seconds
    ├── MailboxFull          it is alive and has more work than it takes
    ├── AskTimeout           (also pykka.Timeout) it didn't answer in time
    ├── AskDeadlock          the asker waits for somebody who waits for the asker
    ├── SpecError            (also ValueError) a child spec or policy that can't work
    ├── ChildNotFound        a supervisor has no child of that id
    ├── ChildActive          the child must have ended before this can be done to it
    ├── ChildExists          a supervisor has a child of that id already
    ├── StartFailed          the child didn't come up
    ├── FaultPlanInvalid     (also ValueError) a fault plan, or a ledger, that isn't one
    └── InjectedFault        a fault plan said so

    ActorKilled              (a BaseException) raised inside the handler of an actor that is being killed
"""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING

import pykka

if TYPE_CHECKING:
    from collections.abc import Iterable

    from actors.runtime.ledger import Injection
    from actors.runtime.reasons import ExitReason


class Phase(Enum):
    """How far a message got before its actor died."""

    QUEUED = "queued"
    """It never ran: sending it again is safe."""
    IN_FLIGHT = "in_flight"
    """It was running or its reply was outstanding: its effects may have happened."""


class RuntimeFault(Exception):
    """The root of everything the runtime raises at its users."""


class ActorDied(RuntimeFault, pykka.ActorDeadError):
    """The actor died before it answered."""

    def __init__(self, address: str, incarnation: int, reason: ExitReason | None, phase: Phase) -> None:
        """Say who died, in which life, why, and whether the message had begun to run."""
        super().__init__(f"{address} (incarnation {incarnation}) died ({reason}) with the message {phase.value}")
        self.address = address
        self.incarnation = incarnation
        self.reason = reason
        self.phase = phase


class ActorRestarting(ActorDied):
    """The actor is between two lives; the message never ran."""

    def __init__(self, address: str, incarnation: int, reason: ExitReason | None, retry_after: float) -> None:
        """Say when it is worth asking again, in seconds from now."""
        super().__init__(address, incarnation, reason, Phase.QUEUED)
        self.retry_after = retry_after


class MailboxFull(RuntimeFault):
    """The mailbox holds as much as its spec allows; the message was not taken."""

    def __init__(self, address: str, capacity: int) -> None:
        """Name the actor and how many messages it holds."""
        super().__init__(f"the mailbox of {address} is full ({capacity} messages)")
        self.address = address
        self.capacity = capacity


class AskTimeout(RuntimeFault, pykka.Timeout):
    """No reply came in time; a message that hasn't begun to run by then never will."""


class AskDeadlock(RuntimeFault):
    """Waiting for this reply would wait for ever."""


class SpecError(RuntimeFault, ValueError):
    """A child spec or a policy that is invalid or contradicts itself."""


class ChildNotFound(RuntimeFault, LookupError):
    """The supervisor has no child of that id."""


class ChildExists(RuntimeFault):
    """The supervisor already has a child of that id."""


class ChildActive(RuntimeFault):
    """The child lives, or is about to."""

    def __init__(self, address: str, status: str) -> None:
        """Name the child and what it is doing."""
        super().__init__(f"{address} is {status}; it must be stopped first")
        self.address = address
        self.status = status


class StartFailed(RuntimeFault):
    """The child could not be started."""

    def __init__(self, address: str, error: BaseException | None) -> None:
        """Name the child and what its start raised."""
        super().__init__(f"{address} could not be started: {error!r}")
        self.address = address
        self.error = error


class FaultPlanInvalid(RuntimeFault, ValueError):
    """The fault plan can't be.

    Attributes:
        problems: a line for everything that is wrong, each with what to do.
    """

    def __init__(self, problems: Iterable[str]) -> None:
        """Carry all of the problems."""
        self.problems = tuple(problems)
        super().__init__("\n".join(self.problems))


class InjectedFault(RuntimeFault):
    """The failure that a fault plan asked for."""

    def __init__(self, injection: Injection) -> None:
        """Name the ledger's entry."""
        super().__init__(f"injected by rule {injection.rule}, number {injection.number} of the ledger")
        self.injection = injection


class ActorKilled(BaseException):
    """Raised where an actor is blocked, to end it.

    A BaseException, so that ``except Exception`` in a handler doesn't swallow it by accident. One that is swallowed
    all the same is followed by the actor's abandonment.
    """
