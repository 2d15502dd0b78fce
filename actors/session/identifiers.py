"""The ids of sessions, runs and tool calls: a letter for the kind, and 64 random bits."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from random import Random


def new_id(kind: str, random: Random) -> str:
    """Return a new id such as ``r_5f0c…``. It names; it doesn't authorize."""
    return f"{kind}_{random.getrandbits(64):016x}"


def default_session_id(user_id: str) -> str:
    """Return the id of a user's default session, known before the session is made."""
    return f"s_{user_id.removeprefix('u_')}"
