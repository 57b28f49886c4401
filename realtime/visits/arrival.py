"""When the clinician will be there: from the distance left and how fast they were of late."""

from math import asin, ceil, cos, exp, radians, sin, sqrt
from typing import NamedTuple

from django.conf import settings
from django.utils.module_loading import import_string

_EARTH_METRES = 6_371_000.0
# Streets are longer than the crow's way: about this much, in towns.
_DETOUR = 1.3
# In town, before anything is known of the drive; and the slowest that is believed: no red light lasts for ever.
USUAL, SLOWEST = 8.0, 3.0
# Seconds by which two thirds of what was before are forgotten: a red light is shorter, a jam is longer.
_MEMORY = 90.0
# Faster than anybody drives: a jump of the receiver, which says nothing about speed.
_FASTEST = 70.0


class Point(NamedTuple):
    """In degrees, WGS 84."""

    latitude: float
    longitude: float


def metres_between(a: Point, b: Point) -> float:
    """Along the great circle (haversine)."""
    north, east = radians(b.latitude - a.latitude), radians(b.longitude - a.longitude)
    chord = sin(north / 2) ** 2 + cos(radians(a.latitude)) * cos(radians(b.latitude)) * sin(east / 2) ** 2
    return 2 * _EARTH_METRES * asin(sqrt(min(1.0, chord)))


def recent_speed(before: float | None, *, metres: float, seconds: float) -> float | None:
    """Metres a second as of late, after this stretch; a longer one says more, however often a device reports."""
    latest = metres / seconds if seconds > 0 else _FASTEST
    if latest >= _FASTEST:
        return before
    kept = exp(-seconds / _MEMORY)
    return (1 - kept) * latest + kept * (USUAL if before is None else before)


def by_distance(here: Point, there: Point, metres_per_second: float | None) -> float:
    """A router: seconds until arrival, without a map. settings.VISIT_ROUTER may name a better one."""
    speed = USUAL if metres_per_second is None else max(metres_per_second, SLOWEST)
    return metres_between(here, there) * _DETOUR / speed


def eta(here: Point, there: Point | None, metres_per_second: float | None) -> str | None:
    """In a patient's words, such as `4 min` or `1 h 5 min`; None where nobody knows the destination."""
    if there is None:
        return None
    minutes = max(1, ceil(import_string(settings.VISIT_ROUTER)(here, there, metres_per_second) / 60))
    hours, rest = divmod(minutes, 60)
    return " ".join([*([f"{hours} h"] if hours else []), *([f"{rest} min"] if rest or not hours else [])])
