"""Names of units as people write them, and the registry that knows what they mean."""

import functools
import re
from typing import Any, Final

import pint

from actors.tools.errors import ToolFailed

MAX_LENGTH = 60  # characters of a unit's name

# Names joined by *, / or a space, each with a small power at most. What pint's parser would take beyond this
# is arithmetic, and m**9**9**9 keeps it busy for ever.
_LETTER = r"[^\W\d¹²³⁰⁴-⁹]"
_NAME = rf"{_LETTER}*°?{_LETTER}+(?:\^|\*\*)?[1-4²³]?"
_UNIT = re.compile(rf"%|{_NAME}(?:\s*[*/\s]\s*{_NAME}){{0,5}}")

# What pint doesn't know, or takes for something else: its F is farad, its C coulomb.
_SYNONYMS: Final = {
    "c": "degC",
    "f": "degF",
    "k": "kelvin",
    "deg c": "degC",
    "deg f": "degF",
    "degree c": "degC",
    "degree f": "degF",
    "degrees c": "degC",
    "degrees f": "degF",
    "degree celsius": "degC",
    "degrees celsius": "degC",
    "degree fahrenheit": "degF",
    "degrees fahrenheit": "degF",
    "centigrade": "degC",
    "degrees centigrade": "degC",
    "kmh": "kilometer/hour",
    "km/h": "kilometer/hour",
    "nautical mile": "nautical_mile",
    "nautical miles": "nautical_mile",
    "fluid ounce": "fluid_ounce",
    "fluid ounces": "fluid_ounce",
    "fl oz": "fluid_ounce",
    "light year": "light_year",
    "light years": "light_year",
    "sqft": "foot**2",
    "sqm": "meter**2",
    "lbs": "pound",
    "stones": "stone",
    "mins": "minute",
    "secs": "second",
    "hrs": "hour",
}
_PREFIXED_POWER = re.compile(r"\b(?:(sq|square)|(cubic))\s+([^\W\d]+)")
_TRAILING_POWER = re.compile(r"(?<=[^\W\d])\^?([2-4])\b")


def unit_named(name: str) -> Any:
    """Return pint's unit for a name such as "miles", "°C", "km/h" or "square feet".

    The first call builds the registry, which takes about a quarter of a second.

    Raises:
        ToolFailed: ``unknown_unit``: no such unit, or no name of one.
    """
    plain = " ".join(name.split())
    if len(plain) > MAX_LENGTH or not _UNIT.fullmatch(plain):
        raise _unknown(name)
    for spelling in _spellings(plain):
        try:
            return registry().parse_units(spelling)
        except (pint.PintError, ValueError, TypeError, AttributeError):
            continue  # the next spelling may be the one
    raise _unknown(name)


@functools.cache
def registry() -> Any:
    """Return the process's one unit registry, built when it is first asked for: that is slow."""
    return pint.UnitRegistry()


def _spellings(name: str) -> tuple[str, ...]:
    # Case counts where it can (mW, MW); KM and Miles are read only when nothing else is meant.
    folded = name.casefold()
    return _SYNONYMS.get(folded, _powers(name)), _powers(folded)


def _powers(name: str) -> str:
    """Write powers as pint does: square feet and feet^2 as feet**2."""
    name = _PREFIXED_POWER.sub(lambda unit: f"{unit[3]}**{2 if unit[1] else 3}", name)
    return _TRAILING_POWER.sub(r"**\1", name)


def _unknown(name: str) -> ToolFailed:
    return ToolFailed(code="unknown_unit", message=f"I don't know the unit {name.strip()[:MAX_LENGTH]!r}")
