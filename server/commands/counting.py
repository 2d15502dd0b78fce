"""Numbers of things, for people."""


def counted(number: int, noun: str) -> str:
    """Return the number with its noun, which takes an s where there isn't one of it."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
