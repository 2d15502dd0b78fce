"""The rehearsal: does exactly what the message says, for client development, load and fault drills."""

import contextlib
import time
from collections.abc import Iterator
from itertools import pairwise

from actors.agents import script
from actors.agents.agent import Agent
from actors.agents.errors import ScriptedCrash
from actors.agents.rehearsal_tools import big, charge, crash, echo, fail, wait
from actors.agents.script import Step, parse_script
from actors.agents.turn import Turn
from actors.runtime.pause import hang, sleep
from actors.tools import Call, ToolFailed


class Rehearsal(Agent):
    """Runs the script that the message holds; never offer it to strangers, since ``spin_ms`` stalls everybody."""

    name = "rehearsal"
    description = "Does what a script says: for client development, load and fault drills."
    tools = (echo, wait, fail, crash, big, charge)
    shared_tools = True

    def __init__(self) -> None:
        self._said: list[str] = []
        self._answer: str | None = None

    def run(self, turn: Turn) -> str:
        """Do the script's steps in order.

        Returns:
            The script's answer, or without one everything that it said.

        Raises:
            AgentError: ``bad_script``: the text is no script.
            ScriptedCrash: a step asks for a crash.
            SystemExit: a step asks for an exit.
        """
        for step in parse_script(turn.text):
            self._do(step, turn)
        return "".join(self._said) if self._answer is None else self._answer

    def _do(self, step: Step, turn: Turn) -> None:
        match step:
            case script.Think(think):
                turn.think(think)
            case script.UseTool(tool, arguments):
                # The failure stands in the log as tool_completed; the script goes on.
                with contextlib.suppress(ToolFailed):
                    turn.use(tool, **arguments)
            case script.UseTools(calls):
                turn.use_all([Call(call.tool, call.arguments) for call in calls])
            case script.Say():
                self._say(step, turn)
            case script.Answer(answer):
                self._answer = answer
            case _:
                _suffer(step, turn.attempt)

    def _say(self, step: script.Say, turn: Turn) -> None:
        for index, chunk in enumerate(pieces(step.say, step.chunks)):
            if index:
                sleep(step.every_ms / 1000)
            turn.say(chunk)
            self._said.append(chunk)


def pieces(text: str, count: int) -> Iterator[str]:
    """Cut a text into that many pieces of nearly one length, or into its characters where there are fewer."""
    count = min(count, len(text))
    ends = (len(text) * index // count for index in range(count + 1)) if count else ()
    return (text[start:end] for start, end in pairwise(ends))


def _suffer(step: script.Sleep | script.Spin | script.Crash | script.Exit | script.Hang, attempt: int) -> None:
    match step:
        case script.Sleep(milliseconds):
            sleep(milliseconds / 1000)
        case script.Spin(milliseconds):
            _spin(milliseconds / 1000)
        case script.Crash(message, until):
            if until is None or attempt <= until:
                raise ScriptedCrash(message)
        case script.Exit():
            raise SystemExit("the script asked for it")
        case script.Hang():
            hang()


def _spin(seconds: float) -> None:
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        pass
