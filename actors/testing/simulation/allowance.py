"""How much may still go wrong in one simulation."""

from __future__ import annotations


class Allowance:
    """So many injections, by whoever takes them first."""

    def __init__(self, injections: int) -> None:
        """Allow so many."""
        self._left = injections

    def take(self) -> bool:
        """Use one up; tell whether there was one."""
        self._left -= 1
        return self._left >= 0

    def close(self) -> None:
        """Allow nothing more."""
        self._left = 0
