"""Whatever changes when somebody works, or what of it is reserved, is an event: desks read their days again."""

from typing import Any
from uuid import UUID

import pytest

from mybcat.models import Event
from mybcat.principal import Role
from mybcat.tenancy import practice_scope
from practices.models import Location, Practice, Practitioner
from tests.api.test_hours import add, added, off
from tests.callers import Caller, public
from tests.factories import Clinic, make_member


@pytest.fixture
def manager(clinic: Clinic) -> Caller:
    """Few slots are made: more would only take longer."""
    with practice_scope(clinic.practice.id):
        Practice.objects.update(horizon_days=8)
    return Caller(make_member(practice=clinic.practice, role=Role.PRACTICE_MANAGER), clinic.practice)


@pytest.fixture
def second(clinic: Clinic) -> Practitioner:
    """Beside one who sees patients no more."""
    with practice_scope(clinic.practice.id):
        Practitioner.objects.create(name="Dr Ines Moreau", is_active=False)
        colleague: Practitioner = Practitioner.objects.create(name="Dr Marcus Grant")
    return colleague


def told(clinic: Clinic) -> list[UUID]:
    """Whose schedules, since this was asked last; each event holds the practitioner's id and nothing else."""
    with practice_scope(clinic.practice.id):
        rows = Event.objects.filter(type="schedule.updated")
        found = [(row.subject_id, row.data) for row in rows.order_by("subject_id")]
        rows.delete()
    assert [data for _, data in found] == [{"practitionerId": public("pract", subject)} for subject, _ in found]
    return [subject for subject, _ in found]


def everybody(clinic: Clinic, second: Practitioner) -> list[UUID]:
    return sorted([clinic.practitioner.id, second.id])


def block(clinic: Clinic, **fields: Any) -> dict[str, Any]:
    return {
        "practitionerId": public("pract", clinic.practitioner.id),
        "name": "New patients",
        "weekdays": ["monday"],
        "starts": "09:00",
        "ends": "10:00",
        "types": [clinic.exam.code],
        **fields,
    }


def test_hours(manager: Caller, clinic: Clinic, second: Practitioner) -> None:
    path = added(manager, clinic)
    assert told(clinic) == [clinic.practitioner.id]
    assert manager.patch(path, {"ends": "12:00"}).status_code == 200
    assert told(clinic) == [clinic.practitioner.id]
    assert manager.delete(path).status_code == 200
    assert told(clinic) == [clinic.practitioner.id]


def test_time_off_of_one(manager: Caller, clinic: Clinic, second: Practitioner) -> None:
    taken = off(manager, clinic, practitionerId=public("pract", second.id)).json()["timeOff"]["id"]
    assert told(clinic) == [second.id]
    assert manager.delete(f"/api/v2/time-off/{taken}").status_code == 204
    assert told(clinic) == [second.id]


def test_time_off_of_everybody_is_each_active_practitioner_s(
    manager: Caller, clinic: Clinic, second: Practitioner
) -> None:
    places: list[dict[str, Any]] = [{}, {"locationId": public("loc", clinic.location.id)}]
    for where in places:
        taken = off(manager, clinic, **where).json()["timeOff"]["id"]
        assert told(clinic) == everybody(clinic, second)
        assert manager.delete(f"/api/v2/time-off/{taken}").status_code == 204
        assert told(clinic) == everybody(clinic, second)


def test_reserved_times(manager: Caller, clinic: Clinic, second: Practitioner) -> None:
    made = manager.post("/api/v2/appointment-blocks", block(clinic)).json()["id"]
    assert told(clinic) == [clinic.practitioner.id]
    path = f"/api/v2/appointment-blocks/{made}"
    assert manager.patch(path, {"ends": "11:00"}).status_code == 200
    assert told(clinic) == [clinic.practitioner.id]
    assert manager.delete(path).status_code == 204
    assert told(clinic) == [clinic.practitioner.id]


def test_caps(manager: Caller, clinic: Clinic, second: Practitioner) -> None:
    wish = {"type": clinic.exam.code, "most": 2}
    for whose, concerned in (
        ({"practitionerId": public("pract", second.id)}, [second.id]),
        ({"locationId": public("loc", clinic.location.id)}, everybody(clinic, second)),
        ({}, everybody(clinic, second)),
    ):
        made = manager.post("/api/v2/appointment-caps", {**wish, **whose}).json()["id"]
        assert told(clinic) == concerned
        assert manager.delete(f"/api/v2/appointment-caps/{made}").status_code == 204
        assert told(clinic) == concerned


def test_who_sees_patients_no_more_and_again(manager: Caller, clinic: Clinic, second: Practitioner) -> None:
    path = f"/api/v2/practitioners/{public('pract', second.id)}"
    assert manager.patch(path, {"name": "Dr Mark Grant"}).status_code == 200
    assert told(clinic) == []
    for active in (False, True):
        assert manager.patch(path, {"active": active}).status_code == 200
        assert told(clinic) == [second.id]


def test_a_place_with_another_clock(manager: Caller, clinic: Clinic, second: Practitioner) -> None:
    path = f"/api/v2/locations/{public('loc', clinic.location.id)}"
    assert manager.patch(path, {"name": "Midtown"}).status_code == 200
    assert told(clinic) == []
    assert manager.patch(path, {"timeZone": "America/Chicago"}).status_code == 200
    assert told(clinic) == everybody(clinic, second)


def test_what_is_tried_or_refused_is_told_to_nobody(manager: Caller, agent: Caller, clinic: Clinic) -> None:
    with practice_scope(clinic.practice.id):
        Location.objects.create(name="Uptown", time_zone="America/New_York")
    assert add(manager, clinic, preview=True).status_code == 201
    assert off(manager, clinic, preview=True).status_code == 201
    assert add(manager, clinic, ends="08:00").status_code == 400
    assert add(agent, clinic).status_code == 403
    assert manager.post("/api/v2/appointment-blocks", block(clinic, types=[])).status_code == 400
    cap = {"type": clinic.exam.code, "most": 2}
    assert manager.post("/api/v2/appointment-caps", {**cap, "type": "unheard_of"}).status_code == 400
    assert told(clinic) == []
    assert manager.post("/api/v2/appointment-caps", cap).status_code == 201
    assert told(clinic) == [clinic.practitioner.id]
    assert manager.post("/api/v2/appointment-caps", cap).status_code == 409
    assert told(clinic) == []
