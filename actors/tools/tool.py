"""A tool: a plain function with a schema, and the rules under which a run may call it."""

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple, overload

import msgspec

from actors.tools.errors import BadArguments
from actors.tools.signature import arguments_struct, first_paragraph, for_people, parameters_schema

# What every chat-completions endpoint accepts as a function's name.
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,63}")


@dataclass(frozen=True, eq=False)
class Tool:
    """A function that an agent may call by mailbox; make one with `tool`.

    Attributes:
        name: unique within an agent.
        description: the docstring's first paragraph.
        parameters: a JSON Schema of type object.
        timeout: seconds that one call may take; None for the server's ``timeouts.tool``.
        idempotent: whether a retried run may call it again.
        secret: names of arguments that no event may show.
        roles: a user needs one of them; empty for everybody.
        function: the plain function.
    """

    name: str
    description: str
    parameters: dict[str, Any] = field(repr=False)
    timeout: float | None
    idempotent: bool
    secret: frozenset[str]
    roles: frozenset[str]
    function: Callable[..., Any] = field(repr=False)
    _arguments: type[msgspec.Struct] = field(repr=False)

    def bind(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """Check and convert arguments as JSON brings them, with the defaults filled in.

        Raises:
            BadArguments: one is missing, unknown, or of another type.
        """
        try:
            bound = msgspec.convert(dict(arguments), self._arguments)
        except msgspec.ValidationError as error:
            raise BadArguments(f"{self.name}: {for_people(error)}") from error
        return {name: getattr(bound, name) for name in self._arguments.__struct_fields__}

    def call(self, /, **arguments: Any) -> "Call":
        """Write down a call for `Turn.use_all`, without making it."""
        return Call(self, arguments)

    def __call__(self, /, *args: Any, **arguments: Any) -> Any:
        """Call the plain function, so that a tool is tested as one; blocks as long as that does."""
        return self.function(*args, **arguments)


class Call(NamedTuple):
    """One call to be made: a tool, or the name of one, and its arguments.

    ``problem`` says, for people, why there are no arguments to check: a model wrote what can't be read, say. The call
    is then refused with ``bad_arguments``, on record like any other.
    """

    tool: Tool | str
    arguments: dict[str, Any]
    problem: str | None = None


@overload
def tool(function: Callable[..., Any], /) -> Tool: ...
@overload
def tool(
    *,
    timeout: float | None = None,
    idempotent: bool = False,
    secret: Collection[str] = (),
    roles: Collection[str] = (),
    name: str | None = None,
) -> Callable[[Callable[..., Any]], Tool]: ...


def tool(
    function: Callable[..., Any] | None = None,
    /,
    *,
    timeout: float | None = None,
    idempotent: bool = False,
    secret: Collection[str] = (),
    roles: Collection[str] = (),
    name: str | None = None,
) -> Tool | Callable[[Callable[..., Any]], Tool]:
    """Make a `Tool` of a function, as ``@tool`` or ``@tool(timeout=10, …)``.

    Args:
        function: its annotations and docstring become the schema.
        timeout: seconds that one call may take; None for the server's default.
        idempotent: whether a retried run may call it again.
        secret: names of arguments that no event may show.
        roles: a user needs one of them; empty for everybody.
        name: where it isn't the function's.

    Raises:
        TypeError: the signature, the name or a rule can't be kept; the message says which.
    """

    def decorate(function: Callable[..., Any]) -> Tool:
        return _tool(function, name or function.__name__, timeout, idempotent, _names(secret), _names(roles))

    if isinstance(function, Tool):
        raise TypeError(f"{function.name!r} is a tool already")
    return decorate if function is None else decorate(function)


def _tool(
    function: Callable[..., Any],
    name: str,
    timeout: float | None,
    idempotent: bool,  # noqa: FBT001 - private; the public decorator takes it by name
    secret: frozenset[str],
    roles: frozenset[str],
) -> Tool:
    if not _NAME.fullmatch(name):
        raise TypeError(f"tool {name!r}: a name has 1 to 64 letters, digits, _ and -, and starts with a letter")
    if timeout is not None and timeout <= 0:
        raise TypeError(f"tool {name!r}: timeout is {timeout} s; it must be above 0")
    struct = arguments_struct(name, function)
    if unknown := secret.difference(struct.__struct_fields__):
        raise TypeError(f"tool {name!r}: secret names no parameter of it: {', '.join(sorted(unknown))}")
    description, parameters = first_paragraph(function), parameters_schema(struct)
    return Tool(name, description, parameters, timeout, idempotent, secret, roles, function, struct)


def _names(names: Collection[str]) -> frozenset[str]:
    # ("key") without its comma is a string, and would guard the letters k, e and y.
    if isinstance(names, str):
        raise TypeError(f"{names!r} is one string; a collection of names is needed: ({names!r},)")
    return frozenset(names)
