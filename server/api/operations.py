"""What is said of a route where it stands, for the description that is generated."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

EVENT_STREAM = "text/event-stream"
"""As an answer: server-sent events."""

View = TypeVar("View", bound="Callable[..., Any]")


class Operation(NamedTuple):
    """One call.

    Attributes:
        summary: what it does, in a few words.
        answers: the good ones by status: a struct, ``str`` for plain text, `EVENT_STREAM`, None for no body.
        body: the struct of the request's body.
        query: the struct of the query's parameters.
        bearer: whether it wants an access token.
        refusals: the statuses of errors that are particular to it.
    """

    summary: str
    answers: Mapping[int, Any]
    body: Any = None
    query: Any = None
    bearer: bool = False
    refusals: tuple[int, ...] = ()


def operation(summary: str, **said: Any) -> Callable[[View], View]:
    """Say of a view what `Operation` holds; below the route's own decorator."""

    def describe(view: View) -> View:
        view.operation = Operation(summary, **said)  # type: ignore[attr-defined]  # functions take attributes
        return view

    return describe


def operation_of(view: Any) -> Operation | None:
    """Return what was said of a view."""
    return getattr(view, "operation", None)
