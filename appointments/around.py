"""What stands in one practitioner's calendar around a time, read with one statement: a caller waits for the answer."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from django.db import connection

from appointments.blockers import Held, Taken
from appointments.days import zone
from appointments.models import Slot
from appointments.regeneration import LONGEST_APPOINTMENT, LONGEST_SLOT
from appointments.working_days import WeeklyPeriod
from mybcat.principal import Principal
from practices.models import AppointmentType, Practitioner

# The day of an instant, on whatever clock, of 25 hours at most.
_DAY = timedelta(hours=26)

# Each set as parallel arrays, which arrive as Python's own values; one row for each would be four round trips.
_AROUND = """
    SELECT * FROM (
        SELECT array_agg(starts_at), array_agg(ends_at), array_agg(status), array_agg(time_zone) FROM (
            SELECT slot.starts_at, slot.ends_at, slot.status, place.time_zone
            FROM appointments_slot AS slot JOIN practices_location AS place
                ON place.practice_id = slot.practice_id AND place.id = slot.location_id
            WHERE slot.practice_id = %(practice)s AND slot.practitioner_id = %(practitioner)s
                AND slot.starts_at > %(first)s AND slot.starts_at < %(last)s
            ORDER BY slot.starts_at
        ) AS each
    ) AS slots, (
        SELECT array_agg(starts_at), array_agg(ends_at), array_agg(location_id), array_agg(practitioner_id IS NULL)
        FROM practices_timeoff
        WHERE practice_id = %(practice)s AND (practitioner_id = %(practitioner)s OR practitioner_id IS NULL)
            AND ends_at > %(since)s AND starts_at < %(until)s
    ) AS absences, (
        SELECT array_agg(occupied_from), array_agg(occupied_until), array_agg(starts_at), array_agg(ends_at) FROM (
            SELECT occupied_from, occupied_until, starts_at, ends_at FROM appointments_appointment
            WHERE practice_id = %(practice)s AND practitioner_id = %(practitioner)s
                AND status IN ('booked', 'arrived', 'fulfilled') AND NOT overbooked
                -- Bounds the walk through the index, which knows starts alone.
                AND starts_at > %(taken_from)s AND starts_at < %(taken_until)s
                AND occupied_until > %(since)s AND occupied_from < %(until)s
                AND NOT id = ANY(%(moving)s::uuid[])
            ORDER BY starts_at
        ) AS each
    ) AS taken, (
        SELECT array_agg(occupied_from), array_agg(occupied_until), array_agg(name) FROM (
            SELECT time.occupied_from, time.occupied_until, holder.name
            FROM appointments_heldtime AS time JOIN appointments_hold AS hold
                ON hold.practice_id = time.practice_id AND hold.id = time.hold_id
            LEFT JOIN practices_user AS holder ON holder.id = hold.holder_id
            WHERE time.practice_id = %(practice)s AND time.practitioner_id = %(practitioner)s
                AND time.occupied_until > %(since)s AND time.occupied_from < %(until)s
                -- By others, now, as the database's clock has it.
                AND hold.expires_at > clock_timestamp() AND hold.holder_id <> %(holder)s
            ORDER BY time.starts_at
        ) AS each
    ) AS held, (
        SELECT array_agg(period.weekday), array_agg(period.starts), array_agg(period.ends),
               array_agg(period.location_id), array_agg(place.time_zone),
               array_agg(period.valid_from), array_agg(period.valid_until)
        FROM practices_workinghours AS period JOIN practices_location AS place
            ON place.practice_id = period.practice_id AND place.id = period.location_id AND place.is_active
        WHERE period.practice_id = %(practice)s AND period.practitioner_id = %(practitioner)s AND %(active)s
    ) AS hours, (
        SELECT EXISTS (SELECT FROM appointments_appointmentblock WHERE practice_id = %(practice)s)
            OR EXISTS (SELECT FROM appointments_appointmentcap
                       WHERE practice_id = %(practice)s AND appointment_type_id = %(type)s)
    ) AS ruled, (
        SELECT ARRAY(SELECT id FROM practices_practitioner WHERE practice_id = %(practice)s AND is_active ORDER BY id),
               ARRAY(SELECT id FROM practices_location WHERE practice_id = %(practice)s AND is_active ORDER BY id)
    ) AS active
"""


class Stood(NamedTuple):
    """A slot of the calendar, and the clock of its place."""

    starts_at: datetime
    ends_at: datetime
    status: str
    time_zone: str

    @property
    def closed(self) -> bool:
        return self.status == Slot.Status.BUSY_UNAVAILABLE


class Away(NamedTuple):
    """Time off: of the practitioner, or a closure of the place, or of the practice where `location_id` is None."""

    starts_at: datetime
    ends_at: datetime
    location_id: UUID | None
    closure: bool


@dataclass(frozen=True, slots=True)
class Around:
    """By time: slots of the days around, and what touches the time that the appointment would occupy."""

    slots: list[Stood]
    absences: list[Away]
    taken: list[Taken]
    held: list[Held]
    # Weekly, of all dates.
    hours: list[WeeklyPeriod]
    # Whether the practice has blocks, or caps of the type: most have none.
    ruled: bool
    # Of the whole practice, at which one can be booked.
    practitioners: list[UUID]
    locations: list[UUID]

    def touching(self, since: datetime, until: datetime) -> list[Stood]:
        """The slots that overlap `[since, until)`."""
        return [slot for slot in self.slots if slot.starts_at < until and slot.ends_at > since]


def around(
    *,
    practitioner: Practitioner,
    appointment_type: AppointmentType,
    starts_at: datetime,
    occupied: tuple[datetime, datetime],
    by: Principal,
    moving: Collection[UUID],
) -> Around:
    """Of the practitioner's, in the practice in scope. What `by` holds, and the appointments `moving`, are left out."""
    since, until = occupied
    parameters: dict[str, Any] = {
        "practice": practitioner.practice_id,
        "practitioner": practitioner.id,
        "active": practitioner.is_active,
        "type": appointment_type.id,
        "first": starts_at - _DAY - LONGEST_SLOT,
        "last": starts_at + _DAY,
        "since": since,
        "until": until,
        "taken_from": since - LONGEST_APPOINTMENT,
        # The longest buffer before.
        "taken_until": until + timedelta(hours=2),
        "moving": list(moving),
        "holder": by.id,
    }
    with connection.cursor() as cursor:
        cursor.execute(_AROUND, parameters)
        columns = cursor.fetchone()
    return Around(
        slots=[Stood(*row) for row in _rows(columns[:4])],
        absences=[Away(*row) for row in _rows(columns[4:8])],
        taken=[Taken(*row) for row in _rows(columns[8:12])],
        held=[Held(*row) for row in _rows(columns[12:15])],
        hours=[_period(*row) for row in _rows(columns[15:22])],
        ruled=columns[22],
        practitioners=columns[23],
        locations=columns[24],
    )


def _period(
    weekday: int,
    starts: time,
    ends: time,
    location_id: UUID,
    time_zone: str,
    valid_from: date,
    valid_until: date | None,
) -> WeeklyPeriod:
    return WeeklyPeriod(weekday, starts, ends, location_id, zone(time_zone), valid_from, valid_until)


def _rows(columns: tuple[list[Any] | None, ...]) -> Iterator[tuple[Any, ...]]:
    """An aggregate of no rows is NULL."""
    return zip(*(column or () for column in columns), strict=True)
