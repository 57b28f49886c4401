"""Adding and changing locations; another clock moves the free time, and a place with appointments to come stays."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from appointments.hours.outside import MOST_TOLD, Outside, left_outside
from appointments.models import Appointment, Slot
from appointments.planning import weekly_hours
from appointments.schedule_changes import tell_schedule
from appointments.schedules import practice_hours_changed
from appointments.working_days import WeeklyPeriod
from mybcat import audit
from mybcat.errors import DomainError, UnknownId
from mybcat.principal import Principal
from practices.models import Location, Practitioner, WorkingHours

NOBODY = Outside(0, ())


class LocationInUse(DomainError):
    """`appointments`: how many; 0 where a time is held there, for minutes at most."""

    code = "location_in_use"
    status = 409
    sentence = "Appointments to come stand at this location, or times are held there: move or cancel them first"

    def __init__(self, appointments: int) -> None:
        super().__init__()
        self.members = {"appointments": appointments}


def add_location(*, fields: dict[str, Any], by: Principal, now: datetime) -> Location:
    """A new one, where nobody has hours yet."""
    added: Location = Location.objects.create(**fields)
    _record("location.added", added, by, now)
    return added


def change_location(
    *, location_id: UUID, fields: dict[str, Any], by: Principal, now: datetime
) -> tuple[Location, Outside]:
    """Another zone: the hours are on its clock, and what is booked stays at its instant and is told where it then
    lies outside of them. Not active: free time closes. Raises UnknownId, LocationInUse.
    """
    rows = Location.objects.select_related("practice").select_for_update(no_key=True, of=("self",))
    location = rows.filter(id=location_id).first()
    if location is None:
        raise UnknownId(prefix="loc", value=location_id)
    stood = (location.time_zone, location.is_active)
    before = _hours_at(location) if "time_zone" in fields else {}
    for name, value in fields.items():
        setattr(location, name, value)
    location.save(update_fields=fields)
    if (location.time_zone, location.is_active) != stood:
        practice_hours_changed(practice=location.practice, now=now)
        tell_schedule(None, by=by, now=now)
    if stood[1] and not location.is_active:
        refuse_in_use(location, now=now)
    _record("location.changed", location, by, now)
    return location, NOBODY if location.time_zone == stood[0] else _outside(before, location, now)


def refuse_in_use(location: Location, *, now: datetime) -> None:
    """After the free time was closed: who was booking one of those slots has booked it by now, or never will.

    Raises LocationInUse.
    """
    held = Slot.objects.filter(location=location, hold__expires_at__gt=now, ends_at__gt=now)
    standing = Appointment.objects.filter(
        location=location, ends_at__gt=now, status__in=(Appointment.Status.BOOKED, Appointment.Status.ARRIVED)
    )
    if (coming := standing.count()) or held.exists():
        raise LocationInUse(coming)


def _hours_at(location: Location) -> dict[Practitioner, Sequence[WeeklyPeriod]]:
    working = WorkingHours.objects.filter(location=location).values("practitioner_id")
    people = Practitioner.objects.filter(id__in=working, is_active=True).order_by("id")
    return {each: weekly_hours(each) for each in people}


def _outside(before: Mapping[Practitioner, Sequence[WeeklyPeriod]], location: Location, now: datetime) -> Outside:
    """Of all who work there. A place that was or is not active has no hours to lie outside of."""
    found = [
        left_outside(practitioner=each, before=stood, after=weekly_hours(each), now=now)
        for each, stood in before.items()
        if location.is_active
    ]
    soonest = sorted((row for one in found for row in one.soonest), key=lambda row: (row.starts_at, row.id))
    return Outside(sum(one.count for one in found), soonest[:MOST_TOLD])


def _record(action: str, location: Location, by: Principal, now: datetime) -> None:
    audit.record(principal=by, action=action, object_kind="loc", object_ids=[location.id], now=now)
