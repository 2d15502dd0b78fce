"""Which siblings go down and come back with a child that failed."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


class Strategy(Enum):
    """OTP's restart strategies."""

    ONE_FOR_ONE = "one_for_one"
    ONE_FOR_ALL = "one_for_all"
    REST_FOR_ONE = "rest_for_one"

    def affected(self, order: Sequence[str], failed: str) -> tuple[str, ...]:
        """Return the ids that restart when ``failed`` did, in the order they start.

        They stop in the reverse of it. ``order`` is the supervisor's start order and holds ``failed``.
        """
        if self is Strategy.ONE_FOR_ONE:
            return (failed,)
        if self is Strategy.ONE_FOR_ALL:
            return tuple(order)
        return tuple(order[order.index(failed) :])
