"""Two practitioners, one room: whoever comes at the same moment, one appointment has it."""

from functools import partial

import psycopg
import pytest

from appointments.models import Appointment, ResourceUse
from mybcat.tenancy import practice_scope
from practices.models import AppointmentType, Practitioner
from practices.resources.models import Resource
from tests.callers import Caller
from tests.concurrency.racing import RACERS, Racers, statuses
from tests.factories import Clinic, make_slots

_LOCK = "ORDER BY r.id FOR NO KEY UPDATE"


@pytest.fixture
def room(clinic: Clinic, quarter: str) -> None:
    """Eight practitioners at the same times: racer n books slots 8 n and on."""
    with practice_scope(clinic.practice.id):
        Resource.objects.create(location=clinic.location, kind="room", category="lane", name="Lane")
        AppointmentType.objects.filter(code=quarter).update(resource_categories=["lane"])
        colleagues = [Practitioner.objects.create(name=f"Dr {number}") for number in range(1, RACERS)]
    start = clinic.slots[0].starts_at
    for colleague in colleagues:
        clinic.slots += make_slots(practitioner=colleague, location=clinic.location, start=start, count=8)


def race(clinic: Clinic, agents: list[Caller], racers: Racers, quarter: str, slot: int) -> list[int]:
    return statuses(
        racers.run([partial(each.book, clinic, slot=8 * n + slot, type=quarter) for n, each in enumerate(agents)])
    )


@pytest.mark.usefixtures("room")
def test_one_of_eight_has_the_room(clinic: Clinic, agents: list[Caller], racers: Racers, quarter: str) -> None:
    for slot in range(8):
        assert race(clinic, agents, racers, quarter, slot) == [201] + [409] * (RACERS - 1)
    with practice_scope(clinic.practice.id):
        assert Appointment.objects.count() == ResourceUse.objects.count() == 8


@pytest.mark.usefixtures("room")
def test_without_the_lock_the_constraint_is_still_the_truth(
    clinic: Clinic, agents: list[Caller], racers: Racers, quarter: str, owner: psycopg.Connection
) -> None:
    """The control: two look, both see it free, and one is refused by the constraint alone."""
    name = "'appointments_free_resources'::regproc"
    definition = owner.execute(f"SELECT pg_get_functiondef({name})").fetchone()[0]
    assert definition.count(_LOCK) == 1
    owner.execute(definition.replace(_LOCK, ""))
    try:
        for slot in range(8):
            assert race(clinic, agents, racers, quarter, slot) == [201] + [409] * (RACERS - 1)
    finally:
        owner.execute(definition)
    with practice_scope(clinic.practice.id):
        assert Appointment.objects.count() == ResourceUse.objects.count() == 8
