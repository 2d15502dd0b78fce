"""How soon, and how often, who failed comes back: the policies of these tests, by name."""

from actors.runtime.backoff import Backoff
from actors.runtime.restarts import Intensity

AT_ONCE = Backoff(minimum=0.0, maximum=0.0, jitter=0.0)
SHORTLY = Backoff(minimum=0.02, factor=1.0, maximum=0.02, jitter=0.0)
SOON = Backoff(minimum=0.5, factor=1.0, maximum=0.5, jitter=0.0)
"""Long enough for a busy machine to ask in the meantime."""

LATER = Backoff(minimum=60.0, maximum=60.0)
PATIENT = Intensity(max_restarts=3, within=600.0)
