"""How a command ends that writes until somebody has had enough of it."""

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import gevent
from gevent.event import Event


@contextmanager
def ending_quietly() -> Iterator[None]:
    """Take a reader of the output who has gone for the good end that it is."""
    try:
        yield
    except BrokenPipeError:
        # Python flushes once more when it exits, into the same broken pipe.
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)


def on_ctrl_c() -> Event:
    """Return what is set by Ctrl-C from now on: as an exception gevent would print it before anybody can catch it."""
    pressed = Event()
    gevent.signal_handler(signal.SIGINT, pressed.set)
    return pressed
