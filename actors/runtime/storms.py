"""When so many children fail at once that beginning new ones would feed the fire."""

from __future__ import annotations

from typing import NamedTuple

RESTARTS = 50
"""How many restarts over all children make a storm."""

WITHIN = 10.0
"""Within how many seconds."""

CALM = RESTARTS // 2
"""With how many it has passed: fewer than begin one, or a supervisor at the brink would flap."""


class Weather(NamedTuple):
    """When the last restarts were (monotonic seconds), and whether they are a storm."""

    restarts: tuple[float, ...] = ()
    storm: bool = False


def another(weather: Weather, now: float) -> Weather:
    """Return the weather after one more restart at ``now``."""
    # What makes the storm is enough to know; a longer list would cost more the worse it gets.
    recent = (*_recent(weather, now), now)[-RESTARTS:]
    return Weather(recent, storm=weather.storm or len(recent) >= RESTARTS)


def later(weather: Weather, now: float) -> Weather:
    """Return the weather at ``now``, when nothing more happened."""
    recent = _recent(weather, now)
    return Weather(recent, storm=weather.storm and len(recent) >= CALM)


def _recent(weather: Weather, now: float) -> tuple[float, ...]:
    return tuple(at for at in weather.restarts if now - at < WITHIN)
