"""The calculator: arithmetic in one line."""

from actors.tools.expressions import evaluate
from actors.tools.tool import tool


@tool(timeout=5, idempotent=True)
def calculator(expression: str) -> int | float:
    """Work out an arithmetic expression such as "17% of 2,340", "(3 + 4)^2" or "sqrt(2) * pi".

    Never blocks. Whole numbers are exact; others are rounded to 12 significant digits.

    Args:
        expression: numbers, + - * / // % ** and parentheses, percentages, the usual functions, pi and e; at
            most 500 characters.

    Raises:
        ToolFailed: ``bad_expression``: it isn't arithmetic, has no real value, or is too long or too big.
    """
    return evaluate(expression)
