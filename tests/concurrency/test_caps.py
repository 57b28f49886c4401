"""Eight free times, room for three of the type that day: whoever comes at the same moment, three are booked."""

from dataclasses import replace
from datetime import timedelta
from functools import partial

import psycopg
import pytest

from appointments.models import Appointment
from mybcat.tenancy import practice_scope
from practices.models import AppointmentType
from tests.callers import Caller
from tests.concurrency.racing import RACERS, Racers, statuses
from tests.factories import Clinic, make_cap, make_slots

MOST = 3
_LOCK = "FOR NO KEY UPDATE"


@pytest.fixture
def capped(clinic: Clinic, quarter: str) -> None:
    with practice_scope(clinic.practice.id):
        kind = AppointmentType.objects.get(code=quarter)
    make_cap(clinic, appointment_type=kind, most=MOST)


def race(clinic: Clinic, agents: list[Caller], racers: Racers, quarter: str, *, day: int) -> list[int]:
    """Each books a slot of their own, on a day that nobody has booked yet."""
    start = clinic.slots[0].starts_at + timedelta(days=day)
    slots = make_slots(practitioner=clinic.practitioner, location=clinic.location, start=start, count=RACERS)
    there = replace(clinic, slots=slots)
    return statuses(racers.run([partial(each.book, there, slot=n, type=quarter) for n, each in enumerate(agents)]))


def booked(clinic: Clinic) -> int:
    with practice_scope(clinic.practice.id):
        return Appointment.objects.count()


@pytest.mark.usefixtures("capped")
def test_of_eight_those_that_the_day_has_room_for(
    clinic: Clinic, agents: list[Caller], racers: Racers, quarter: str
) -> None:
    for day in range(1, 7):
        assert race(clinic, agents, racers, quarter, day=day) == [201] * MOST + [409] * (RACERS - MOST)
        assert booked(clinic) == MOST * day


@pytest.mark.usefixtures("capped")
def test_without_the_lock_there_are_more(
    clinic: Clinic, agents: list[Caller], racers: Racers, quarter: str, owner: psycopg.Connection
) -> None:
    """The control."""
    definition = owner.execute("SELECT pg_get_functiondef('appointments_cap_against'::regproc)").fetchone()[0]
    assert definition.count(_LOCK) == 1
    owner.execute(definition.replace(_LOCK, ""))
    try:
        for day in range(1, 21):
            if race(clinic, agents, racers, quarter, day=day).count(201) > MOST:
                return
    finally:
        owner.execute(definition)
    pytest.fail("nobody raced")
