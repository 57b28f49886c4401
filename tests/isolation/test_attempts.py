"""Another practice's id is an attempt wherever it stands, whatever else the request is refused for."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from mybcat.ids import new_uuid
from mybcat.models import AuditEntry, SecurityEvent
from mybcat.principal import Role
from mybcat.tenancy import practice_scope
from tests.api.refusals import assert_forbidden
from tests.api.rows import changes
from tests.callers import Caller, public
from tests.factories import Clinic, make_member, make_patient

ON_RECORD = {"mybcat_securityevent": 1, "mybcat_auditentry": 1}
PATIENT = {"firstName": "Ines", "lastName": "Moreau", "dateOfBirth": "1990-05-17"}
Send = Callable[[Caller, str], Any]


def _booking(clinic_id: str, **members: Any) -> dict[str, Any]:
    return {"patientId": clinic_id, "slotId": clinic_id, "type": "comprehensive_exam", **members}


PLACES: dict[str, Send] = {
    "in a member that nobody asked for": lambda agent, id_: agent.post("/api/v1/patients", {**PATIENT, "of": id_}),
    "nested": lambda agent, id_: agent.post("/api/v2/patients", {**PATIENT, "of": {"whom": [{"id": id_}]}}),
    "as a member's name": lambda agent, id_: agent.post("/api/v2/patients", {**PATIENT, id_: True}),
    "in a list where none belongs": lambda agent, id_: agent.post("/api/v1/patients", {**PATIENT, "phone": [id_]}),
    "in a parameter that nobody asked for": lambda agent, id_: agent.get("/api/v2/appointments", of=id_),
    "where another kind of id belongs": lambda agent, id_: agent.get(f"/api/v1/appointments/{id_}"),
    "in a filter, after an id that nobody has": lambda agent, id_: agent.get(
        "/api/v1/slots", practitioner=f"{public('pract', new_uuid())},{id_}"
    ),
    "in a booking without a key": lambda agent, id_: agent.post("/api/v1/appointments", _booking(id_)),
    "in a body that is no booking": lambda agent, id_: agent.post("/api/v1/appointments", [_booking(id_)], key="k"),
    "as an entity tag": lambda agent, id_: agent.http.get(
        "/api/v2/patients", headers={**agent.headers, "If-None-Match": f'"abc", W/"{id_}"'}
    ),
    "as a precondition of a write": lambda agent, id_: agent.post(
        "/api/v2/patients", PATIENT, **{"If-Match": f'"{id_}"'}
    ),
}


@pytest.mark.parametrize("place", PLACES)
def test_it_is_refused_and_on_record(agent: Caller, clinic: Clinic, other_clinic: Clinic, place: str) -> None:
    with changes(**ON_RECORD):
        assert_forbidden(PLACES[place](agent, public("pat", other_clinic.patient.id)))
    with practice_scope(clinic.practice.id):
        event = SecurityEvent.objects.get()
    assert (event.object_kind, event.object_id) == ("pat", other_clinic.patient.id)
    assert event.other_practice_id == other_clinic.practice.id


def test_operators_see_it(agent: Caller, other_clinic: Clinic) -> None:
    def counted() -> float:
        text = Client().get("/metrics").content.decode()
        return float(re.findall(r"^mybcat_cross_practice_attempts_total (\S+)$", text, re.MULTILINE)[0])

    before = counted()
    assert_forbidden(agent.get(f"/api/v2/patients/{public('pat', other_clinic.patient.id)}"))
    assert counted() == before + 1


@pytest.mark.parametrize("place", PLACES)
def test_the_same_request_with_an_id_that_nobody_has_is_no_attempt(agent: Caller, clinic: Clinic, place: str) -> None:
    """Negative control: it is the other practice that makes an attempt, not the place."""
    PLACES[place](agent, public("pat", new_uuid()))
    with practice_scope(clinic.practice.id):
        assert not SecurityEvent.objects.exists()


@pytest.mark.parametrize("body", [{}, {"type": "no_such_type"}], ids=["the same body", "another body"])
def test_a_key_that_has_served_does_not_hide_an_attempt(
    agent: Caller, clinic: Clinic, other_clinic: Clinic, body: dict[str, str]
) -> None:
    assert agent.book(clinic, key="a-key").status_code == 201
    with changes(**ON_RECORD):
        assert_forbidden(agent.book(clinic, key="a-key", patientId=public("pat", other_clinic.patient.id), **body))


def test_an_attempt_is_not_remembered_as_a_key_s_answer(agent: Caller, clinic: Clinic, other_clinic: Clinic) -> None:
    for _ in range(2):
        with changes(**ON_RECORD):
            assert_forbidden(agent.book(clinic, key="a-key", patientId=public("pat", other_clinic.patient.id)))
    assert agent.book(clinic, key="a-key").status_code == 201


def test_another_practice_s_cursor_is_an_attempt(agent: Caller, clinic: Clinic, other_clinic: Clinic) -> None:
    for number in range(2):
        make_patient(practice=other_clinic.practice, last_name=f"Last {number}")
    there = Caller(other_clinic.agent, other_clinic.practice)
    cursor = there.get("/api/v2/patients", limit=1).json()["nextCursor"]
    with changes(**ON_RECORD):
        assert_forbidden(agent.get("/api/v2/patients", cursor=cursor, limit=1))
    with practice_scope(clinic.practice.id):
        assert SecurityEvent.objects.get().other_practice_id == other_clinic.practice.id


def test_what_one_may_not_do_is_an_attempt_all_the_same(clinic: Clinic, other_clinic: Clinic) -> None:
    reader = Caller(make_member(practice=clinic.practice, role=Role.PRACTITIONER), clinic.practice)
    with changes(**ON_RECORD):
        assert_forbidden(reader.patch(f"/api/v1/patients/{public('pat', other_clinic.patient.id)}", {"email": ""}))


def test_a_missing_permission_is_on_record(clinic: Clinic) -> None:
    user = make_member(practice=clinic.practice, role=Role.PRACTITIONER)
    reader = Caller(user, clinic.practice)
    with changes(mybcat_auditentry=1):
        assert_forbidden(reader.patch(f"/api/v1/patients/{public('pat', clinic.patient.id)}", {"email": ""}))
    with practice_scope(clinic.practice.id):
        entry = AuditEntry.objects.get(object_kind="pat")
    assert (entry.action, entry.outcome, entry.reason) == (
        "access.refused",
        "refused",
        "PATCH api/v1/patients/<str:patient_id>",
    )
    assert (entry.object_kind, entry.object_ids, entry.principal_id) == ("pat", [str(clinic.patient.id)], user.id)


def test_a_member_of_both_practices_meets_the_fence_of_the_one_she_is_in(clinic: Clinic, other_clinic: Clinic) -> None:
    make_member(practice=other_clinic.practice, user=clinic.agent)
    here, there = Caller(clinic.agent, clinic.practice), Caller(clinic.agent, other_clinic.practice)
    address = f"/api/v1/patients/{public('pat', other_clinic.patient.id)}"
    assert there.get(address).status_code == 200
    with changes(**ON_RECORD):
        assert_forbidden(here.get(address))
