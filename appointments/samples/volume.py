"""Practices by the hundred, each with its agent, hours, patients and a calendar partly booked."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cache, partial
from random import Random
from uuid import UUID
from zoneinfo import ZoneInfo

from django.contrib.auth.hashers import make_password
from django.db import connection

from appointments.days import today
from appointments.models import Schedule
from appointments.samples.copying import copy_calendar, copy_patients
from appointments.samples.people import make_patients
from appointments.samples.places import TYPES
from appointments.samples.visits import FreeSlot, Visit, make_visits
from appointments.working_days import Interval, WeeklyPeriod, plan_slots
from mybcat.ids import new_uuid
from mybcat.principal import Role
from mybcat.tenancy import platform_scope
from practices.models import FOREVER, AppointmentType, Location, Membership, Practice, Practitioner, User, WorkingHours

PASSWORD = "mybcat-load"  # noqa: S105 (of users who exist in measurements only)
ZONES = ("America/New_York", "America/Chicago", "America/Denver", "America/Los_Angeles")
# A hundred telephone numbers each.
AREA_CODES = tuple(str(code) for code in range(201, 231))
WEEKDAYS = range(5)
SHIFTS = ((time(9), time(12)), (time(13), time(17)))
SLOT_MINUTES = 15


@dataclass(frozen=True, slots=True)
class Size:
    """Of each practice. `slots`, where given, ends the calendar instead of `days`."""

    practitioners: int
    patients: int
    days: int
    slots: int | None
    share_booked: float


def load_practices(*, count: int, size: Size, jobs: int, now: datetime) -> Iterator[int]:
    """Make `count` practices beside those loaded before, each in its own transaction; yields the rows of each.

    `jobs` at a time: while PostgreSQL writes for one, Python prepares another.
    """
    password = make_password(PASSWORD)
    before = User.objects.filter(email__endswith="@load.example").count()
    numbers = range(before + 1, before + count + 1)
    with ThreadPoolExecutor(jobs) as threads:
        yield from threads.map(partial(_load_alone, size=size, password=password, now=now), numbers)


def _load_alone(number: int, *, size: Size, password: str, now: datetime) -> int:
    try:
        with platform_scope(reason="load"):
            _without_time_limit()
            return _load(number, size, password, now)
    finally:
        connection.close()


def _without_time_limit() -> None:
    # What the role may not exceed in a request is too short for ten thousand rows in a statement.
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL statement_timeout = 0; SET LOCAL synchronous_commit = off")


def _load(number: int, size: Size, password: str, now: datetime) -> int:
    chance = Random(number)
    zone = ZONES[number % len(ZONES)]
    day = today(now=now, time_zone=zone)
    first_day = day + timedelta(days=1)
    plan = _plan(zone, first_day, size)
    # Of a weekend alone there is none.
    last_day = plan[-1].starts_at.astimezone(ZoneInfo(zone)).date() if plan else first_day
    end = last_day + timedelta(days=1)
    practice = Practice.objects.create(
        name=f"Load {number:04}",
        time_zone=zone,
        slot_minutes=SLOT_MINUTES,
        horizon_days=(end - day).days,
        trial_ends_at=FOREVER,
        entitled_until=FOREVER,
    )
    agent = User(email=f"agent-{number:04}@load.example", name=f"Agent {number:04}", password=password)
    agent.save()
    Membership.objects.create(practice=practice, user=agent, role=Role.SCHEDULING_AGENT)
    type_ids = _types(practice)
    practitioners = _practitioners(practice, size.practitioners, first_day)
    Schedule.objects.bulk_create(
        Schedule(practice=practice, practitioner=practitioner, generated_until=end) for practitioner, _ in practitioners
    )
    people = make_patients(count=size.patients, area_codes=AREA_CODES, today=first_day, chance=chance)
    patients = copy_patients(practice_id=practice.id, patients=people, now=now)
    slots, visits = _calendars(practitioners, plan, size.share_booked, chance)
    copy_calendar(
        practice_id=practice.id,
        slots=slots,
        visits=visits,
        patients=patients,
        type_ids=type_ids,
        booked_by=agent.id,
        now=now,
        chance=chance,
    )
    hours = len(practitioners) * len(SHIFTS) * len(WEEKDAYS)
    return 4 + len(type_ids) + 2 * len(practitioners) + hours + len(patients) + len(slots) + len(visits)


@cache
def _plan(zone: str, first_day: date, size: Size) -> list[Interval]:
    """Every practitioner's working time; the location is still open."""
    hours = [
        WeeklyPeriod(weekday, starts, ends, UUID(int=0), ZoneInfo(zone), valid_from=first_day)
        for weekday in WEEKDAYS
        for starts, ends in SHIFTS
    ]
    days = 366 if size.slots else size.days
    slots = plan_slots(
        hours=hours, absences=(), slot_minutes=SLOT_MINUTES, since=first_day, until=first_day + timedelta(days=days)
    )
    return slots[: size.slots // size.practitioners] if size.slots else slots


def _types(practice: Practice) -> dict[str, UUID]:
    rows = AppointmentType.objects.bulk_create(
        AppointmentType(
            practice=practice,
            code=kind.code,
            name=kind.name,
            duration_minutes=kind.duration,
            buffer_before_minutes=kind.before,
            buffer_after_minutes=kind.after,
            audience=kind.audience,
        )
        for kind in TYPES
    )
    return {row.code: row.id for row in rows}


def _practitioners(practice: Practice, count: int, first_day: date) -> list[tuple[Practitioner, Location]]:
    """With the place and the hours of their work."""
    location = Location.objects.create(practice=practice, name="Main Street", time_zone=practice.time_zone)
    people = Practitioner.objects.bulk_create(
        Practitioner(practice=practice, name=f"Dr {number:02}", qualification="OD") for number in range(1, count + 1)
    )
    WorkingHours.objects.bulk_create(
        WorkingHours(
            practice=practice,
            practitioner=practitioner,
            location=location,
            weekday=weekday,
            starts=starts,
            ends=ends,
            valid_from=first_day,
        )
        for practitioner in people
        for weekday in WEEKDAYS
        for starts, ends in SHIFTS
    )
    return [(practitioner, location) for practitioner in people]


def _calendars(
    practitioners: list[tuple[Practitioner, Location]], plan: list[Interval], share: float, chance: Random
) -> tuple[list[FreeSlot], list[Visit]]:
    slots: list[FreeSlot] = []
    visits: list[Visit] = []
    for practitioner, location in practitioners:
        own = [FreeSlot(new_uuid(), practitioner.id, location.id, slot.starts_at, slot.ends_at) for slot in plan]
        slots += own
        visits += make_visits(slots=own, types=TYPES, slot_minutes=SLOT_MINUTES, share=share, chance=chance)
    return slots, visits
