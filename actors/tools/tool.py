"""A tool: a plain function with a schema, and the rules under which a run may call it."""

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple, overload

import msgspec

from actors.tools.errors import BadArguments
from actors.tools.lending import Resource
from actors.tools.signature import arguments_struct, first_paragraph, for_people, lent_parameters, parameters_schema

# What every chat-completions endpoint accepts as a function's name.
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,63}")

Isolation = Literal["actor", "process"]

MEMORY_BYTES = 1024**3
"""What a tool's process may take where the tool doesn't say; libraries that compute reserve a good part of it."""

_LEAST_MEMORY = 64 * 1024**2  # the interpreter itself needs about half of it


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
        isolation: whether a call is made in its actor, or in a process of its own.
        memory_bytes: how much address space such a process may have.
        lent: the parameters that the server fills in, and what it lends for each.
        function: the plain function.
    """

    name: str
    description: str
    parameters: dict[str, Any] = field(repr=False)
    timeout: float | None
    idempotent: bool
    secret: frozenset[str]
    roles: frozenset[str]
    isolation: Isolation
    memory_bytes: int
    lent: Mapping[str, type] = field(repr=False)
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
        return msgspec.structs.asdict(bound)

    def call(self, /, **arguments: Any) -> "Call":
        """Write down a call for `Turn.use_all`, without making it."""
        return Call(self, arguments)

    def __call__(self, /, *args: Any, **arguments: Any) -> Any:
        """Call the plain function here, so that a tool is tested as one; blocks as long as that does."""
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
    isolation: Isolation = "actor",
    memory_bytes: int = MEMORY_BYTES,
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
    isolation: Isolation = "actor",
    memory_bytes: int = MEMORY_BYTES,
) -> Tool | Callable[[Callable[..., Any]], Tool]:
    """Make a `Tool` of a function, as ``@tool`` or ``@tool(timeout=10, …)``.

    A parameter annotated with `ToolUser`, or with a `Resource`, is filled in by the server: the caller neither sees
    nor gives it. What is kept for a user is kept under ``user.user_id``, whatever a model or a person writes.

    With ``isolation="process"`` each call is made in a process of its own, begun for it, which takes about 0.1 s: for
    what burns the processor or may crash. It is killed at its timeout and when its run ends. Arguments and result go
    there and back as JSON, and the function must be importable: at the top of a module, or in a class there.

    Args:
        function: its annotations and docstring become the schema.
        timeout: seconds that one call may take; None for the server's default.
        idempotent: whether a retried run may call it again.
        secret: names of arguments that no event may show.
        roles: a user needs one of them; empty for everybody.
        name: where it isn't the function's.
        isolation: ``"process"`` for a process of its own.
        memory_bytes: how much address space that may have.

    Raises:
        TypeError: the signature, the name or a rule can't be kept; the message says which.
    """

    def decorate(function: Callable[..., Any]) -> Tool:
        called = name or function.__name__
        _check(called, function, timeout, isolation, memory_bytes)
        struct, lent = arguments_struct(called, function), lent_parameters(function)
        guarded = _names(secret)
        if unknown := guarded.difference(struct.__struct_fields__):
            raise TypeError(f"tool {called!r}: secret names no parameter of it: {', '.join(sorted(unknown))}")
        return Tool(
            called,
            first_paragraph(function),
            parameters_schema(struct),
            timeout,
            idempotent,
            guarded,
            _names(roles),
            isolation,
            memory_bytes,
            lent,
            function,
            struct,
        )

    if isinstance(function, Tool):
        raise TypeError(f"{function.name!r} is a tool already")
    return decorate if function is None else decorate(function)


def _check(
    name: str, function: Callable[..., Any], timeout: float | None, isolation: Isolation, memory_bytes: int
) -> None:
    if not _NAME.fullmatch(name):
        raise TypeError(f"tool {name!r}: a name has 1 to 64 letters, digits, _ and -, and starts with a letter")
    if timeout is not None and timeout <= 0:
        raise TypeError(f"tool {name!r}: timeout is {timeout} s; it must be above 0")
    if isolation not in ("actor", "process"):
        raise TypeError(f"tool {name!r}: isolation is {isolation!r}; it must be 'actor' or 'process'")
    if isolation == "process":
        _check_process(name, function, memory_bytes)


def _check_process(name: str, function: Callable[..., Any], memory_bytes: int) -> None:
    place = f"{function.__module__}.{function.__qualname__}"
    if function.__module__ == "__main__" or "<" in function.__qualname__:
        raise TypeError(
            f"tool {name!r}: isolation='process' imports the function in another process, and {place} can't be "
            "imported; put it at the top of a module"
        )
    if memory_bytes < _LEAST_MEMORY:
        raise TypeError(f"tool {name!r}: memory_bytes is {memory_bytes}; it must be {_LEAST_MEMORY} or more")
    resources = [hint for hint in lent_parameters(function).values() if issubclass(hint, Resource)]
    if resources:
        raise TypeError(f"tool {name!r}: {resources[0].__name__} is the server's, and can't be lent to a process")


def _names(names: Collection[str]) -> frozenset[str]:
    # ("key") without its comma is a string, and would guard the letters k, e and y.
    if isinstance(names, str):
        raise TypeError(f"{names!r} is one string; a collection of names is needed: ({names!r},)")
    return frozenset(names)
