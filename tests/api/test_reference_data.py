"""Practitioners, locations and appointment types: what the other requests name."""

from typing import Any

import pytest

from mybcat.tenancy import practice_scope
from practices.models import AppointmentType, Location, Practitioner
from tests.api.rows import changes
from tests.callers import Caller, public
from tests.factories import Clinic, make_type

both_versions = pytest.mark.parametrize("version", ["v1", "v2"])


def page(version: str, *rows: dict[str, Any]) -> dict[str, Any]:
    if version == "v1":
        return {"results": list(rows), "count": len(rows)}
    return {"data": list(rows), "nextCursor": None}


@both_versions
def test_practitioners(agent: Caller, clinic: Clinic, other_clinic: Clinic, version: str) -> None:
    with practice_scope(clinic.practice.id):
        first = Practitioner.objects.create(name="Dr Aaron Vale")
        Practitioner.objects.create(name="Dr Gone", is_active=False)
    with changes():
        answer = agent.get(f"/api/{version}/practitioners")
    set_by_managers = {} if version == "v1" else {"active": True, "overbookingsADay": 2, "memberId": None}
    assert answer.json() == page(
        version,
        {"id": public("pract", first.id), "name": "Dr Aaron Vale", "qualification": "", **set_by_managers},
        {
            "id": public("pract", clinic.practitioner.id),
            "name": "Dr Alice Lee",
            "qualification": "OD",
            **set_by_managers,
        },
    )


@both_versions
def test_locations(agent: Caller, clinic: Clinic, other_clinic: Clinic, version: str) -> None:
    with practice_scope(clinic.practice.id):
        Location.objects.create(name="Closed", time_zone="UTC", is_active=False)
    with changes():
        answer = agent.get(f"/api/{version}/locations")
    set_by_managers = {} if version == "v1" else {"phone": "", "active": True}
    assert answer.json() == page(
        version,
        {
            "id": public("loc", clinic.location.id),
            "name": "Downtown",
            "address": "1 Main Street",
            "timeZone": "America/New_York",
            **set_by_managers,
        },
    )


@both_versions
def test_appointment_types(agent: Caller, clinic: Clinic, other_clinic: Clinic, version: str) -> None:
    make_type(
        practice=clinic.practice,
        code="contact_lens",
        name="Contact lens fitting",
        duration_minutes=45,
        buffer_before_minutes=5,
        buffer_after_minutes=10,
        audience=AppointmentType.Audience.RETURNING,
    )
    make_type(practice=clinic.practice, name="Retired", is_active=False)
    with changes():
        answer = agent.get(f"/api/{version}/appointment-types")
    set_by_managers = {} if version == "v1" else {"active": True, "categories": []}
    assert answer.json() == page(
        version,
        {
            "code": "comprehensive_exam",
            "name": "Comprehensive exam",
            "durationMinutes": 30,
            "bufferBeforeMinutes": 0,
            "bufferAfterMinutes": 0,
            "audience": "any",
            **set_by_managers,
        },
        {
            "code": "contact_lens",
            "name": "Contact lens fitting",
            "durationMinutes": 45,
            "bufferBeforeMinutes": 5,
            "bufferAfterMinutes": 10,
            "audience": "returning",
            **set_by_managers,
        },
    )
