import time

import pytest

from actors.tools import ToolFailed
from actors.tools.convert_units import convert_units


@pytest.mark.parametrize(
    ("value", "source", "target", "result", "symbol"),
    [
        (10, "miles", "km", 16.09344, "km"),
        (5, "KM", "Miles", 3.10685596119, "mi"),
        (2, "pounds", "grams", 907.18474, "g"),
        (2, "lbs", "kg", 0.90718474, "kg"),
        (1, "gallon", "litres", 3.785411784, "l"),
        (100, "F", "C", 37.7777777778, "°C"),
        (0, "°C", "°F", 32, "°F"),
        (20, "degrees celsius", "kelvin", 293.15, "K"),
        (-40, "fahrenheit", "celsius", -40, "°C"),
        (60, "mph", "km/h", 96.56064, "km/h"),
        (1, "square feet", "m2", 0.09290304, "m²"),
        (1, "cubic metres", "litres", 1000, "l"),
        (1, "MW", "mW", 1e9, "mW"),
        (2, "nautical miles", "m", 3704, "m"),
    ],
)
def test_a_quantity_is_given_in_the_other_unit(value, source, target, result, symbol):
    assert convert_units(value, source, target) == {"value": result, "unit": symbol}


def refused(value: float, source: str, target: str) -> str:
    with pytest.raises(ToolFailed) as refusal:
        convert_units(value, source, target)
    return refusal.value.code


@pytest.mark.parametrize(
    "unit", ["blargs", "", "  ", "5 m", "m**9**9**9", "(m)", "m" * 100, "m+m", "__class__", "m²²²"]
)
def test_what_is_no_unit_is_refused_at_once(unit: str):
    convert_units(1, "m", "km")  # the registry is slow to build, and this is about the unit
    began = time.perf_counter()
    assert refused(1, unit, "m") == "unknown_unit"
    assert time.perf_counter() - began < 0.5


def test_units_of_different_things_do_not_convert():
    assert refused(1, "km", "kg") == "incompatible_units"


@pytest.mark.parametrize("value", [1e308, float("inf"), float("nan")])
def test_a_result_that_is_no_number_is_refused(value: float):
    assert refused(value, "km", "mm") == "out_of_range"
