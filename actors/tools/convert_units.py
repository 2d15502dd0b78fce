"""The converter: a quantity in another unit."""

import math
from typing import TypedDict

import pint

from actors.tools.errors import ToolFailed
from actors.tools.rounding import tidy
from actors.tools.tool import tool
from actors.tools.units import registry, unit_named


class Quantity(TypedDict):
    """A value and the symbol of its unit."""

    value: float
    unit: str


@tool(timeout=10, idempotent=True)
def convert_units(value: float, source: str, target: str) -> Quantity:
    """Convert a value from one unit to another: lengths, masses, temperatures, volumes, speeds, data and the like.

    The process's first call takes about a quarter of a second; no call waits for anything.

    Args:
        value: how many of the source unit.
        source: a unit's name or symbol, such as "miles", "lb", "°C" or "km/h".
        target: the unit to convert to.

    Raises:
        ToolFailed: ``unknown_unit``; ``incompatible_units``: the two measure different things; ``out_of_range``:
            the result is no finite number.
    """
    origin, goal = unit_named(source), unit_named(target)
    try:
        converted = float(registry().Quantity(value, origin).to(goal).magnitude)
    except pint.DimensionalityError as error:
        message = f"{source} and {target} measure different things"
        raise ToolFailed(code="incompatible_units", message=message) from error
    except (pint.PintError, ArithmeticError) as error:
        raise _out_of_range(value, source, target) from error
    if not math.isfinite(converted):
        raise _out_of_range(value, source, target)
    return {"value": tidy(converted), "unit": f"{goal:~P}"}


def _out_of_range(value: float, source: str, target: str) -> ToolFailed:
    return ToolFailed(code="out_of_range", message=f"{value:g} {source} can't be given in {target}")
