"""Numbers as people expect to read them."""

DIGITS = 12
# A float holds this many decimal digits whatever the number.
_SURE_DIGITS = 15


def tidy(value: float, digits: int = DIGITS) -> int | float:
    """Round off what binary floats add to decimals: 0.1 + 0.2 is 0.3, and 6 / 2 is 3.

    Args:
        value: an int, which is kept as it is, or a finite float.
        digits: significant digits to keep; more where the whole part has more, as far as a float is sure of them.
    """
    if isinstance(value, int):
        return value
    rounded = float(f"{value:.{digits if abs(value) < 10**digits else _SURE_DIGITS}g}")
    return int(rounded) if rounded.is_integer() and abs(rounded) < 10**_SURE_DIGITS else rounded
