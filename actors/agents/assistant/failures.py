"""What may go wrong with a model, in words for the person who waits: no key, no address, nothing of the endpoint's."""

from __future__ import annotations

import ssl
from enum import Enum
from http import HTTPStatus
from typing import TYPE_CHECKING

import openai

from actors.agents.errors import AgentError

if TYPE_CHECKING:
    from actors.agents.assistant.reply import Reply

MAX_REFUSAL = 1_000  # characters

_QUOTA = "insufficient_quota"
_TOO_LONG = "context_length_exceeded"
_UNCERTAIN = frozenset({HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.CONFLICT, HTTPStatus.TOO_MANY_REQUESTS})


class Failure(Enum):
    """How a run ends for which the model gave no answer, or no whole one: the code, and the words."""

    UNAUTHORIZED = (
        "model_unauthorized",
        "The language model didn't accept this server's key. Whoever runs the server can mend that.",
    )
    UNKNOWN = (
        "model_unknown",
        "The language model isn't there: its name or its address is wrong. Whoever runs the server can mend that.",
    )
    QUOTA = (
        "model_quota",
        "The language model's account is used up. Whoever runs the server can mend that.",
    )
    REJECTED = ("model_rejected", "The language model didn't accept the request.")
    TOO_LONG = (
        "model_too_long",
        "The conversation is too long for the language model. Start a new session, or ask something shorter.",
    )
    BUSY = ("model_busy", "The language model has too much to do. Try again in a while.")
    FAILED = ("model_failed", "The language model failed. Try again in a while.")
    UNREACHABLE = ("model_unreachable", "The language model can't be reached. Try again in a while.")
    UNTRUSTED = (
        "model_untrusted",
        "The certificate of the language model's server isn't trusted. Whoever runs the server can mend that.",
    )
    UNREADABLE = ("model_unreadable", "What the language model sent can't be read.")
    SILENT = ("model_silent", "The language model has said nothing for too long.")
    CUT_OFF = ("model_cut_off", "The connection to the language model broke in the middle of its answer.")
    INCOMPLETE = ("answer_too_long", "The answer isn't complete: the language model may write no longer ones.")
    FILTERED = ("model_filtered", "The language model's content filter withheld the answer.")
    EMPTY = ("model_empty", "The language model gave no answer.")

    def told(self) -> AgentError:
        """Make the error that tells the person; each run its own, since an exception holds on to what raised it."""
        code, message = self.value
        return AgentError(message, code)

    @property
    def in_short(self) -> str:
        """The first sentence, without its full stop."""
        message: str = self.value[1]
        return message.partition(".")[0]


def may_pass(error: openai.APIError) -> bool:
    """Tell whether the same request may well succeed in a while."""
    if isinstance(error, openai.APIStatusError):
        status = error.status_code
        return error.code != _QUOTA and (status in _UNCERTAIN or status >= HTTPStatus.INTERNAL_SERVER_ERROR)
    if isinstance(error, openai.APITimeoutError) or _is_untrusted(error):
        return False
    return isinstance(error, openai.APIConnectionError)


def of_request(error: openai.APIError) -> Failure:
    """Say why a request wasn't answered at all."""
    if isinstance(error, openai.APIStatusError):
        return _of_status(error.status_code, error.code)
    if _is_untrusted(error):
        return Failure.UNTRUSTED
    return Failure.UNREACHABLE if isinstance(error, openai.APIConnectionError) else Failure.FAILED


def of_stream(error: openai.APIError) -> Failure:
    """Say why an answer that had begun didn't go on."""
    return Failure.CUT_OFF if isinstance(error, openai.APIConnectionError) else Failure.FAILED


def of_reply(reply: Reply) -> AgentError | None:
    """Say why a reply whose stream is over is no answer; None where it is one, or asks for tools."""
    if reply.refusal:
        return AgentError(f"The language model declined: {reply.refusal[:MAX_REFUSAL]}", "model_refused")
    if reply.finish == "content_filter":
        return Failure.FILTERED.told()
    if reply.finish == "length":
        return Failure.INCOMPLETE.told()
    if not reply.begun:
        return Failure.UNREADABLE.told()
    if not reply.finish:
        return Failure.CUT_OFF.told()
    return None if reply.calls or reply.text.strip() else Failure.EMPTY.told()


def too_many_steps(steps: int) -> AgentError:
    """Say that a model went on asking for tools."""
    return AgentError(f"The language model came to no answer in {steps} steps.", "too_many_steps")


def _is_untrusted(error: BaseException | None) -> bool:
    # The libraries in between wrap it three times over, and break the chain of causes on the way.
    while error is not None and not isinstance(error, ssl.SSLCertVerificationError):
        error = error.__cause__ or error.__context__
    return error is not None


def _of_status(status: int, code: str | None) -> Failure:
    if code == _QUOTA:
        return Failure.QUOTA
    if code == _TOO_LONG:
        return Failure.TOO_LONG
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return Failure.FAILED
    return _CLIENT_ERRORS.get(status, Failure.REJECTED)


_CLIENT_ERRORS: dict[int, Failure] = {
    HTTPStatus.UNAUTHORIZED: Failure.UNAUTHORIZED,
    HTTPStatus.FORBIDDEN: Failure.UNAUTHORIZED,
    HTTPStatus.PAYMENT_REQUIRED: Failure.QUOTA,
    HTTPStatus.NOT_FOUND: Failure.UNKNOWN,
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: Failure.TOO_LONG,
    HTTPStatus.TOO_MANY_REQUESTS: Failure.BUSY,
}
