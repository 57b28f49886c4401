"""Days as a practice means them: from midnight to midnight on its own clock."""

from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo


@cache
def zone(name: str) -> ZoneInfo:
    """The zone of an IANA name."""
    return ZoneInfo(name)


def day_range(*, first: date, last: date, time_zone: str) -> tuple[datetime, datetime]:
    """`[start of first, end of last)` as UTC instants; 23 and 25 hours long where clocks change."""
    midnight = [datetime.combine(day, time(), zone(time_zone)) for day in (first, last + timedelta(days=1))]
    return midnight[0].astimezone(UTC), midnight[1].astimezone(UTC)


def today(*, now: datetime, time_zone: str) -> date:
    """The day that it is there."""
    return now.astimezone(zone(time_zone)).date()
