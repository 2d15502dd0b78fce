"""A function's signature, as the struct that checks its arguments and the JSON Schema that describes them."""

import inspect
import typing
from collections.abc import Callable, Iterator
from typing import Any

import msgspec

from actors.tools.lending import is_lent

_NAMED = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)

Field = tuple[str, Any] | tuple[str, Any, Any]


def arguments_struct(name: str, function: Callable[..., Any]) -> type[msgspec.Struct]:
    """Build the struct type whose fields are the function's parameters, without those that the server lends.

    Args:
        name: the tool's name, for messages.
        function: a plain function; each parameter has a name and an annotation.

    Raises:
        TypeError: a parameter is positional-only or variadic, has no annotation, or one that JSON can't carry.
    """
    try:
        fields = list(_fields(function))
        struct = msgspec.defstruct(f"{name}_arguments", fields, forbid_unknown_fields=True, kw_only=True)
        msgspec.json.schema(struct)  # the only place where msgspec looks at every annotation
    except (TypeError, ValueError, NameError) as error:
        # The last line says what is wrong; the ones before it advise on hooks that a tool has no use for.
        raise TypeError(f"tool {name!r}: {str(error).splitlines()[-1]}") from error
    return struct


def lent_parameters(function: Callable[..., Any]) -> dict[str, type]:
    """Return the parameters that the server fills in, and what it is to lend for each."""
    return {name: hint for name, hint in typing.get_type_hints(function).items() if name != "return" and is_lent(hint)}


def parameters_schema(struct: type[msgspec.Struct]) -> dict[str, Any]:
    """Return the struct's JSON Schema as one self-contained object schema."""
    (reference,), definitions = msgspec.json.schema_components([struct])
    schema: dict[str, Any] = definitions.pop(reference["$ref"].rpartition("/")[2])
    schema.pop("title")
    return schema | ({"$defs": definitions} if definitions else {})


def first_paragraph(function: Callable[..., Any]) -> str:
    """Return the docstring's first paragraph as one line; empty without a docstring."""
    return " ".join((inspect.getdoc(function) or "").partition("\n\n")[0].split())


def for_people(error: msgspec.ValidationError) -> str:
    """Say what is wrong with the arguments in a caller's words."""
    text = str(error).replace("$.", "")
    text = text.replace("Object contains unknown field", "unknown argument")
    return text.replace("Object missing required field", "missing argument")


def _fields(function: Callable[..., Any]) -> Iterator[Field]:
    hints = typing.get_type_hints(function, include_extras=True)
    for parameter in inspect.signature(function).parameters.values():
        if parameter.kind not in _NAMED or not is_lent(hints.get(parameter.name)):
            yield _field(parameter, hints)


def _field(parameter: inspect.Parameter, hints: dict[str, Any]) -> Field:
    if parameter.kind not in _NAMED:
        raise TypeError(f"parameter {parameter} can't be passed by name")
    if parameter.name not in hints:
        raise TypeError(f"parameter {parameter.name!r} has no annotation")
    if parameter.default is inspect.Parameter.empty:
        return parameter.name, hints[parameter.name]
    return parameter.name, hints[parameter.name], parameter.default
