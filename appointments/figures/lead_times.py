"""Lead time: how long before their appointments patients booked them."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

from django.db import connection

from appointments.days import day_range
from appointments.models import Appointment
from mybcat.tenancy import current_scope
from practices.models import AppointmentType


class LeadBy(StrEnum):
    """What lead times are told apart by."""

    TYPE = "type"
    DAY = "day"


@dataclass(frozen=True, slots=True)
class Lead:
    """Of appointments of one type, or of one day: how many, and the days from booking to start."""

    # A type's code, or a date.
    group: str
    name: str
    appointments: int
    median_days: float
    p90_days: float


# Calendar days, as people count them: booked at eleven at night for the next morning is one day, not a third of one.
# percentile_cont, as spreadsheets reckon it (PERCENTILE.INC).
_LEADS = """
    SELECT {group}, count(*),
           percentile_cont(0.5) WITHIN GROUP (ORDER BY days), percentile_cont(0.9) WITHIN GROUP (ORDER BY days)
    FROM (
        SELECT appointment_type_id, (starts_at AT TIME ZONE %(zone)s)::date AS day,
               (starts_at AT TIME ZONE %(zone)s)::date - (booked_at AT TIME ZONE %(zone)s)::date AS days
        FROM appointments_appointment
        WHERE practice_id = %(practice)s AND starts_at >= %(since)s AND starts_at < %(until)s
          AND status = ANY(%(statuses)s) AND booked_at <= starts_at
    ) waited
    GROUP BY 1 ORDER BY 1
"""
_GROUPS = {LeadBy.TYPE: "appointment_type_id", LeadBy.DAY: "day"}
# Whoever did not come had waited as long.
_STOOD = [*Appointment.OCCUPYING, Appointment.Status.NOSHOW]


def leads(*, since: date, until: date, by: LeadBy, time_zone: str) -> list[Lead]:
    """Of appointments that begin from `since` to `until`, both included, on the clock of `time_zone`.

    Days are calendar days on that clock, 0 being the same day. An appointment that was moved counts from when it was
    first booked to when it begins now. Cancelled ones, those entered in error and those recorded after they had begun
    are left out.
    """
    start, end = day_range(first=since, last=until, time_zone=time_zone)
    with connection.cursor() as cursor:
        cursor.execute(
            _LEADS.format(group=_GROUPS[by]),
            {
                "zone": time_zone,
                "practice": current_scope().practice_id,
                "since": start,
                "until": end,
                "statuses": [str(status) for status in _STOOD],
            },
        )
        rows = cursor.fetchall()
    shown = _types(rows) if by == LeadBy.TYPE else _days(rows)
    lines = [_lead(shown[group], count, half, most) for group, count, half, most in rows]
    return sorted(lines, key=lambda line: (line.name, line.group))


def _lead(shown: tuple[str, str], count: int, half: float, most: float) -> Lead:
    group, name = shown
    return Lead(group, name, count, round(half, 1), round(most, 1))


def _days(rows: list[Any]) -> dict[Any, tuple[str, str]]:
    return {row[0]: (row[0].isoformat(), "") for row in rows}


def _types(rows: list[Any]) -> dict[Any, tuple[str, str]]:
    found = AppointmentType.objects.filter(id__in=[row[0] for row in rows])
    return {row.id: (row.code, row.name) for row in found}
