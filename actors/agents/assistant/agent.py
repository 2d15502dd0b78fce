"""The assistant: asks a language model, does what tools it asks for, and tells what it says."""

from __future__ import annotations

import sys
import time
from contextlib import closing
from typing import TYPE_CHECKING, ClassVar

from actors.agents.agent import Agent
from actors.agents.assistant.endpoint import Endpoint
from actors.agents.assistant.failures import of_reply, too_many_steps
from actors.agents.assistant.messages import calls_to_make, continued, offered, opening, within
from actors.agents.assistant.reply import Reply
from actors.agents.assistant.speech import Draft, Musing
from actors.agents.errors import AgentError
from actors.agents.turn import Question

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from actors.agents.assistant.reply import Part
    from actors.agents.turn import Turn
    from actors.tools.tool import Tool
    from config.settings import Model


class Assistant(Agent):
    """A language model with tools. `assistant` makes the class that knows which, from a server's settings."""

    name = "assistant"
    description = "A language model that answers anything it can, with tools."
    shared_tools = True
    waits_on = "model"
    model: ClassVar[Model]
    endpoint: ClassVar[Endpoint]

    def run(self, turn: Turn) -> str:
        """Ask the model and use the tools it asks for, until it has answered.

        Raises:
            AgentError: there is no answer, or no whole one; the code says why.
        """
        earlier = within(turn.history, self.model.history_tokens)
        messages = opening(self.model.system_prompt, earlier, turn.text)
        tools = offered(turn.tools)
        voice = _Voice(turn, str(self.model.name))
        with self.endpoint.client() as client:
            for step in range(self.model.max_steps):
                turn.think(f"Telling {self.model.name} what the tools said" if step else f"Asking {self.model.name}")
                with closing(self.endpoint.ask(turn, client, messages, tools)) as parts:
                    reply = voice.tell(parts)
                if not reply.calls:
                    return voice.said
                if step + 1 < self.model.max_steps:
                    calls = calls_to_make(reply)
                    messages += continued(reply, calls, turn.use_all(calls))
        raise too_many_steps(self.model.max_steps)


def assistant(model: Model, tools: Sequence[Tool]) -> type[Assistant]:
    """Make the assistant of one server: agents are made anew for each attempt, without arguments."""
    return type("Assistant", (Assistant,), {"tools": tuple(tools), "model": model, "endpoint": Endpoint(model)})


class _Voice:
    """Tells the person what a model sends, while it sends it."""

    def __init__(self, turn: Turn, model: str) -> None:
        self._turn = turn
        self._model = model
        self._begins_anew = False
        self.said = ""

    def tell(self, parts: Iterable[Part]) -> Reply:
        """Tell one step's reply; blocks until it is whole.

        Raises:
            AgentError: it is none, or not whole. What there is of it was told.
        """
        reply, draft, musing, began = Reply(), Draft(), Musing(), time.monotonic()
        self._begins_anew = bool(self.said)
        try:
            for part in parts:
                reply.add(part)
                self._think(musing.add(part.reasoning))
                if part.text or part.calls:
                    self._think(musing.rest())
                self._say(draft.add(part.text, time.monotonic()))
            _check(reply)
        except AgentError:
            self._say(draft.rest())
            raise
        finally:
            if reply.usage is not None:
                self._turn.usage(*reply.usage)
            self._turn.asked(Question(self._model, time.monotonic() - began, *(reply.usage or (0, 0)), _failure()))
        self._think(musing.rest())
        tell = self._think if reply.calls else self._say
        tell(draft.rest())
        return reply

    def _think(self, thought: str) -> None:
        if thought.strip():
            self._turn.think(thought.strip())

    def _say(self, text: str) -> None:
        if text and self._begins_anew:
            text, self._begins_anew = f"\n\n{text}", False
        self._turn.say(text)
        self.said += text


def _check(reply: Reply) -> None:
    failure = of_reply(reply)
    if failure is not None:
        raise failure


def _failure() -> str | None:
    """Return the kind of what is being raised: the code of an answer to the person, or the name of its class."""
    error = sys.exception()
    return error.code if isinstance(error, AgentError) else None if error is None else type(error).__name__
