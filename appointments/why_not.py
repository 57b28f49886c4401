"""Why an appointment cannot be at a time, and the nearest times at which it can."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import Q

from appointments.availability import Start, next_starts, starts
from appointments.blockers import Absence, Blocker, Code, Day, Held, Taken, Wanted, blockers
from appointments.blocks.in_sentences import ruled_out
from appointments.blocks.rules import been_here
from appointments.days import day_range, zone
from appointments.holds import Clock
from appointments.models import Appointment, HeldTime, Slot
from appointments.planning import weekly_hours
from appointments.regeneration import LONGEST_APPOINTMENT, slots_touching
from appointments.resources.assigning import taken_categories
from appointments.self_service import Window, window
from appointments.wishes import Wishes
from appointments.working_days import Interval, plan_slots
from mybcat.principal import Principal
from practices.models import AppointmentType, Location, Practitioner, TimeOff, User

# A caller hears a handful; earlier times are looked for in the days before only.
NEAREST = 2
BEFORE = timedelta(days=3)


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
    wanted = _wanted(appointment_type, practitioner, location, starts_at)
    allowed = window(by=by, now=now)
    found = [
        *_self_service(wanted, allowed, now=now),
        *_of_their_own(wanted, appointment_type, practitioner, location, new_patient, now=now),
        *blockers(wanted=wanted, day=_day(wanted, practitioner, location, by=by, moving=moving)),
        *_resources(wanted, appointment_type, location, by=by, moving=moving),
        *ruled_out(wanted, appointment_type, practitioner, location, by=by, moving=moving, patient_id=patient_id),
    ]
    known = been_here(patient_id)
    nearest = _nearest(appointment_type, practitioner, location, starts_at, now=allowed.since, known=known)
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


def _wanted(
    appointment_type: AppointmentType, practitioner: Practitioner, location: Location | None, starts_at: datetime
) -> Wanted:
    ends_at = starts_at + timedelta(minutes=appointment_type.duration_minutes)
    return Wanted(
        practitioner=practitioner.name,
        starts_at=starts_at,
        ends_at=ends_at,
        occupied_from=starts_at - timedelta(minutes=appointment_type.buffer_before_minutes),
        occupied_until=ends_at + timedelta(minutes=appointment_type.buffer_after_minutes),
        zone=_clock(practitioner, location, starts_at),
    )


def _clock(practitioner: Practitioner, location: Location | None, instant: datetime) -> ZoneInfo:
    """Of the location; where none is named, of the place where the practitioner's slots are around then."""
    if location is None:
        around = slots_touching(practitioner=practitioner, since=instant - timedelta(hours=12), until=instant)
        after = slots_touching(practitioner=practitioner, since=instant, until=instant + timedelta(hours=12))
        slot = after.order_by("starts_at").first() or around.order_by("-starts_at").first()
        location = slot.location if slot else None
    return zone(location.time_zone if location else practitioner.practice.time_zone)


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
        found.append(Blocker(Code.BEYOND_HORIZON, f"The calendar is open until {last:%B} {last.day}, {last.year}"))
    if not practitioner.is_active:
        found.append(Blocker(Code.PRACTITIONER_INACTIVE, f"{practitioner.name} does not see patients any more"))
    if location is not None and not location.is_active:
        found.append(Blocker(Code.LOCATION_INACTIVE, f"Patients are not seen at {location.name} any more"))
    wrong = {True: AppointmentType.Audience.RETURNING, False: AppointmentType.Audience.NEW}.get(new_patient)  # type: ignore[arg-type]
    if wrong is not None and appointment_type.audience == wrong:
        who = "new" if appointment_type.audience == AppointmentType.Audience.NEW else "returning"
        found.append(Blocker(Code.AUDIENCE, f"{appointment_type.name} is for {who} patients"))
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
        Blocker(Code.RESOURCE, f"No {category.replace('_', ' ')} is free {wanted.span(since, until)}", since, until)
        for category in lacking
    ]


def _day(
    wanted: Wanted, practitioner: Practitioner, location: Location | None, *, by: Principal, moving: Collection[UUID]
) -> Day:
    since, until = day_range(first=wanted.day, last=wanted.day, time_zone=wanted.zone.key)
    periods = weekly_hours(practitioner)
    slots = plan_slots(
        hours=periods,
        absences=(),
        slot_minutes=practitioner.practice.slot_minutes,
        since=wanted.day,
        until=wanted.day + timedelta(days=1),
    )
    there = [slot for slot in slots if location is None or slot.location_id == location.id]
    rows = list(slots_touching(practitioner=practitioner, since=since, until=until).order_by("starts_at"))
    return Day(
        hours=_stays(there),
        weekdays=frozenset(each.weekday for each in periods if location is None or each.location_id == location.id),
        absences=_absences(wanted, practitioner, location),
        taken=_taken(wanted, practitioner, besides=moving),
        held=_held(wanted, practitioner, by),
        closed=_spans(rows, Slot.Status.BUSY_UNAVAILABLE),
        starts=frozenset(row.starts_at for row in rows) or frozenset(slot.starts_at for slot in there),
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


def _absences(wanted: Wanted, practitioner: Practitioner, location: Location | None) -> list[Absence]:
    place = Q(location=None) | (Q(location=location) if location else Q(location__isnull=False))
    rows = TimeOff.objects.filter(
        Q(practitioner=practitioner) | Q(practitioner=None),
        place,
        ends_at__gt=wanted.occupied_from,
        starts_at__lt=wanted.occupied_until,
    )
    # A closed place says nothing where the practitioner could be at another one.
    certain = [row for row in rows if location is not None or row.location_id is None]
    return [Absence(row.starts_at, row.ends_at, closure=row.practitioner_id is None) for row in certain]


def _taken(wanted: Wanted, practitioner: Practitioner, *, besides: Collection[UUID]) -> list[Taken]:
    rows = (
        Appointment.objects.occupying()
        .filter(
            practitioner=practitioner,
            # Bounds the walk through the index, which knows starts alone.
            starts_at__gt=wanted.occupied_from - LONGEST_APPOINTMENT,
            starts_at__lt=wanted.occupied_until + timedelta(hours=2),
            occupied_until__gt=wanted.occupied_from,
            occupied_from__lt=wanted.occupied_until,
        )
        .exclude(id__in=besides)
        .order_by("starts_at")
    )
    return [Taken(*row) for row in rows.values_list("occupied_from", "occupied_until", "starts_at", "ends_at")]


def _held(wanted: Wanted, practitioner: Practitioner, by: Principal) -> list[Held]:
    """By others, now."""
    rows = HeldTime.objects.filter(
        practitioner=practitioner,
        hold__expires_at__gt=Clock(),
        occupied_until__gt=wanted.occupied_from,
        occupied_from__lt=wanted.occupied_until,
    ).exclude(hold__holder_id=by.id)
    found = list(rows.order_by("starts_at").values_list("hold__holder_id", "occupied_from", "occupied_until"))
    names = dict(User.objects.filter(id__in={holder for holder, _, _ in found}).values_list("id", "name"))
    return [Held(since, until, names.get(holder)) for holder, since, until in found]


def _spans(rows: Sequence[Slot], status: str) -> list[tuple[datetime, datetime]]:
    return [(row.starts_at, row.ends_at) for row in rows if row.status == status]


def _nearest(
    appointment_type: AppointmentType,
    practitioner: Practitioner,
    location: Location | None,
    starts_at: datetime,
    *,
    now: datetime,
    known: bool,
) -> list[Start]:
    places = [location.id] if location else list(Location.objects.active().values_list("id", flat=True))
    others = Practitioner.objects.active().exclude(id=practitioner.id).values_list("id", flat=True)
    same = [practitioner.id] if practitioner.is_active else []
    own = _around(appointment_type, same, places, starts_at, now=now, known=known)
    return own + _around(appointment_type, list(others), places, starts_at, now=now, known=known)


def _around(
    appointment_type: AppointmentType,
    practitioners: list[UUID],
    locations: list[UUID],
    starts_at: datetime,
    *,
    now: datetime,
    known: bool,
) -> list[Start]:
    """The nearest of those before and those after."""
    if not practitioners:
        return []
    since = max(starts_at, now)
    after = next_starts(
        appointment_type=appointment_type,
        practitioners=practitioners,
        locations=locations,
        since=since,
        limit=NEAREST + 1,
        wishes=Wishes(been_here=known),
    )
    before = starts(
        appointment_type=appointment_type,
        practitioners=practitioners,
        locations=locations,
        since=max(starts_at - BEFORE, now),
        until=max(starts_at, now),
        limit=NEAREST,
        latest=True,
        wishes=Wishes(been_here=known),
    )
    found = [start for start in (*before, *after) if start.starts_at != starts_at]
    return sorted(found, key=lambda start: (abs(start.starts_at - starts_at), start.id))[:NEAREST]
