"""Services that change when people work, and the slots with it, in one transaction."""

from collections.abc import Collection, Sequence
from datetime import date, datetime, time, timedelta
from uuid import UUID

import structlog
from django.db import transaction
from django.db.models import Q, QuerySet

from appointments.days import day_range, today
from appointments.models import Schedule
from appointments.planning import planned_slots
from appointments.regeneration import Change, regenerate, slots_touching
from mybcat.errors import InvalidInput
from mybcat.principal import Principal
from practices.models import Location, Practice, Practitioner, TimeOff, WorkingHours

logger = structlog.get_logger(__name__)


class InvalidHours(InvalidInput):
    code = "invalid_hours"
    sentence = "These working hours cannot be"


class InvalidTimeOff(InvalidInput):
    code = "invalid_time_off"
    sentence = "Time off must end after it starts"


# Who gives slots back shares the row; a regeneration takes it alone. Either way before slots are locked, and in one
# order where there are several.
_SHARE_SCHEDULES = """
    SELECT id, practice_id, practitioner_id, generated_until FROM appointments_schedule
    WHERE practice_id = %(practice)s AND practitioner_id = ANY(%(practitioners)s)
    ORDER BY practitioner_id FOR SHARE
"""


@transaction.atomic
def extend_horizon(*, practitioner: Practitioner, now: datetime) -> Change:
    """Make the slots that are missing from now to the practice's horizon; its first call makes the schedule."""
    schedule = lock_schedule(practitioner=practitioner, now=now)
    end = _horizon(practitioner.practice, now)
    if schedule.generated_until >= end:
        return Change()
    since = max(now, _midnight(schedule.generated_until, practitioner.practice))
    schedule.generated_until = end
    schedule.save(update_fields=("generated_until",))
    return regenerate(practitioner=practitioner, since=since, until=_midnight(end, practitioner.practice))


def due_practitioners(*, now: datetime) -> list[UUID]:
    """Active practitioners with hours, of the practice in scope, whose slots end before its horizon."""
    practice = Practice.objects.get()
    done = Schedule.objects.filter(generated_until__gte=_horizon(practice, now)).values("practitioner_id")
    due = _with_hours(practice).filter(is_active=True).exclude(id__in=done)
    return list(due.values_list("id", flat=True))


@transaction.atomic
def hours_changed(*, practitioner: Practitioner, now: datetime) -> Change:
    """Apply hours, time off, slot length, horizon or zone that were written by other means, from now on."""
    practice = practitioner.practice
    schedule = lock_schedule(practitioner=practitioner, now=now)
    end = _horizon(practice, now)
    until = max(end, schedule.generated_until)
    schedule.generated_until = end
    schedule.save(update_fields=("generated_until",))
    return regenerate(practitioner=practitioner, since=now, until=_midnight(until, practice))


@transaction.atomic
def practice_hours_changed(*, practice: Practice, now: datetime) -> Change:
    """`hours_changed` for everyone with hours: after a change of the practice or of a location."""
    people = list(_with_hours(practice).select_related("practice"))
    lock_schedules(people)
    return sum((hours_changed(practitioner=each, now=now) for each in people), Change())


@transaction.atomic
def replace_hours(*, practitioner: Practitioner, hours: Sequence[WorkingHours], by: Principal, now: datetime) -> Change:
    """The practitioner works at `hours` (unsaved rows) and at no other time, from now on. Raises InvalidHours."""
    for row in hours:
        check_hours(row)
        row.practitioner, row.practice = practitioner, practitioner.practice
    lock_schedule(practitioner=practitioner, now=now)
    WorkingHours.objects.filter(practice=practitioner.practice, practitioner=practitioner).delete()
    WorkingHours.objects.bulk_create(hours)
    change = hours_changed(practitioner=practitioner, now=now)
    _log("Working hours replaced", practitioner.practice_id, by, change, practitionerId=str(practitioner.id))
    return change


@transaction.atomic
def add_time_off(
    *,
    practitioner: Practitioner | None,
    location: Location | None,
    starts_at: datetime,
    ends_at: datetime,
    reason: str,
    by: Principal,
    now: datetime,
) -> TimeOff:
    """Close the free slots that overlap `[starts_at, ends_at)`: one's, a location's, or (neither) the practice's.

    Appointments in it stand until someone moves or cancels them. Raises InvalidTimeOff.
    """
    time_off = TimeOff(
        practice_id=by.practice_id,
        practitioner=practitioner,
        location=location,
        starts_at=starts_at,
        ends_at=ends_at,
        reason=reason,
    )
    check_time_off(time_off)
    time_off.save()
    change = _regenerate_around(time_off, now)
    _log("Time off added", by.practice_id, by, change, timeOffId=str(time_off.id))
    return time_off


@transaction.atomic
def remove_time_off(*, time_off: TimeOff, by: Principal, now: datetime) -> Change:
    """Undo `add_time_off`: what it had closed, and hours still ask for, is free again."""
    time_off_id = time_off.id
    time_off.delete()
    change = _regenerate_around(time_off, now)
    _log("Time off removed", by.practice_id, by, change, timeOffId=str(time_off_id))
    return change


def still_wanted(*, practitioner: Practitioner, since: datetime, until: datetime) -> frozenset[datetime]:
    """Starts of the slots touching `[since, until)` that hours ask for: such a slot, cancelled, may be free again.

    Until the transaction ends, nobody can apply other hours to this practitioner; ask before
    locking slots. Without a schedule, slots do not come from hours, and each is wanted.
    """
    schedule = next(iter(_shared(_SHARE_SCHEDULES, [practitioner.id], practitioner.practice_id)), None)
    return _wanted(schedule, practitioner, since, until)


def wanted_at_once(*, practitioner: Practitioner, since: datetime, until: datetime) -> frozenset[datetime] | None:
    """`still_wanted` for who has locked slots already, and so must not wait: None while others change the hours."""
    found = _shared(f"{_SHARE_SCHEDULES} SKIP LOCKED", [practitioner.id], practitioner.practice_id)
    if not found and Schedule.objects.filter(practitioner=practitioner).exists():
        return None
    return _wanted(next(iter(found), None), practitioner, since, until)


def share_schedules(*, practitioners: Collection[UUID], practice_id: UUID) -> None:
    """For who is about to lock slots of several: nobody applies other hours to any of them until the transaction ends.

    Who takes one practitioner's alone need not ask: everybody locks those in one order.
    """
    if practitioners:
        _shared(_SHARE_SCHEDULES, practitioners, practice_id)


def _shared(statement: str, practitioners: Collection[UUID], practice_id: UUID) -> list[Schedule]:
    ids = {"practice": practice_id, "practitioners": list(practitioners)}
    return list(Schedule.objects.raw(statement, ids))


def _wanted(
    schedule: Schedule | None, practitioner: Practitioner, since: datetime, until: datetime
) -> frozenset[datetime]:
    if schedule is None:
        touching = slots_touching(practitioner=practitioner, since=since, until=until)
        return frozenset(touching.values_list("starts_at", flat=True))
    planned = planned_slots(schedule=schedule, practitioner=practitioner, since=since, until=until)
    return frozenset(slot.starts_at for slot in planned)


def check_time_off(time_off: TimeOff) -> None:
    """Raises InvalidTimeOff where the table's constraint would refuse it."""
    if time_off.ends_at <= time_off.starts_at:
        raise InvalidTimeOff


def _regenerate_around(time_off: TimeOff, now: datetime) -> Change:
    people = Practitioner.objects.filter(practice_id=time_off.practice_id).select_related("practice").order_by("id")
    if time_off.practitioner_id is not None:
        people = people.filter(id=time_off.practitioner_id)
    everyone, since = list(people), max(time_off.starts_at, now)
    lock_schedules(everyone)
    return sum((regenerate(practitioner=each, since=since, until=time_off.ends_at) for each in everyone), Change())


def lock_schedules(people: Sequence[Practitioner]) -> None:
    """Of several, all before the slots of any: who moves an appointment from one to another has locked both's."""
    if len(people) > 1:
        rows = Schedule.objects.select_for_update(no_key=True).filter(practitioner__in=people)
        list(rows.order_by("practitioner_id"))


def _with_hours(practice: Practice) -> QuerySet[Practitioner]:
    """In the order in which schedules are locked. A calendar that was never made from hours is left alone."""
    working = WorkingHours.objects.filter(practice=practice).values("practitioner_id")
    made = Schedule.objects.filter(practice=practice).values("practitioner_id")
    return Practitioner.objects.filter(Q(id__in=working) | Q(id__in=made), practice=practice).order_by("id")


def lock_schedule(*, practitioner: Practitioner, now: datetime) -> Schedule:
    """The practitioner's schedule, made where it is missing, with no day done. Who has it alone changes the hours."""
    day = today(now=now, time_zone=practitioner.practice.time_zone)
    new = Schedule(practice=practitioner.practice, practitioner=practitioner, generated_until=day)
    Schedule.objects.bulk_create([new], ignore_conflicts=True)
    locked: Schedule = Schedule.objects.select_for_update(no_key=True).get(practitioner=practitioner)
    return locked


def check_hours(row: WorkingHours) -> None:
    """What the table's constraints say, as a refusal that names the member. Raises InvalidHours."""
    if row.weekday not in range(7):
        raise InvalidHours(fields={"weekday": ["0 (Monday) to 6"]})
    if row.ends != time() and row.ends <= row.starts:
        raise InvalidHours(fields={"ends": ["After the start; 00:00 is the end of the day"]})
    if row.valid_until is not None and row.valid_until <= row.valid_from:
        raise InvalidHours(fields={"validUntil": ["After the first day"]})


def _horizon(practice: Practice, now: datetime) -> date:
    """Exclusive: the first day without slots."""
    return today(now=now, time_zone=practice.time_zone) + timedelta(days=practice.horizon_days)


def _midnight(day: date, practice: Practice) -> datetime:
    """The start of the day on the practice's clock."""
    return day_range(first=day, last=day, time_zone=practice.time_zone)[0]


def _log(event: str, practice_id: UUID, by: Principal, change: Change, **ids: str) -> None:
    counts = {"opened": change.opened, "closed": change.closed}
    logger.info(event, practiceId=str(practice_id), principalId=str(by.id), **counts, **ids)
