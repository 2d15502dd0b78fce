"""Where a model is asked: one chat-completions endpoint, by the `openai` library."""

from __future__ import annotations

import math
import random
import ssl
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import gevent
import openai
import structlog

from actors.agents.assistant.failures import Failure, may_pass, of_request, of_stream
from actors.agents.assistant.reply import part_of
from actors.agents.assistant.retries import asked_to_wait, backoff
from actors.runtime.pause import sleep

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

    from openai.types.chat import ChatCompletionChunk

    from actors.agents.assistant.messages import Message
    from actors.agents.assistant.reply import Part
    from actors.agents.turn import Turn
    from config.settings import Model

log = structlog.get_logger(__name__)

DEFAULT_URL = "https://api.openai.com/v1"


class Endpoint:
    """An endpoint and how to talk to it. It holds no connection: each turn opens its own.

    So a turn that is cancelled closes its connection with it, and no turn waits for another's.
    """

    def __init__(self, model: Model) -> None:
        """Know the settings, and load what the first question would otherwise wait for."""
        self._model = model
        # Reading the certificates takes tens of milliseconds, for which nobody else runs: once is enough.
        self._certificates = ssl.create_default_context()
        with self.client() as client:
            _ = client.chat.completions

    @contextmanager
    def client(self) -> Iterator[openai.OpenAI]:
        """Give a client, whose connections are closed at the end, however that comes."""
        model = self._model
        # The library may wait for ever for a byte: how long a chunk may take is told by `_within`. Its own deadline
        # would begin anew with every byte, and gevent's, raised inside it, must not be one of its kind.
        timeout = openai.Timeout(None, connect=model.connect_timeout)
        with openai.OpenAI(
            # The library insists on a key; an endpoint that wants none doesn't look.
            api_key="none" if model.api_key is None else model.api_key.get_secret_value(),
            base_url=model.base_url or DEFAULT_URL,
            max_retries=0,
            timeout=timeout,
            http_client=openai.DefaultHttpxClient(verify=self._certificates, timeout=timeout),
        ) as client:
            # From variables that are no settings of this server.
            client.organization = client.project = None
            yield client

    def ask(self, turn: Turn, client: openai.OpenAI, messages: list[Message], tools: list[Message]) -> Generator[Part]:
        """Ask the model to go on, and yield what it sends as it comes; close the generator to end it early.

        Raises:
            AgentError: it can't be asked, or doesn't answer to the end; the words are for the person.
        """
        stream = self._opened(turn, client, self._request(messages, tools))
        with stream:
            while (chunk := self._next(stream)) is not None:
                yield part_of(chunk)

    def _request(self, messages: list[Message], tools: list[Message]) -> dict[str, Any]:
        request: dict[str, Any] = {
            "model": self._model.name,
            "messages": messages,
            "stream": True,
            "stream_options": {"include_usage": True},
        }
        if tools:
            request["tools"] = tools
        if self._model.temperature is not None:
            request["temperature"] = self._model.temperature
        return request

    def _opened(self, turn: Turn, client: openai.OpenAI, request: dict[str, Any]) -> openai.Stream[ChatCompletionChunk]:
        failed = 0
        while True:
            try:
                # Until the first byte: the connection, and then as long as for any chunk.
                with _within(self._model.connect_timeout + self._model.idle_timeout):
                    return client.chat.completions.create(**request)  # type: ignore[no-any-return]
            except openai.APIError as error:
                failed += 1
                self._wait(turn, error, failed)

    def _wait(self, turn: Turn, error: openai.APIError, failed: int) -> None:
        """Wait until the endpoint may be asked again; say so, the first time.

        Raises:
            AgentError: asking again is of no use, or there is no time for it.
        """
        status = getattr(error, "status_code", None)
        log.warning("model_refused", status=status, code=error.code, error_type=type(error).__name__, failed=failed)
        failure = of_request(error)
        seconds = self._pause(error, failed)
        if seconds is None or seconds >= turn.remaining:
            raise failure.told() from error
        if failed == 1:
            turn.think(f"{failure.in_short}. Trying again in {math.ceil(seconds)} s.")
        sleep(seconds)

    def _pause(self, error: openai.APIError, failed: int) -> float | None:
        """Return how long to wait before asking again, in seconds; None where that is of no use."""
        if failed > self._model.retries or not may_pass(error):
            return None
        asked = asked_to_wait(error.response.headers, time.time()) if isinstance(error, openai.APIStatusError) else None
        # Spread, so that those who were refused together don't come back together.
        return backoff(failed, random.random()) if asked is None else asked  # noqa: S311 - no secret

    def _next(self, stream: openai.Stream[ChatCompletionChunk]) -> ChatCompletionChunk | None:
        try:
            with _within(self._model.idle_timeout):
                return next(stream, None)
        except openai.APIError as error:
            log.warning("model_broke_off", code=error.code, error_type=type(error).__name__)
            raise of_stream(error).told() from error
        except ValueError as error:  # What should be JSON, or text, isn't.
            log.warning("model_unreadable", error_type=type(error).__name__)
            raise Failure.UNREADABLE.told() from error


@contextmanager
def _within(seconds: float) -> Iterator[None]:
    """Give what is done so many seconds.

    Raises:
        AgentError: they were not enough.
    """
    limit = gevent.Timeout(seconds)
    limit.start()
    try:
        yield
    except gevent.Timeout as timeout:
        if timeout is not limit:
            raise
        raise Failure.SILENT.told() from timeout
    finally:
        limit.close()
