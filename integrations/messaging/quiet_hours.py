"""When patients are left alone: from 21:00 until 08:00 on the clock of the practice's wall."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

QUIET_FROM, QUIET_UNTIL = time(21), time(8)
# So much before the night begins, what cannot wait for its end is due: it is sent before it does.
_BEFORE = timedelta(minutes=15)


class Night(NamedTuple):
    """From `starts_at` until `ends_at` nobody is texted; `evening` is when what cannot wait goes out."""

    evening: datetime
    starts_at: datetime
    ends_at: datetime


def nights(*, since: datetime, until: datetime, time_zone: str) -> Iterator[Night]:
    """Those that begin between the days of both instants, both included."""
    zone = ZoneInfo(time_zone)
    day, last = since.astimezone(zone).date(), until.astimezone(zone).date()
    while day <= last:
        yield _night(day, zone)
        day += timedelta(days=1)


def quiet_until(*, now: datetime, time_zone: str) -> datetime | None:
    """The instant at which the night that `now` falls into ends; None by day."""
    zone = ZoneInfo(time_zone)
    local = now.astimezone(zone)
    # Instants are compared, not clock times: a night with a change of clocks is an hour shorter or longer.
    if now < (morning := _at(local.date(), QUIET_UNTIL, zone)):
        return morning
    if now >= _at(local.date(), QUIET_FROM, zone):
        return _at(local.date() + timedelta(days=1), QUIET_UNTIL, zone)
    return None


def reminder_due(*, wanted: datetime, starts_at: datetime, now: datetime, time_zone: str) -> datetime | None:
    """When to remind of an appointment, `wanted` being the time without quiet hours; None for not at all.

    What falls into the night waits for its end, unless the appointment begins by then: that reminder goes
    out before the night, and where the evening has passed already, it does not go out.
    """
    due = max(wanted, now)
    morning = quiet_until(now=due, time_zone=time_zone)
    if morning is None:
        return due if due < starts_at else None
    if morning < starts_at:
        return morning
    zone = ZoneInfo(time_zone)
    night = _night(morning.astimezone(zone).date() - timedelta(days=1), zone)
    return max(night.evening, now) if now < night.starts_at else None


def _night(day: date, zone: ZoneInfo) -> Night:
    starts_at = _at(day, QUIET_FROM, zone)
    return Night(starts_at - _BEFORE, starts_at, _at(day + timedelta(days=1), QUIET_UNTIL, zone))


def _at(day: date, clock: time, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, clock, zone).astimezone(UTC)
