"""Agents that behave worse than any script can: a server under test loads them by dotted path."""

import json
import logging

import gevent

from actors.agents import Agent, Turn
from actors.tools import Call, ToolFailed, tool
from tests.actors.tools import burners


@tool(isolation="process", idempotent=True, timeout=0.5)
def brief() -> None:
    """Burn the processor for longer than it may."""
    while True:
        pass


@tool(idempotent=True)
def leave() -> None:
    """Raise SystemExit in the tool's actor."""
    raise SystemExit("a tool wants to leave")


@tool(idempotent=True)
def leak() -> str:
    """Leave a running timeout behind in whatever greenlet runs the tool."""
    gevent.Timeout(0.05).start()
    return "leaked"


@tool(idempotent=True)
def chat(text: str) -> str:
    """Log, as a library does that a tool uses."""
    logging.getLogger("library").info("tool speaks", extra={"text": text})
    return text


@tool
def insist(text: str) -> str:
    """Log as well; but this is done only once it is on record that it may have been."""
    logging.getLogger("library").info("tool insists", extra={"text": text})
    return text


class Chatty(Agent):
    """Logs, as a library does that an agent uses, and has its tools log."""

    name = "chatty"
    tools = (chat, insist)

    def run(self, turn: Turn) -> str:
        logging.getLogger("library").info("agent speaks", extra={"text": turn.text})
        return str(turn.use(insist, text=turn.use(chat, text=turn.text)))


class Leaker(Agent):
    """Starts a timeout that it never cancels, and returns."""

    name = "leaker"
    tools = (leak,)

    def run(self, turn: Turn) -> str:
        turn.use(leak)
        gevent.Timeout(0.05).start()
        return "leaked"


class BlockedLeaker(Agent):
    """Starts a timeout that it never cancels, and is still there when it strikes; the second attempt answers."""

    name = "blocked-leaker"

    def run(self, turn: Turn) -> str:
        if turn.attempt == 1:
            gevent.Timeout(0.05).start()
            gevent.sleep(60)
        return "came back"


class Victim(Agent):
    """Has its greenlet killed by another one; the second attempt answers."""

    name = "victim"

    def run(self, turn: Turn) -> str:
        if turn.attempt == 1:
            gevent.spawn(gevent.kill, gevent.getcurrent())
            gevent.sleep(60)
        return "came back"


class Leaver(Agent):
    """Has a tool that raises SystemExit, then does so itself."""

    name = "leaver"
    tools = (leave,)
    max_attempts = 1

    def run(self, turn: Turn) -> str:
        try:
            turn.use(leave)
        finally:
            raise SystemExit("the agent wants to leave")


class Liar(Agent):
    """Returns what isn't a text."""

    name = "liar"
    max_attempts = 1

    def run(self, turn: Turn) -> str:
        return 42  # type: ignore[return-value] # the point


class Swallower(Agent):
    """Catches whatever would end it, and goes on for as long as it can."""

    name = "swallower"

    def run(self, turn: Turn) -> str:
        while True:
            try:
                gevent.sleep(60)
            except BaseException:
                turn.say("I stay. ")


@tool(idempotent=True, roles=("operator",))
def rebuild() -> str:
    """Do what only an operator may have done, after a while."""
    gevent.sleep(0.2)
    return "rebuilt"


class Restless(Agent):
    """Lets everybody else run, over and over, and does nothing else until it is stopped."""

    name = "restless"

    def run(self, turn: Turn) -> str:
        while True:
            gevent.sleep(0)


class Clerk(Agent):
    """Uses a tool that isn't for everybody."""

    name = "clerk"
    tools = (rebuild,)

    def run(self, turn: Turn) -> str:
        turn.think("May I?")
        return str(turn.use(rebuild))


class Novelist(Agent):
    """Answers with three million letters."""

    name = "novelist"

    def run(self, turn: Turn) -> str:
        turn.say("Chapter one. ")
        return "x" * 3_000_000


class Engineer(Agent):
    """Makes the calls that the message lists as JSON, side by side, in processes of their own; tells how each ended."""

    name = "engineer"
    tools = (burners.add, burners.die, burners.hog, burners.spin, burners.grind, brief)

    def run(self, turn: Turn) -> str:
        outcomes = turn.use_all([Call(name, arguments) for name, arguments in json.loads(turn.text)])
        return json.dumps([one.code if isinstance(one, ToolFailed) else one for one in outcomes])


@tool(idempotent=True)
def nap(name: str) -> str:
    """Sleep for a moment."""
    gevent.sleep(0.3)
    return f"{name} slept"
