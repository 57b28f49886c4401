"""Adding, changing and removing weekly hours and time off, one by one; what is booked stays as it is."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any
from uuid import UUID

from django.db import transaction

from appointments.days import today, zone
from appointments.hours.outside import Outside, left_outside, within_time_off
from appointments.planning import weekly_hours
from appointments.schedule_changes import tell_schedule
from appointments.schedules import (
    add_time_off,
    check_hours,
    check_time_off,
    hours_changed,
    lock_schedule,
    remove_time_off,
)
from appointments.working_days import wall_range
from mybcat import audit
from mybcat.errors import DomainError, UnknownId
from mybcat.principal import Principal
from practices.models import Location, Practice, Practitioner, TimeOff, WorkingHours

# Begins a day, or ends it.
MIDNIGHT = time()


@dataclass(frozen=True, slots=True)
class DaysOff:
    """From `starts` of the first day to `ends` of the last, as a clock on the wall shows it."""

    first_day: date
    last_day: date
    starts: time = MIDNIGHT
    ends: time = MIDNIGHT


class HoursOverlap(DomainError):
    code = "hours_overlap"
    status = 409
    sentence = "The practitioner works then already: change or remove those hours first"


def add_hours(
    *, practitioner_id: UUID, location_id: UUID, fields: dict[str, Any], preview: bool, by: Principal, now: datetime
) -> tuple[WorkingHours, Outside]:
    """The practitioner works there at these times, too; from today on where `fields` name no first day.

    `preview`: the answer is the same, and nothing is kept. Raises UnknownId, InvalidHours, HoursOverlap.
    """
    practitioner, location = _practitioner(practitioner_id), _location(location_id)

    def write() -> WorkingHours:
        first_day = today(now=now, time_zone=location.time_zone)
        row = WorkingHours(practitioner=practitioner, location=location, **{"valid_from": first_day, **fields})
        return _saved(row)

    return _applied(write, "added", practitioner=practitioner, preview=preview, by=by, now=now)


def change_hours(
    *, hours_id: UUID, fields: dict[str, Any], preview: bool, by: Principal, now: datetime
) -> tuple[WorkingHours, Outside]:
    """From now on they are so; what was before this moment stays. Raises and previews as `add_hours` does."""

    def write() -> WorkingHours:
        row = _hours(hours_id)
        changed = dict(fields)
        if "location_id" in changed:
            row.location = _location(changed.pop("location_id"))
        for name, value in changed.items():
            setattr(row, name, value)
        return _saved(row)

    practitioner = _hours(hours_id).practitioner
    return _applied(write, "changed", practitioner=practitioner, preview=preview, by=by, now=now)


def remove_hours(*, hours_id: UUID, preview: bool, by: Principal, now: datetime) -> Outside:
    """The practitioner does not work then any more. Raises UnknownId; previews as `add_hours` does."""

    def write() -> WorkingHours:
        row = _hours(hours_id)
        WorkingHours.objects.filter(id=row.id).delete()
        return row

    practitioner = _hours(hours_id).practitioner
    return _applied(write, "removed", practitioner=practitioner, preview=preview, by=by, now=now)[1]


def take_time_off(
    *,
    practitioner_id: UUID | None = None,
    location_id: UUID | None = None,
    days: DaysOff,
    reason: str,
    preview: bool,
    by: Principal,
    now: datetime,
) -> tuple[TimeOff, Outside]:
    """One practitioner's, one location's, both, or (neither) everybody's: on the location's clock, or the practice's
    where none is named.

    `preview`: the answer is the same, and nothing is kept. Raises UnknownId, InvalidTimeOff.
    """
    practitioner = _practitioner(practitioner_id) if practitioner_id else None
    location = _location(location_id) if location_id else None
    clock = zone(location.time_zone if location else Practice.objects.get().time_zone)
    starts_at, ends_at = wall_range(
        first=days.first_day, last=days.last_day, starts=days.starts, ends=days.ends, zone=clock
    )
    absence: dict[str, Any] = {
        "practitioner": practitioner,
        "location": location,
        "starts_at": starts_at,
        "ends_at": ends_at,
    }
    time_off = TimeOff(**absence, reason=reason)
    if preview:
        check_time_off(time_off)
    else:
        time_off = add_time_off(**absence, reason=reason, by=by, now=now)
        tell_schedule(time_off.practitioner_id, by=by, now=now)
        _record("time_off.added", "toff", time_off.id, by, now)
    return time_off, within_time_off(time_off=time_off, now=now)


def end_time_off(*, time_off_id: UUID, by: Principal, now: datetime) -> None:
    """It is off no more: what hours ask for is free again. Raises UnknownId."""
    time_off = TimeOff.objects.select_for_update(no_key=True).filter(id=time_off_id).first()
    if time_off is None:
        raise UnknownId(prefix="toff", value=time_off_id)
    remove_time_off(time_off=time_off, by=by, now=now)
    tell_schedule(time_off.practitioner_id, by=by, now=now)
    _record("time_off.removed", "toff", time_off_id, by, now)


def overlap(one: WorkingHours, other: WorkingHours) -> bool:
    """Whether on some day both hold at once, as the clocks on the walls show it."""
    return (
        one.weekday == other.weekday
        and one.starts < _end(other)
        and other.starts < _end(one)
        and one.valid_from < (other.valid_until or date.max)
        and other.valid_from < (one.valid_until or date.max)
    )


def _applied(
    write: Callable[[], WorkingHours],
    action: str,
    *,
    practitioner: Practitioner,
    preview: bool,
    by: Principal,
    now: datetime,
) -> tuple[WorkingHours, Outside]:
    with transaction.atomic():
        if not preview:
            # Whoever else changes this practitioner's hours waits here, and then sees these.
            lock_schedule(practitioner=practitioner, now=now)
        before = weekly_hours(practitioner)
        row = write()
        after = weekly_hours(practitioner)
        outside = left_outside(practitioner=practitioner, before=before, after=after, now=now)
        if preview:
            transaction.set_rollback(True)
        else:
            hours_changed(practitioner=practitioner, now=now)
            tell_schedule(practitioner.id, by=by, now=now)
            _record(f"working_hours.{action}", "pract", practitioner.id, by, now)
    return row, outside


def _saved(row: WorkingHours) -> WorkingHours:
    check_hours(row)
    others = WorkingHours.objects.filter(practitioner_id=row.practitioner_id, weekday=row.weekday).exclude(id=row.id)
    if any(overlap(row, other) for other in others):
        raise HoursOverlap
    row.save()
    return row


def _end(row: WorkingHours) -> time:
    return time.max if row.ends == MIDNIGHT else row.ends


def _practitioner(practitioner_id: UUID) -> Practitioner:
    found = Practitioner.objects.select_related("practice").filter(id=practitioner_id).first()
    if found is None:
        raise UnknownId(prefix="pract", value=practitioner_id)
    return found


def _location(location_id: UUID) -> Location:
    found = Location.objects.filter(id=location_id).first()
    if found is None:
        raise UnknownId(prefix="loc", value=location_id)
    return found


def _hours(hours_id: UUID) -> WorkingHours:
    found = WorkingHours.objects.select_related("practitioner__practice").filter(id=hours_id).first()
    if found is None:
        raise UnknownId(prefix="hours", value=hours_id)
    return found


def _record(action: str, kind: str, subject: UUID, by: Principal, now: datetime) -> None:
    audit.record(principal=by, action=action, object_kind=kind, object_ids=[subject], now=now)
