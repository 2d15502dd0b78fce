"""How work that takes long on the hub lets everybody else have a turn."""

from __future__ import annotations

import gevent

_A_TURN = 1e-6
"""Of a sleep of no seconds the loop makes callbacks alone; only for a timer it looks at its sockets as well."""


def give_way() -> None:
    """Block the calling greenlet until the others who can run, and those whose sockets are ready, had a turn."""
    gevent.sleep(_A_TURN)
