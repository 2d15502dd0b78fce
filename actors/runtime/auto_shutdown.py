"""When a supervisor ends because of children that did what they were for."""

from __future__ import annotations

from enum import Enum


class AutoShutdown(Enum):
    """OTP's auto_shutdown. Counted are significant children that ended by themselves and don't come back."""

    NEVER = "never"
    ANY_SIGNIFICANT = "any_significant"
    ALL_SIGNIFICANT = "all_significant"

    def follows(self, *, significant: bool, others_left: bool) -> bool:
        """Tell whether the end for good of one child ends its supervisor.

        Args:
            significant: whether that child was.
            others_left: whether other significant children live or will live again.
        """
        if not significant or self is AutoShutdown.NEVER:
            return False
        return self is AutoShutdown.ANY_SIGNIFICANT or not others_left
