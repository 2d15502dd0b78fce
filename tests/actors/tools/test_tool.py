"""A tool is a function with a schema, and refuses what it can't describe."""

from typing import Annotated, Any, NamedTuple

import pytest
from msgspec import Meta, Struct

from actors.tools import BadArguments, Call, Tool, tool


@tool(timeout=10, secret=("key",), roles=("teller",))
def exchange_rate(base: str, quote: str = "NOK", *, key: str | None = None) -> float:
    """Today's rate from one currency to another.

    More that no model needs.
    """
    return float(len(base) + len(quote) + len(key or ""))


def test_a_tool_is_named_and_described_by_its_function():
    assert exchange_rate.name == "exchange_rate"
    assert exchange_rate.description == "Today's rate from one currency to another."


def test_the_schema_lists_types_defaults_and_what_is_required():
    assert exchange_rate.parameters == {
        "type": "object",
        "properties": {
            "base": {"type": "string"},
            "quote": {"type": "string", "default": "NOK"},
            "key": {"anyOf": [{"type": "string"}, {"type": "null"}], "default": None},
        },
        "required": ["base"],
        "additionalProperties": False,
    }


def test_the_rules_of_the_decorator_are_kept():
    assert exchange_rate.timeout == 10
    assert exchange_rate.secret == {"key"}
    assert exchange_rate.roles == {"teller"}
    assert not exchange_rate.idempotent


def test_a_plain_decorator_has_the_defaults():
    @tool
    def plain() -> None: ...

    assert isinstance(plain, Tool)
    assert (plain.timeout, plain.idempotent, plain.secret, plain.description) == (None, False, frozenset(), "")


def test_a_name_can_be_given():
    @tool(name="rate")
    def exchange() -> None: ...

    assert exchange.name == "rate"


def test_a_tool_is_called_as_the_function_that_it_was():
    assert exchange_rate("EUR", quote="USD") == 6.0


def test_a_call_is_written_down_without_being_made():
    assert exchange_rate.call(base="EUR") == Call(exchange_rate, {"base": "EUR"})


def test_binding_fills_in_the_defaults():
    assert exchange_rate.bind({"base": "EUR"}) == {"base": "EUR", "quote": "NOK", "key": None}


def test_binding_takes_a_whole_number_for_a_float():
    @tool
    def half(value: float) -> float:
        return value / 2

    assert half.bind({"value": 4}) == {"value": 4.0}


def test_binding_a_parameter_called_self_or_tool_works():
    @tool
    def odd(self: int, tool: int) -> int:
        return self + tool

    assert odd(**odd.call(self=1, tool=2).arguments) == 3


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({}, "exchange_rate: missing argument `base`"),
        ({"base": "EUR", "extra": 1}, "exchange_rate: unknown argument `extra`"),
        ({"base": 3}, "exchange_rate: Expected `str`, got `int` - at `base`"),
        ({"base": "EUR", "quote": None}, "exchange_rate: Expected `str`, got `null` - at `quote`"),
    ],
)
def test_wrong_arguments_are_refused_in_words_for_people(arguments: dict[str, Any], message: str):
    with pytest.raises(BadArguments) as refusal:
        exchange_rate.bind(arguments)
    assert str(refusal.value) == message


def test_a_constraint_is_in_the_schema_and_is_kept():
    @tool
    def wait(seconds: Annotated[float, Meta(ge=0)]) -> None: ...

    assert wait.parameters["properties"]["seconds"] == {"type": "number", "minimum": 0}
    with pytest.raises(BadArguments):
        wait.bind({"seconds": -1})


class Point(NamedTuple):
    x: int
    y: int


class Place(Struct):
    name: str


def test_a_nested_types_definition_travels_with_the_schema():
    @tool
    def visit(place: Place) -> None: ...

    assert visit.parameters["properties"]["place"] == {"$ref": "#/$defs/Place"}
    assert visit.parameters["$defs"]["Place"]["required"] == ["name"]


def test_binding_converts_to_the_annotated_type():
    @tool
    def move(point: Point) -> None: ...

    assert move.bind({"point": [1, 2]}) == {"point": Point(1, 2)}


def no_annotation(value): ...


def no_json(value: complex): ...


def variadic(*values: int): ...


def by_position(value: int, /): ...


def undefined(value: "Nowhere"): ...  # type: ignore[name-defined] # noqa: F821 - what is tested


@pytest.mark.parametrize("function", [no_annotation, no_json, variadic, by_position, undefined])
def test_a_signature_that_json_cannot_carry_is_refused_by_name(function: Any):
    with pytest.raises(TypeError, match=f"tool '{function.__name__}': "):
        tool(function)


@pytest.mark.parametrize(
    ("rules", "message"),
    [
        ({"timeout": 0}, "timeout"),
        ({"secret": ("nothing",)}, "secret names no parameter of it: nothing"),
        ({"secret": "value"}, "one string"),
        ({"name": "two words"}, "a name has"),
    ],
)
def test_rules_that_cannot_be_kept_are_refused(rules: dict[str, Any], message: str):
    with pytest.raises(TypeError, match=message):

        @tool(**rules)
        def passed(value: int) -> None: ...


def test_a_tool_is_not_made_a_tool_twice():
    with pytest.raises(TypeError, match="'exchange_rate' is a tool already"):
        tool(exchange_rate)
