"""Actors that note what befalls them, and others; and what is read of such notes."""

from actors.runtime.actor import Actor, receives
from actors.runtime.messages import Down


class Hooked(Actor):
    """Notes each hook that is called."""

    def __init__(self, chronicle):
        self.chronicle = chronicle

    def on_start(self):
        self.chronicle.note("on_start")

    def on_receive(self, message):
        return message(self)

    def on_terminate(self, reason):
        self.chronicle.note("on_terminate", reason.kind)
        super().on_terminate(reason)

    def on_stop(self):
        self.chronicle.note("on_stop")

    def on_failure(self, exception_type, exception_value, traceback):
        assert exception_value.__traceback__ is traceback
        self.chronicle.note("on_failure", exception_type)


class Watcher(Actor):
    """Monitors who it is told to and notes what it hears."""

    def __init__(self, chronicle):
        self.chronicle = chronicle

    @receives(Down)
    def _on_down(self, down):
        self.chronicle.note("down", down.address, down.incarnation, down.reason.kind)

    def on_receive(self, message):
        return message(self)


def starts(chronicle):
    """Return who has started, in which life."""
    return [entry[1:] for entry in chronicle.about("start")]


def ends(chronicle):
    """Return who has ended."""
    return [entry[1] for entry in chronicle.about("end")]
