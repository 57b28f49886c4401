"""What one practitioner's hours and absences, as stored now, ask for."""

from datetime import datetime, timedelta

from django.db.models import Q

from appointments.days import day_range, zone
from appointments.models import Schedule
from appointments.working_days import Absence, Interval, WeeklyPeriod, plan_slots
from practices.models import Practitioner, TimeOff, WorkingHours


def planned_slots(
    *, schedule: Schedule, practitioner: Practitioner, since: datetime, until: datetime
) -> list[Interval]:
    """Slots that touch `[since, until)`, by time, up to the schedule's end, whatever is taken.

    None for a practitioner, or at a location, that is not active.
    """
    practice = practitioner.practice
    end, _ = day_range(first=schedule.generated_until, last=schedule.generated_until, time_zone=practice.time_zone)
    # Time off may be entered for good, and there is nothing behind the end.
    until = min(until, end)
    # A zone's day may begin a day before UTC's or after it, and an earlier stay may decide where a later one starts.
    margin = timedelta(days=2)
    slots = plan_slots(
        hours=weekly_hours(practitioner),
        absences=_absences(practitioner, since - margin, until + margin),
        slot_minutes=practice.slot_minutes,
        since=(since - margin).date(),
        until=(until + margin).date(),
    )
    return [slot for slot in slots if slot.ends_at > since and slot.starts_at < until]


def weekly_hours(practitioner: Practitioner) -> list[WeeklyPeriod]:
    """Of all dates; none for a practitioner, or at a location, that is not active."""
    if not practitioner.is_active:
        return []
    rows = WorkingHours.objects.filter(
        practice_id=practitioner.practice_id, practitioner=practitioner, location__is_active=True
    )
    return [
        WeeklyPeriod(
            weekday=row.weekday,
            starts=row.starts,
            ends=row.ends,
            location_id=row.location_id,
            zone=zone(row.location.time_zone),
            valid_from=row.valid_from,
            valid_until=row.valid_until,
        )
        for row in rows.select_related("location")
    ]


def _absences(practitioner: Practitioner, since: datetime, until: datetime) -> list[Absence]:
    rows = TimeOff.objects.filter(
        Q(practitioner=practitioner) | Q(practitioner=None),
        practice_id=practitioner.practice_id,
        ends_at__gt=since,
        starts_at__lt=until,
    )
    return [Absence(row.starts_at, row.ends_at, row.location_id) for row in rows]
