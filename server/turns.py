"""How work that takes long on the hub lets everybody else have a turn."""

from __future__ import annotations

import gevent

MOST_SECONDS = 0.01
"""How long the loop may be busy with others before such work goes on all the same."""


def give_way() -> None:
    """Block the calling greenlet until the loop has nothing else to do, for 10 ms at the most.

    So whoever comes waits for one slice of that work, and a commit, which waits for such a moment, too, for no more.
    """
    with gevent.Timeout(MOST_SECONDS, False):  # noqa: FBT003 - its own way to say: raise nothing
        gevent.idle()
