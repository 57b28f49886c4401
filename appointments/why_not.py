"""Why an appointment cannot be at a time, and the nearest times at which it can."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from appointments.around import Around, around
from appointments.availability import Start
from appointments.blockers import Absence, Blocker, Code, Day, Wanted, blockers
from appointments.blocks.in_sentences import ruled_out
from appointments.blocks.rules import been_here
from appointments.days import day_range, zone
from appointments.facts import Facts
from appointments.models import Slot
from appointments.nearest import nearest_starts
from appointments.resources.assigning import taken_categories
from appointments.self_service import Window, window
from appointments.wishes import Wishes
from appointments.working_days import Interval, plan_slots
from mybcat.principal import Principal
from practices.models import AppointmentType, Location, Practitioner


@dataclass(frozen=True, slots=True)
class Explained:
    """No blockers: it can be booked. `nearest`: times of the same practitioner, then of others, nearest first."""

    starts_at: datetime
    ends_at: datetime
    blockers: list[Blocker]
    nearest: list[Start]


def why_not(
    *,
    appointment_type: AppointmentType,
    practitioner: Practitioner,
    location: Location | None,
    starts_at: datetime,
    new_patient: bool | None,
    patient_id: UUID | None,
    by: Principal,
    now: datetime,
    moving: Collection[UUID] = (),
) -> Explained:
    """Everything that stands against an appointment of that type then, in the practice in scope.

    `location`: where; None: wherever the practitioner is that day. `new_patient`, `patient_id` None: not known.
    `moving`: the appointments that would leave their places for it, whose time stands against nothing; nor does what
    `by` holds.
    """
    there = around(
        practitioner=practitioner,
        appointment_type=appointment_type,
        starts_at=starts_at,
        occupied=_occupied(appointment_type, starts_at),
        by=by,
        moving=moving,
    )
    wanted = _wanted(appointment_type, practitioner, location, starts_at, there)
    allowed = window(by=by, now=now)
    rules = (
        ()
        if not there.ruled
        else ruled_out(wanted, appointment_type, practitioner, location, by=by, moving=moving, patient_id=patient_id)
    )
    found = [
        *_self_service(wanted, allowed, now=now),
        *_of_their_own(wanted, appointment_type, practitioner, location, new_patient, now=now),
        *blockers(wanted=wanted, day=_day(wanted, practitioner, location, there)),
        *_resources(wanted, appointment_type, location, by=by, moving=moving),
        *rules,
    ]
    nearest = nearest_starts(
        appointment_type=appointment_type,
        practitioner_id=practitioner.id,
        practitioners=there.practitioners,
        locations=[location.id] if location else there.locations,
        wanted=starts_at,
        now=allowed.since,
        wishes=Wishes(been_here=been_here(patient_id), ruled=there.ruled),
    )
    nearest = [start for start in nearest if start.starts_at < allowed.until]
    return Explained(wanted.starts_at, wanted.ends_at, found, nearest)


def why_not_slot(
    *,
    slot_id: UUID,
    type_code: str,
    patient_id: UUID | None,
    by: Principal,
    now: datetime,
    moving: Collection[UUID] = (),
) -> Explained:
    """Likewise of a slot that could not be booked. Raises Slot.DoesNotExist, AppointmentType.DoesNotExist."""
    slot = Slot.objects.select_related("practitioner__practice", "location").get(id=slot_id)
    return why_not(
        appointment_type=AppointmentType.objects.get(code=type_code),
        practitioner=slot.practitioner,
        location=slot.location,
        starts_at=slot.starts_at,
        new_patient=None,
        patient_id=patient_id,
        by=by,
        now=now,
        moving=moving,
    )


def _occupied(appointment_type: AppointmentType, starts_at: datetime) -> tuple[datetime, datetime]:
    """With its buffers."""
    return (
        starts_at - timedelta(minutes=appointment_type.buffer_before_minutes),
        starts_at + timedelta(minutes=appointment_type.duration_minutes + appointment_type.buffer_after_minutes),
    )


def _wanted(
    appointment_type: AppointmentType,
    practitioner: Practitioner,
    location: Location | None,
    starts_at: datetime,
    there: Around,
) -> Wanted:
    occupied_from, occupied_until = _occupied(appointment_type, starts_at)
    return Wanted(
        practitioner=practitioner.name,
        starts_at=starts_at,
        ends_at=starts_at + timedelta(minutes=appointment_type.duration_minutes),
        occupied_from=occupied_from,
        occupied_until=occupied_until,
        zone=zone(location.time_zone if location else _clock(practitioner, there, starts_at)),
    )


def _clock(practitioner: Practitioner, there: Around, instant: datetime) -> str:
    """Of the place where the practitioner's slots are around then."""
    half = timedelta(hours=12)
    after, before = there.touching(instant, instant + half), there.touching(instant - half, instant)
    near = after[:1] or before[-1:]
    return near[0].time_zone if near else practitioner.practice.time_zone


def _of_their_own(
    wanted: Wanted,
    appointment_type: AppointmentType,
    practitioner: Practitioner,
    location: Location | None,
    new_patient: bool | None,
    *,
    now: datetime,
) -> list[Blocker]:
    """What stands against it whatever the calendar says."""
    found = []
    if wanted.starts_at <= now:
        found.append(Blocker(Code.PAST, "That time has passed"))
    practice = practitioner.practice
    today = now.astimezone(zone(practice.time_zone)).date()
    if (last := today + timedelta(days=practice.horizon_days - 1)) < wanted.day:
        sentence = f"The calendar is open until {last:%B} {last.day}, {last.year}"
        found.append(Blocker(Code.BEYOND_HORIZON, sentence, facts=Facts(last_day=last)))
    if not practitioner.is_active:
        sentence = f"{practitioner.name} does not see patients any more"
        found.append(Blocker(Code.PRACTITIONER_INACTIVE, sentence, facts=Facts(practitioner=practitioner.name)))
    if location is not None and not location.is_active:
        sentence = f"Patients are not seen at {location.name} any more"
        found.append(Blocker(Code.LOCATION_INACTIVE, sentence, facts=Facts(location=location.name)))
    wrong = AppointmentType.Audience.RETURNING if new_patient else AppointmentType.Audience.NEW
    if new_patient is not None and appointment_type.audience == wrong:
        who = "new" if appointment_type.audience == AppointmentType.Audience.NEW else "returning"
        facts = Facts(appointment_type=appointment_type.name, audience=who)
        found.append(Blocker(Code.AUDIENCE, f"{appointment_type.name} is for {who} patients", facts=facts))
    return found


def _self_service(wanted: Wanted, allowed: Window, *, now: datetime) -> list[Blocker]:
    """What stands against it where a program asks."""
    if now < wanted.starts_at < allowed.since:
        sentence = f"Call the practice for a time before {_at(wanted, allowed.since)}"
        return [Blocker(Code.TOO_SOON, sentence, until=allowed.since)]
    if wanted.starts_at >= allowed.until:
        sentence = f"Call the practice for a time after {_at(wanted, allowed.last_moment)}"
        return [Blocker(Code.TOO_FAR_AHEAD, sentence, since=allowed.until)]
    return []


def _at(wanted: Wanted, instant: datetime) -> str:
    day = instant.astimezone(wanted.zone).date()
    return f"{wanted.clock(instant)} on {day:%A, %B} {day.day}"


def _resources(
    wanted: Wanted,
    appointment_type: AppointmentType,
    location: Location | None,
    *,
    by: Principal,
    moving: Collection[UUID],
) -> list[Blocker]:
    """Where the appointment would be at no place in particular, what places have says nothing."""
    if location is None or not appointment_type.resource_categories:
        return []
    since, until = wanted.occupied_from, wanted.occupied_until
    lacking = taken_categories(
        categories=appointment_type.resource_categories,
        location_id=location.id,
        span=(since, until),
        mine=(by.id, *moving),
    )
    return [
        Blocker(Code.RESOURCE, f"No {lacked} is free {wanted.span(since, until)}", since, until, Facts(resource=lacked))
        for lacked in (category.replace("_", " ") for category in lacking)
    ]


def _day(wanted: Wanted, practitioner: Practitioner, location: Location | None, there: Around) -> Day:
    since, until = day_range(first=wanted.day, last=wanted.day, time_zone=wanted.zone.key)
    slots = plan_slots(
        hours=there.hours,
        absences=(),
        slot_minutes=practitioner.practice.slot_minutes,
        since=wanted.day,
        until=wanted.day + timedelta(days=1),
    )
    here = [slot for slot in slots if location is None or slot.location_id == location.id]
    stood = there.touching(since, until)
    return Day(
        hours=_stays(here),
        weekdays=frozenset(each.weekday for each in there.hours if location is None or each.location_id == location.id),
        absences=_absences(there, location),
        taken=there.taken,
        held=there.held,
        closed=[(slot.starts_at, slot.ends_at) for slot in stood if slot.closed],
        starts=frozenset(slot.starts_at for slot in stood) or frozenset(slot.starts_at for slot in here),
    )


def _stays(slots: Sequence[Interval]) -> list[Interval]:
    """Slots that follow one another at one place, as one stay."""
    stays: list[Interval] = []
    for slot in slots:
        if stays and (stays[-1].ends_at, stays[-1].location_id) == (slot.starts_at, slot.location_id):
            stays[-1] = stays[-1]._replace(ends_at=slot.ends_at)
        else:
            stays.append(slot)
    return stays


def _absences(there: Around, location: Location | None) -> list[Absence]:
    """A closed place says nothing where the practitioner could be at another one."""
    places = {None} if location is None else {None, location.id}
    return [Absence(row.starts_at, row.ends_at, row.closure) for row in there.absences if row.location_id in places]
