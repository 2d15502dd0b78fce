"""The testkit: what tests of actors and agents need. Nothing outside tests imports it."""

from actors.session.promises import PromiseBroken, check_acked, check_log
from actors.testing.blast_radius import blast_radius
from actors.testing.clock import ManualClock
from actors.testing.connection import RecordingConnection
from actors.testing.doubles import Crashes, Hangs, IgnoresShutdown, Spins
from actors.testing.house import House, Tab
from actors.testing.leaks import clean_runtime
from actors.testing.probe import Probe
from actors.testing.settling import settle

__all__ = [
    "Crashes",
    "Hangs",
    "House",
    "IgnoresShutdown",
    "ManualClock",
    "Probe",
    "PromiseBroken",
    "RecordingConnection",
    "Spins",
    "Tab",
    "blast_radius",
    "check_acked",
    "check_log",
    "clean_runtime",
    "settle",
]
