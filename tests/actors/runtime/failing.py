"""Ways to fail, as messages to actors that do what they are told."""

import pytest


def fail(_):
    """Raise, whatever the actor."""
    raise ValueError("no")


def fails_in(*lives):
    """Raise in these lives of an actor, and in no other."""

    def begin(child):
        if child.incarnation in lives:
            raise ValueError("no")

    return begin


def crash(ref):
    """Have an actor's handler raise; returns when it has."""
    with pytest.raises(ValueError, match="no"):
        ref.ask(fail)
