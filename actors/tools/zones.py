"""Time zones by the names that people use for them: an IANA name, a city, a country with one."""

import difflib
import functools
import zoneinfo
from typing import Final

from actors.tools.errors import ToolFailed

MAX_LENGTH = 64  # characters of a zone's name
_SUGGESTIONS = 3

# Cities that people ask for, and whose zone is named after another.
_CITIES: Final = {
    "bangalore": "Asia/Kolkata",
    "barcelona": "Europe/Madrid",
    "beijing": "Asia/Shanghai",
    "bergen": "Europe/Oslo",
    "boston": "America/New_York",
    "cape town": "Africa/Johannesburg",
    "delhi": "Asia/Kolkata",
    "geneva": "Europe/Zurich",
    "hamburg": "Europe/Berlin",
    "kyoto": "Asia/Tokyo",
    "miami": "America/New_York",
    "milan": "Europe/Rome",
    "montreal": "America/Toronto",
    "mumbai": "Asia/Kolkata",
    "munich": "Europe/Berlin",
    "new delhi": "Asia/Kolkata",
    "nyc": "America/New_York",
    "osaka": "Asia/Tokyo",
    "rio de janeiro": "America/Sao_Paulo",
    "san francisco": "America/Los_Angeles",
    "seattle": "America/Los_Angeles",
    "st petersburg": "Europe/Moscow",
    "tel aviv": "Asia/Jerusalem",
    "washington": "America/New_York",
}


def zone_named(name: str) -> zoneinfo.ZoneInfo:
    """Return the time zone of an IANA name or of a city: "Europe/Oslo", "oslo", "New York".

    Reads the zone's file on its first use.

    Raises:
        ToolFailed: ``unknown_zone``, with the nearest names.
    """
    wanted = _folded(name)
    key = _zones().get(wanted)
    if key is None:
        raise ToolFailed(code="unknown_zone", message=_unknown(name, wanted))
    return zoneinfo.ZoneInfo(key)


@functools.cache
def _zones() -> dict[str, str]:
    """Return every zone by its folded name and by its last part, the city."""
    names = sorted(zoneinfo.available_timezones())
    cities = {_folded(name.rpartition("/")[2]): name for name in names if name.count("/") == 1 and name[:4] != "Etc/"}
    return cities | _CITIES | {_folded(name): name for name in names}


def _folded(name: str) -> str:
    return " ".join(name[:MAX_LENGTH].replace("_", " ").casefold().split())


def _unknown(name: str, wanted: str) -> str:
    near = difflib.get_close_matches(wanted, _zones(), n=_SUGGESTIONS)
    names = ", ".join(dict.fromkeys(_zones()[match] for match in near))
    hint = f"; did you mean {names}?" if names else ""
    return f"I don't know a time zone or city named {name.strip()[:MAX_LENGTH]!r}{hint}"
