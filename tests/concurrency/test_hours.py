"""Two managers add hours that overlap each other at the same moment: one of them has come too late."""

from functools import partial
from threading import Barrier
from typing import Any

import pytest

from appointments.hours.outside import left_outside
from mybcat.principal import Role
from mybcat.tenancy import practice_scope
from practices.models import WorkingHours
from tests.callers import Caller, public
from tests.concurrency.racing import RACERS, Racers, each_alone, statuses
from tests.factories import Clinic, make_member

_PATIENCE = 60.0


@pytest.fixture
def managers(clinic: Clinic) -> list[Caller]:
    return each_alone(Caller(make_member(practice=clinic.practice, role=Role.PRACTICE_MANAGER), clinic.practice))


def add(caller: Caller, clinic: Clinic, ends: str) -> Any:
    body = {
        "practitionerId": public("pract", clinic.practitioner.id),
        "locationId": public("loc", clinic.location.id),
        "weekday": "monday",
        "starts": "09:00",
        "ends": ends,
    }
    return caller.post("/api/v2/working-hours", body)


def kept(clinic: Clinic) -> int:
    with practice_scope(clinic.practice.id):
        return WorkingHours.objects.count()


def test_one_of_eight_is_in_time(clinic: Clinic, managers: list[Caller], racers: Racers) -> None:
    answers = racers.run([partial(add, each, clinic, f"1{number}:00") for number, each in enumerate(managers)])
    assert statuses(answers) == [201] + [409] * (RACERS - 1)
    assert kept(clinic) == 1


def test_without_the_lock_two_would_work_at_once(
    clinic: Clinic, managers: list[Caller], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control: each has written before either is committed, which the lock makes impossible."""
    met = Barrier(2)

    def wait(**arguments: Any) -> Any:
        met.wait(_PATIENCE)
        return left_outside(**arguments)

    monkeypatch.setattr("appointments.hours.services.lock_schedule", lambda **_: None)
    monkeypatch.setattr("appointments.hours.services.left_outside", wait)
    with Racers(2) as racers:
        answers = racers.run([partial(add, each, clinic, "12:00") for each in managers[:2]])
    assert statuses(answers) == [201, 201]
    assert kept(clinic) == 2
