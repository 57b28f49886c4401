"""Who overbooks at the same moment shares the cap."""

from functools import partial
from unittest.mock import patch
from uuid import uuid4

import pytest
from django.db.models import QuerySet

from appointments.models import Appointment
from mybcat.principal import Role
from mybcat.tenancy import practice_scope
from tests.api.test_overbooking import overbook
from tests.callers import Caller
from tests.concurrency.racing import RACERS, Racers, each_alone, statuses
from tests.factories import Clinic, make_member


@pytest.fixture
def managers(clinic: Clinic, agents: list[Caller]) -> list[Caller]:
    """One manager at eight screens, before a full hour."""
    assert [agents[0].book(clinic, slot=slot).status_code for slot in (0, 2)] == [201] * 2
    manager = make_member(practice=clinic.practice, role=Role.PRACTICE_MANAGER)
    return each_alone(Caller(manager, clinic.practice))


def race(clinic: Clinic, managers: list[Caller], racers: Racers) -> list[int]:
    acts = [partial(overbook, each, clinic, slot=2 * (n % 2), key=str(uuid4())) for n, each in enumerate(managers)]
    return statuses(racers.run(acts))


def beside(clinic: Clinic) -> int:
    with practice_scope(clinic.practice.id):
        return Appointment.objects.filter(overbooked=True).count()


def test_of_eight_the_two_that_the_day_has_room_for(clinic: Clinic, managers: list[Caller], racers: Racers) -> None:
    assert race(clinic, managers, racers) == [201] * 2 + [409] * (RACERS - 2)
    assert beside(clinic) == 2


def test_without_the_lock_there_are_more(clinic: Clinic, managers: list[Caller], racers: Racers) -> None:
    """The control."""
    with patch.object(QuerySet, "select_for_update", lambda rows, **_: rows.all()):
        for _ in range(20):
            if race(clinic, managers, racers).count(201) > 2:
                return
            # The day has room again, or only the first would be a race.
            with practice_scope(clinic.practice.id):
                Appointment.objects.filter(overbooked=True).update(status=Appointment.Status.ENTERED_IN_ERROR)
    pytest.fail("nobody raced")
