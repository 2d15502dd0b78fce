"""The kill drill: a real server that is killed at any moment while people use it, and what must be true afterwards.

::

    drill                       rounds of load, kill and restart; then the end, and the verdict
     ├─ life                    the server between its start and its kill
     ├─ person ── tab           who uses it: each tab has a client of the published library, which outlives the kills
     │   ├─ recorder            what crossed the sockets of a client
     │   ├─ correspondence      what was sent under message ids, and how each send was answered
     │   └─ transcript          what a session showed to all who watched
     ├─ verdict                 logs against transcripts and correspondences
     └─ report                  what there was to see
"""

from scripts.drilling.drill import Drill, Plan
from scripts.drilling.report import Report

__all__ = ["Drill", "Plan", "Report"]
