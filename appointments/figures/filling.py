"""Fill rate: how much of the time that could be booked was booked."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

from django.db.models import DurationField, F, Q, Sum
from django.db.models.functions import TruncDate

from appointments.days import day_range, zone
from appointments.models import Slot
from practices.models import Practitioner

_LENGTH = F("ends_at") - F("starts_at")


@dataclass(frozen=True, slots=True)
class Filled:
    """One practitioner's day: minutes that were open to patients, and those of them that appointments take."""

    date: date
    practitioner_id: UUID
    name: str
    bookable_minutes: int
    booked_minutes: int

    @property
    def rate(self) -> float:
        """From 0 to 1: nothing is listed without a bookable minute."""
        return round(self.booked_minutes / self.bookable_minutes, 4)


def filled(*, since: date, until: date, time_zone: str) -> list[Filled]:
    """Days from `since` to `until`, both included, on the clock of `time_zone`, in order, then by name.

    Bookable is each slot that stands: free, held or taken, not those that absences and changed hours have closed.
    Booked are those that an appointment takes, its buffers among them, also where the patient did not come; an
    overbooked one takes none. So nobody is more than full. Days without a bookable minute are not listed.
    """
    start, end = day_range(first=since, last=until, time_zone=time_zone)
    standing = Slot.objects.starting_between(start, end).exclude(status=Slot.Status.BUSY_UNAVAILABLE)
    rows = (
        standing.annotate(day=TruncDate("starts_at", tzinfo=zone(time_zone)))
        .values("day", "practitioner_id")
        .annotate(
            bookable=Sum(_LENGTH, output_field=DurationField()),
            booked=Sum(
                _LENGTH,
                filter=Q(status=Slot.Status.BUSY),
                default=timedelta(),
                output_field=DurationField(),
            ),
        )
    )
    found = list(rows)
    names = _names([row["practitioner_id"] for row in found])
    lines = [
        Filled(
            date=row["day"],
            practitioner_id=row["practitioner_id"],
            name=names[row["practitioner_id"]],
            bookable_minutes=_minutes(row["bookable"]),
            booked_minutes=_minutes(row["booked"]),
        )
        for row in found
    ]
    return sorted(lines, key=lambda line: (line.date, line.name, line.practitioner_id))


def _names(practitioners: Sequence[UUID]) -> dict[UUID, str]:
    return dict(Practitioner.objects.filter(id__in=set(practitioners)).values_list("id", "name"))


def _minutes(length: timedelta) -> int:
    return int(length.total_seconds()) // 60
