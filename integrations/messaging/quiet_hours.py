"""When patients are left alone: from 21:00 until 08:00 on the clock of the practice's wall."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

QUIET_FROM, QUIET_UNTIL = time(21), time(8)


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
    # A quarter of an hour before the night begins, so that it is sent before it does.
    evening = _at(morning.astimezone(zone).date() - timedelta(days=1), QUIET_FROM, zone) - timedelta(minutes=15)
    return max(evening, now) if now < evening + timedelta(minutes=15) else None


def _at(day: date, clock: time, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, clock, zone).astimezone(UTC)
