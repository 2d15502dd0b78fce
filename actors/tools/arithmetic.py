"""The operations that an expression may use, each bounded in time and in the size of its result."""

import ast
import math
from collections.abc import Callable
from typing import Any, Final

import simpleeval  # type: ignore[import-untyped] # it ships no type hints

from actors.tools.errors import ToolFailed

MAX_BITS = 4_096  # of an integer: about 1,200 digits
MAX_FACTORIAL = 400
MAX_PLACES = 300


def bad_expression(message: str) -> ToolFailed:
    """Return the failure that says why an expression has no value."""
    return ToolFailed(code="bad_expression", message=message)


def bounded(value: int) -> int:
    """Return the integer, or refuse one that is too big to be of use.

    Raises:
        ToolFailed: ``bad_expression``.
    """
    if value.bit_length() > MAX_BITS:
        raise bad_expression("the number is too big")
    return value


def _power(base: float, exponent: float) -> Any:
    # simpleeval's own limit of 4,000,000 for each of the two still allows hours.
    if isinstance(base, int) and isinstance(exponent, int) and base.bit_length() * abs(exponent) > MAX_BITS:
        raise bad_expression("the number is too big")
    return base**exponent


def _product(left: float, right: float) -> float:
    product = left * right
    return bounded(product) if isinstance(product, int) else product


def _round(value: float, places: int = 0) -> float:
    if abs(places) > MAX_PLACES:
        raise bad_expression(f"round takes up to {MAX_PLACES} places")
    return round(value, places)


def _factorial(value: int) -> int:
    if value > MAX_FACTORIAL:
        raise bad_expression("the number is too big")
    return math.factorial(value)


CONSTANTS: Final = {"pi": math.pi, "e": math.e, "tau": math.tau}
OPERATORS: Final[dict[type[ast.AST], Callable[..., Any]]] = {
    **{
        node: simpleeval.DEFAULT_OPERATORS[node]
        for node in (ast.Add, ast.Sub, ast.Div, ast.FloorDiv, ast.Mod, ast.USub, ast.UAdd)
    },
    ast.Mult: _product,
    ast.Pow: _power,
}
FUNCTIONS: Final[dict[str, Callable[..., Any]]] = {
    **{
        name: getattr(math, name)
        for name in (
            *("sqrt", "exp", "log", "log2", "log10", "sin", "cos", "tan", "asin", "acos", "atan"),
            *("sinh", "cosh", "tanh", "degrees", "radians", "floor", "ceil", "hypot"),
        )
    },
    "ln": math.log,
    "abs": abs,
    "min": min,
    "max": max,
    "round": _round,
    "factorial": _factorial,
}
