"""Which session a client's thread is. Pure.

AG-UI's clients make up the ids of their threads. Such an id is turned into a session's by a hash of it and of the
user: the same one for the same user for ever, without a table, and nobody else's whoever says the same id.
"""

from __future__ import annotations

import hashlib
import re

_OURS = re.compile(r"s_[0-9a-f]+")


def names_a_session(thread_id: str) -> bool:
    """Tell whether a thread's id has the form of our own: then it is that session or none, and none is made for it."""
    return _OURS.fullmatch(thread_id) is not None


def session_of_thread(user_id: str, thread_id: str) -> str:
    """Return the id of the session that a user's thread is."""
    if names_a_session(thread_id):
        return thread_id
    # No id of a user holds a null character, so no two pairs are written in one way.
    return "t_" + hashlib.sha256(f"{user_id}\0{thread_id}".encode()).hexdigest()[:32]
