"""The reads that are measured, as requests of agents of every practice."""

import itertools
import random
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlencode
from uuid import UUID

from django.db import connection

from bench.busy_day import APPOINTMENTS, busy_day
from bench.load import Request, get
from bench.practice import make_callers
from mybcat.tenancy import platform_scope

# Patients whose names are searched for: enough that few searches repeat.
SAMPLE = 5_000
# Who look at the full day: one a client, so that both workers soon know them all, as they do of agents at work.
AGENTS = 16

_PRACTICES = """
    SELECT p.id, p.plan, (SELECT array_agg(t.code) FROM practices_appointmenttype t
                          WHERE t.practice_id = p.id AND t.is_active)
    FROM practices_practice p
    WHERE p.name NOT LIKE 'Bench: %%'
      AND EXISTS (SELECT FROM patients_patient c WHERE c.practice_id = p.id)
      AND EXISTS (SELECT FROM appointments_slot s WHERE s.practice_id = p.id)
    ORDER BY p.id
"""
_PATIENTS = """
    SELECT c.practice_id, c.first_name, c.last_name, c.phone
    FROM patients_patient c TABLESAMPLE BERNOULLI (%s) REPEATABLE (1)
    WHERE c.practice_id = ANY(%s)
"""
_SHARE = "SELECT least(100, 100 * %s / greatest(reltuples, 1)) FROM pg_class WHERE relname = 'patients_patient'"


@dataclass(frozen=True)
class Practice:
    """A practice, what it offers, and an agent's token."""

    id: UUID
    types: list[str]
    token: str


@dataclass(frozen=True)
class Read:
    """Addresses with their callers; `p99` (ms) is promised with one client, `rate` with sixteen."""

    name: str
    calls: list[tuple[str, str, UUID]]
    p99: float
    rate: float | None = None

    @property
    def example(self) -> tuple[str, str, UUID]:
        """Path, token and practice of one call."""
        return self.calls[0]

    def requests(self, count: int) -> list[Request]:
        """So many, by all callers in turn."""
        return [get(path=path, token=token) for path, token, _ in itertools.islice(itertools.cycle(self.calls), count)]


def reads() -> list[Read]:
    """All three. Makes the callers, and the practice whose day is full."""
    chance = random.Random(1)
    practices = _practices()
    if not practices:
        raise SystemExit("There is no practice with patients and slots: see manage.py load.")
    return [
        Read("next slots of a type", list(_next_slots(practices)), p99=50),
        Read(f"day of {APPOINTMENTS} appointments", list(_calendars()), p99=30, rate=400),
        Read("patient by what is typed", list(_searches(practices, chance)), p99=30),
    ]


def _practices() -> list[Practice]:
    with platform_scope(reason="bench"), connection.cursor() as cursor:
        cursor.execute(_PRACTICES)
        rows = cursor.fetchall()
    return [
        Practice(practice_id, types, make_callers(practice_id=practice_id, plan=plan, count=1)[0].token)
        for practice_id, plan, types in rows
    ]


def _next_slots(practices: list[Practice]) -> Iterator[tuple[str, str, UUID]]:
    for number in range(max(len(practice.types) for practice in practices)):
        for practice in practices:
            kind = practice.types[number % len(practice.types)]
            yield f"/api/v1/slots/next?{urlencode({'type': kind})}", practice.token, practice.id


def _calendars() -> Iterator[tuple[str, str, UUID]]:
    practice, day = busy_day(callers=AGENTS)
    query = urlencode({"from": day, "to": day, "pageSize": APPOINTMENTS})
    for token in practice.tokens:
        yield f"/api/v1/appointments?{query}", token, practice.id


def _searches(practices: list[Practice], chance: random.Random) -> Iterator[tuple[str, str, UUID]]:
    known = {practice.id: practice for practice in practices}
    with platform_scope(reason="bench"), connection.cursor() as cursor:
        cursor.execute(_SHARE, [SAMPLE])
        (share,) = cursor.fetchone()
        cursor.execute(_PATIENTS, [share, list(known)])
        rows = cursor.fetchall()
    chance.shuffle(rows)
    for practice_id, first_name, last_name, phone in rows:
        typed = _typed(first_name, last_name, phone, chance)
        yield f"/api/v1/patients?{urlencode({'search': typed})}", known[practice_id].token, practice_id


def _typed(first_name: str, last_name: str, phone: str, chance: random.Random) -> str:
    """What an agent has typed when she looks: mostly the start of a name."""
    letters = chance.choice((2, 3, 4))
    kind = chance.random()
    if kind < 0.2 and phone:
        return phone[-4:]
    if kind < 0.4:
        return f"{first_name} {last_name[:letters]}"
    return chance.choice((last_name, first_name))[:letters]
