"""The demo practices, made in scopes of their own as any practice is."""

from datetime import date, datetime, time, timedelta
from random import Random

from django.db import connection

from appointments.days import day_range, today
from appointments.samples.bookings import fill_calendars
from appointments.samples.history import history_made, make_calls, make_history
from appointments.samples.holidays import holidays_between
from appointments.samples.people import INSURERS, INSURERS_FROM_65, make_patients
from appointments.samples.places import OPERATOR, PASSWORD, PRACTICES, TYPES, SampleLogin, SamplePractice
from appointments.schedules import extend_horizon
from mybcat.tenancy import platform_scope, practice_scope
from patients.models import Patient
from practices.models import (
    FOREVER,
    AppointmentType,
    Location,
    Membership,
    Practice,
    Practitioner,
    TimeOff,
    User,
    WorkingHours,
)
from practices.workspace.models import FrontDesk

SCRIPT = """Ask for name and birth date, and repeat both.
Flashes, floaters, a curtain, an injury or sudden loss of sight: ask the protocol's questions first.
Say date, time, place and clinician once more before you book.
Glasses or contact lenses: please bring them."""
# Days before today that have visits, kept or missed.
HISTORY_DAYS = 5
SHARE_BOOKED = 0.6


def load_demo(*, now: datetime) -> list[str]:
    """Make the demo practices and logins that are missing; the names of the practices made.

    A practice is made whole or not at all, and for the same day always the same but for its ids.
    """
    with platform_scope(reason="demo"):
        there = set(Practice.objects.values_list("id", flat=True))
    missing = [sample for sample in PRACTICES if sample.id not in there]
    if not User.objects.filter(email=OPERATOR.email).exists():
        User.objects.create_superuser(OPERATOR.email, PASSWORD, name=OPERATOR.name)
    for sample in missing:
        members = [Membership(user=_user(login), role=role) for login, role in sample.members]
        with practice_scope(sample.id):
            _take_time()
            _make(sample, members, now=now)
        history_made.send(sender=Practice, practice_id=sample.id)
    return [sample.name for sample in missing]


def _take_time() -> None:
    """A request may not take long; to fill calendars on a slow machine may."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL statement_timeout = 0")


def _user(login: SampleLogin) -> User:
    found = User.objects.filter(email=login.email).first()
    return found or User.objects.create_user(login.email, PASSWORD, name=login.name)


def _make(sample: SamplePractice, members: list[Membership], *, now: datetime) -> None:
    chance = Random(sample.name)
    practice = Practice.objects.create(
        id=sample.id,
        name=sample.name,
        time_zone=sample.time_zone,
        phone=sample.phone,
        trial_ends_at=FOREVER,
        entitled_until=FOREVER,
    )
    Membership.objects.bulk_create(members)
    AppointmentType.objects.bulk_create(
        AppointmentType(
            code=kind.code,
            name=kind.name,
            duration_minutes=kind.duration,
            buffer_before_minutes=kind.before,
            buffer_after_minutes=kind.after,
            audience=kind.audience,
        )
        for kind in TYPES
    )
    FrontDesk.objects.create(
        greeting=f"Thank you for calling {practice.name}. How may I help you?",
        script=SCRIPT,
        insurance=[name for name in {**INSURERS, **INSURERS_FROM_65} if name],
    )
    first_day = today(now=now, time_zone=practice.time_zone) - timedelta(days=HISTORY_DAYS)
    practitioners = _practitioners(sample, practice, first_day)
    _time_off(practice, practitioners, first_day)
    patients = _patients(sample, today(now=now, time_zone=practice.time_zone), now=now, chance=chance)
    for practitioner in practitioners:
        extend_horizon(practitioner=practitioner, now=_midnight(first_day, practice))
        extend_horizon(practitioner=practitioner, now=now)
    appointments = fill_calendars(
        practice=practice,
        patients=[patient.id for patient in patients],
        booked_by=members[0].user_id,
        share=SHARE_BOOKED,
        now=now,
        chance=chance,
    )
    make_history(practice=practice, appointments=appointments)
    make_calls(appointments=appointments, now=now, chance=chance)


def _practitioners(sample: SamplePractice, practice: Practice, first_day: date) -> list[Practitioner]:
    """With their locations and hours."""
    locations = Location.objects.bulk_create(
        Location(name=place.name, address=place.address, time_zone=sample.time_zone) for place in sample.locations
    )
    people = Practitioner.objects.bulk_create(
        Practitioner(practice=practice, name=person.name, qualification=person.qualification)
        for person in sample.practitioners
    )
    WorkingHours.objects.bulk_create(
        WorkingHours(
            practitioner=practitioner,
            location=locations[shift.location],
            weekday=weekday,
            starts=time.fromisoformat(shift.starts),
            ends=time.fromisoformat(shift.ends),
            valid_from=first_day,
        )
        for practitioner, person in zip(people, sample.practitioners, strict=True)
        for shift in person.shifts
        for weekday in shift.weekdays
    )
    return list(people)


def _time_off(practice: Practice, practitioners: list[Practitioner], first_day: date) -> None:
    """Public holidays for all, three days of vacation for the last practitioner."""
    closed = holidays_between(since=first_day, until=first_day + timedelta(days=2 * practice.horizon_days))
    vacation = first_day + timedelta(days=30)
    TimeOff.objects.bulk_create(
        [
            *(TimeOff(**_whole_days(practice, day, day), reason="holiday") for day in closed),
            TimeOff(
                practitioner=practitioners[-1],
                **_whole_days(practice, vacation, vacation + timedelta(days=2)),
                reason="vacation",
            ),
        ]
    )


def _patients(sample: SamplePractice, day: date, *, now: datetime, chance: Random) -> list[Patient]:
    people = make_patients(count=sample.patients, area_codes=sample.area_codes, today=day, chance=chance)
    return list(
        Patient.objects.bulk_create(
            Patient(
                first_name=person.first_name,
                last_name=person.last_name,
                date_of_birth=person.date_of_birth,
                phone=person.phone,
                email=person.email,
                insurance_provider=person.insurance_provider,
                sms_consent=person.sms_consent,
                sms_consent_at=now if person.sms_consent else None,
            )
            for person in people
        )
    )


def _whole_days(practice: Practice, first: date, last: date) -> dict[str, datetime]:
    starts_at, ends_at = day_range(first=first, last=last, time_zone=practice.time_zone)
    return {"starts_at": starts_at, "ends_at": ends_at}


def _midnight(day: date, practice: Practice) -> datetime:
    return day_range(first=day, last=day, time_zone=practice.time_zone)[0]
