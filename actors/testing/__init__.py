"""The testkit: what tests of actors need. Nothing outside tests imports it."""

from actors.testing.connection import RecordingConnection
from actors.testing.probe import Probe

__all__ = ["Probe", "RecordingConnection"]
