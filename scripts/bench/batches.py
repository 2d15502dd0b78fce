"""A load that goes step by step, for whoever counts: each line of its standard input is one question a connection.

    python -m scripts.bench.batches PORT CONNECTIONS FIRST

It says ``ready``, ``asked`` once all questions are under way, and ``answered`` once all turns are over.
"""

import sys

from scripts.bench.dialects import Greenroom
from scripts.bench.load import Tab


def main(port: int, connections: int, first: int) -> None:
    """Connect, and ask as told until the standard input ends."""
    dialect = Greenroom(port)
    tabs = [Tab(dialect, index, "127.0.0.1") for index in range(first, first + connections)]
    _say("ready")
    for _ in sys.stdin:
        for tab in tabs:
            tab.ask()
        _say("asked")
        for tab in tabs:
            while tab.read() is None:
                pass
        _say("answered")


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
