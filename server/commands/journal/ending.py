"""How a command ends that writes until somebody has had enough of it."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def ending_quietly() -> Iterator[None]:
    """Take Ctrl-C, and a reader of the output who has gone, for the good ends that they are."""
    try:
        yield
    except KeyboardInterrupt:
        pass
    except BrokenPipeError:
        # Python flushes once more when it exits, into the same broken pipe.
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)
