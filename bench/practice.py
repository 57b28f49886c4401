"""A practice made for measuring: many practitioners, callers and patients, and as many slots as are asked for."""

import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from functools import cached_property
from hashlib import sha256
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import psycopg
from django.conf import settings
from django.db import connection
from django.utils import timezone

from mybcat.gateway.tokens import issue_access_token
from mybcat.principal import Role
from mybcat.tenancy import practice_scope
from practices.models import AppointmentType, Location, Membership, Practice, Practitioner, RefreshFamily, User

# Where it is about noon now: at night no patient is texted. (Etc's signs are the other way round.)
_EAST = 12 - datetime.now(UTC).hour
ZONE = f"Etc/GMT{-_EAST:+d}" if _EAST else "Etc/GMT"
TYPE = "bench_quarter"
# Appointments of this many do not meet in the same pages, let alone on the same practitioner.
PRACTITIONERS = 20
PATIENTS = 1000
# A token may book 300 times a minute; a measurement must not be one of the limit.
CALLERS = 256

_SLOTS = """
    INSERT INTO appointments_slot (id, practice_id, practitioner_id, location_id, starts_at, ends_at, status)
    SELECT (%(prefix)s || lpad(to_hex(n), 12, '0'))::uuid, %(practice)s,
           (%(practitioners)s::uuid[])[n %% %(count)s + 1], %(location)s,
           %(first)s + n / %(count)s * interval '15 minutes', %(first)s + (n / %(count)s + 1) * interval '15 minutes',
           'free'
    FROM generate_series(%(start)s::bigint, %(stop)s::bigint - 1) n
"""

_PATIENTS = """
    INSERT INTO patients_patient
        (id, practice_id, first_name, last_name, first_name_key, last_name_key, first_name_sound, last_name_sound,
         first_name_skeleton, last_name_skeleton, date_of_birth, phone, email, insurance_provider, sms_consent,
         created_at, updated_at)
    SELECT (%(prefix)s || lpad(to_hex(n), 12, '0'))::uuid, %(practice)s, 'Ada', 'Bench' || n, 'ada', 'bench' || n,
           'AD', 'BANC' || n, 'ad', 'bchn' || n, date '1950-01-01' + n %% 20000, '', '', '', false, now(), now()
    FROM generate_series(0, %(count)s - 1) n
"""


@dataclass(frozen=True)
class Caller:
    """A member of a practice with a token in force."""

    user_id: UUID
    token: str


@dataclass(frozen=True)
class BenchPractice:
    """Its slots and patients have numbers, from which Python and SQL compute their ids alike."""

    id: UUID
    location_id: UUID
    type_id: UUID
    practitioner_ids: list[UUID]
    callers: list[Caller]
    # When the first slots begin: at nine on the practice's clock, the day after tomorrow.
    first: datetime
    # Eleven random digits, so that another run's ids differ.
    run: str

    def prefix(self, kind: str) -> str:
        """Of ids of one kind (a hexadecimal digit): all but the last twelve digits, which are the number."""
        return f"{self.run[:8]}-{kind}{self.run[8:11]}-7000-8000-"

    def slot_id(self, number: int) -> UUID:
        return UUID(f"{self.prefix('a')}{number:012x}")

    def patient_id(self, number: int) -> UUID:
        """Of any number: they are dealt out in turn."""
        return UUID(f"{self.prefix('b')}{number % PATIENTS:012x}")

    def add_slots(self, *, start: int, stop: int) -> None:
        """Free slots of these numbers; neighbours in number belong to different practitioners."""
        parameters: dict[str, Any] = {
            "prefix": self.prefix("a"),
            "practice": self.id,
            "practitioners": self.practitioner_ids,
            "count": len(self.practitioner_ids),
            "location": self.location_id,
            "first": self.first,
            "start": start,
            "stop": stop,
        }
        with practice_scope(self.id), connection.cursor() as cursor:
            # A request may not take this long; a hundred thousand rows may.
            cursor.execute("SET LOCAL statement_timeout = 0")
            cursor.execute(_SLOTS, parameters)

    @cached_property
    def tokens(self) -> list[str]:
        return [caller.token for caller in self.callers]


def make_practice(*, name: str, callers: int = CALLERS) -> BenchPractice:
    """A practice with everything but slots."""
    zone = ZoneInfo(ZONE)
    practice = Practice(name=name, time_zone=ZONE, plan=Practice.Plan.ENTERPRISE)
    with practice_scope(practice.id):
        practice.save()
        location = Location.objects.create(name="Bench", time_zone=ZONE)
        kind = AppointmentType.objects.create(code=TYPE, name="A quarter of an hour", duration_minutes=15)
        practitioners = [Practitioner(name=f"Dr Bench {number}") for number in range(PRACTITIONERS)]
        Practitioner.objects.bulk_create(practitioners)
    made = BenchPractice(
        id=practice.id,
        location_id=location.id,
        type_id=kind.id,
        practitioner_ids=[practitioner.id for practitioner in practitioners],
        callers=make_callers(practice_id=practice.id, plan=practice.plan, count=callers),
        first=datetime.combine(datetime.now(zone).date() + timedelta(days=2), time(9), zone).astimezone(UTC),
        run=secrets.token_hex(6)[:11],
    )
    with practice_scope(made.id), connection.cursor() as cursor:
        cursor.execute(_PATIENTS, {"prefix": made.prefix("b"), "practice": made.id, "count": PATIENTS})
    return made


def make_callers(*, practice_id: UUID, plan: str, count: int) -> list[Caller]:
    """Scheduling agents who have just signed in, without the price of checking a password."""
    now = timezone.now()
    nonce = secrets.token_hex(6)
    # Without a password that could be right.
    users = [User(email=f"{nonce}-{number}@bench.invalid", name="Bench") for number in range(count)]
    families = [
        RefreshFamily(
            user=user,
            current_practice_id=practice_id,
            client=b"",
            # As sign-in keeps it: a token ends with the password that it began with.
            credentials=sha256(user.password.encode()).hexdigest(),
            current=secrets.token_bytes(32),
            rotated_at=now,
            expires_at=now + settings.REFRESH_LIFETIME,
        )
        for user in users
    ]
    with practice_scope(practice_id):
        User.objects.bulk_create(users)
        Membership.objects.bulk_create(Membership(user=user, role=Role.SCHEDULING_AGENT) for user in users)
        RefreshFamily.objects.bulk_create(families)
    return [Caller(family.user_id, _token(family, plan, now)) for family in families]


def analyze() -> None:
    """Plans made while a table was still empty would scan it as a whole."""
    with psycopg.connect(settings.ENVIRONMENT.database_owner_url, autocommit=True) as owner:
        owner.execute("ANALYZE")


def _token(family: RefreshFamily, plan: str, now: datetime) -> str:
    return issue_access_token(
        user_id=family.user_id,
        practice_id=family.current_practice_id,
        role=Role.SCHEDULING_AGENT,
        plan=plan,
        session_id=family.id,
        now=now,
    )
