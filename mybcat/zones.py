"""The time zones that a practice or a location may be in, by their IANA names."""

from functools import cache
from zoneinfo import available_timezones


@cache
def zone_names() -> tuple[str, ...]:
    """By name; without the names that only some machines have, and that name no place."""
    names = sorted(name for name in available_timezones() if "/" in name and not name.startswith("Etc/"))
    return (*names, "UTC")
