"""Arithmetic as people write it, evaluated within bounds."""

import ast
import math
from typing import Any, Final

import simpleeval  # type: ignore[import-untyped] # it ships no type hints

from actors.tools.arithmetic import CONSTANTS, FUNCTIONS, OPERATORS, bad_expression, bounded
from actors.tools.notation import tokens
from actors.tools.rounding import tidy

_NODES: Final = (ast.Expr, ast.BinOp, ast.UnaryOp, ast.Call, ast.Name, ast.Constant)


def evaluate(text: str) -> int | float:
    """Work out what an arithmetic expression comes to, in bounded time.

    Raises:
        ToolFailed: ``bad_expression``: it isn't arithmetic, has no real value, or is too long or too big.
    """
    # Spaces keep two tokens from becoming one of Python's, such as 1if.
    source = " ".join(tokens(text))
    try:
        return _real(_evaluator().eval(source))
    except ZeroDivisionError as error:
        raise bad_expression("division by zero") from error
    except OverflowError as error:
        raise bad_expression("the number is too big") from error
    except (simpleeval.InvalidExpression, SyntaxError, ValueError, TypeError, RecursionError, MemoryError) as error:
        raise bad_expression(f"{text.strip()!r} isn't arithmetic that has a value") from error


def _evaluator() -> Any:
    evaluator = simpleeval.SimpleEval(operators=OPERATORS, functions=FUNCTIONS, names=CONSTANTS)
    evaluator.nodes = {node: evaluator.nodes[node] for node in _NODES}
    return evaluator


def _real(value: Any) -> int | float:
    if isinstance(value, int):
        return bounded(value)
    if isinstance(value, complex):
        raise bad_expression("the result isn't a real number")
    if not math.isfinite(value):
        raise bad_expression("the number is too big")
    return tidy(value)
