"""Third next available appointment: how far away care is, whatever a lucky cancellation has just freed."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import groupby
from uuid import UUID

from appointments.availability import WINDOWS, Start, earliest_of_each
from appointments.days import today
from practices.models import AppointmentType, Location, Practitioner

# practice_slot_minutes_divide_an_hour: none is shorter.
_SHORTEST_SLOT = 5


@dataclass(frozen=True, slots=True)
class ThirdNext:
    """When the third appointment of a type could begin with a practitioner; None: fewer than three are free."""

    type_code: str
    type_name: str
    practitioner_id: UUID
    practitioner_name: str
    starts_at: datetime | None
    days: int | None


def third_next(*, now: datetime, time_zone: str) -> list[ThirdNext]:
    """For each active type and practitioner, by name, as of `now`.

    IHI's measure: the days, weekends and days off included, from today to the third appointment that is still to be
    had, on the clock of `time_zone`; 0 is today. The first and the second may be there by chance, the third tells how
    long patients wait. Appointments that overlap are one: an hour that has just become free is not three of them.
    """
    practitioners = {row.id: row.name for row in Practitioner.objects.active()}
    locations = list(Location.objects.active().values_list("id", flat=True))
    here = today(now=now, time_zone=time_zone)
    lines = []
    for kind in AppointmentType.objects.active():
        thirds = _thirds(kind, practitioners, locations, now=now)
        for practitioner, name in practitioners.items():
            at = thirds.get(practitioner)
            days = (today(now=at, time_zone=time_zone) - here).days if at else None
            lines.append(ThirdNext(kind.code, kind.name, practitioner, name, at, days))
    return sorted(
        lines, key=lambda line: (line.type_name, line.type_code, line.practitioner_name, line.practitioner_id)
    )


def _thirds(
    kind: AppointmentType, practitioners: Collection[UUID], locations: Collection[UUID], *, now: datetime
) -> dict[UUID, datetime]:
    """By practitioner; whoever has three soon is not asked for the whole year."""
    found: dict[UUID, datetime] = {}
    for window in WINDOWS:
        left = [practitioner for practitioner in practitioners if practitioner not in found]
        if not left:
            break
        free = earliest_of_each(
            appointment_type=kind,
            practitioners=left,
            locations=locations,
            since=now,
            until=now + window,
            count=2 * -(-_minutes(kind) // _SHORTEST_SLOT) + 1,
        )
        for practitioner, theirs in groupby(free, key=lambda start: start.practitioner_id):
            third = _third(theirs, kind)
            if third is not None:
                found[practitioner] = third
    return found


def _third(theirs: Iterable[Start], kind: AppointmentType) -> datetime | None:
    """Of one practitioner's starts, by time: the third of those that can all be booked."""
    length, taken_until, count = timedelta(minutes=_minutes(kind)), datetime.min.replace(tzinfo=UTC), 0
    for start in theirs:
        if start.starts_at >= taken_until:
            taken_until, count = start.starts_at + length, count + 1
            if count == 3:
                return start.starts_at
    return None


def _minutes(kind: AppointmentType) -> int:
    """From one start to the next that can be booked beside it."""
    return kind.buffer_before_minutes + kind.duration_minutes + kind.buffer_after_minutes
