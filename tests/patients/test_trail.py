"""A practice's managers see who saw and changed a patient's data."""

from datetime import UTC, datetime, timedelta

import pytest

from mybcat import audit
from mybcat.models import AuditEntry
from mybcat.operators.trace import Operator
from mybcat.principal import Role
from mybcat.tenancy import practice_scope
from patients.models import Patient
from tests.api.refusals import assert_forbidden, assert_invalid
from tests.api.rows import REFUSED, changes
from tests.callers import Caller, public
from tests.factories import Clinic, make_member, make_patient, make_user


@pytest.fixture
def manager(clinic: Clinic) -> Caller:
    return Caller(make_member(practice=clinic.practice, role=Role.PRACTICE_MANAGER), clinic.practice)


@pytest.fixture
def path(clinic: Clinic) -> str:
    return f"/api/v2/patients/{public('pat', clinic.patient.id)}/audit"


def test_acts_are_told_in_order_with_who_and_for_whom(
    manager: Caller, clinic: Clinic, other_clinic: Clinic, path: str
) -> None:
    agent = Caller(clinic.agent, clinic.practice)
    agent.get(f"/api/v1/patients/{public('pat', clinic.patient.id)}")
    agent.get("/api/v1/patients", search=clinic.patient.last_name)
    agent.get(f"/api/v1/patients/{public('pat', make_patient(practice=clinic.practice, last_name='Ibe').id)}")
    with practice_scope(clinic.practice.id):
        audit.record(
            principal=Operator(id=make_user(name="Olga").id),
            on_behalf_of=clinic.principal,
            action="patient.read",
            object_kind="pat",
            object_ids=[clinic.patient.id],
            now=datetime.now(UTC),
        )
    answer = manager.get(path)
    assert answer.status_code == 200
    told = [(each["action"], each["who"], each["onBehalfOf"]) for each in answer.json()["data"]]
    who = {"kind": "member", "name": clinic.agent.name}
    assert told == [
        ("patient.read", who, None),
        ("patient.search", who, None),
        ("patient.read", {"kind": "operator", "name": "Olga"}, who),
    ]


def test_what_was_done_to_merged_records_is_told_with_the_one_that_stands(manager: Caller, clinic: Clinic) -> None:
    copy, inner = (make_patient(practice=clinic.practice) for _ in range(2))
    for patient in (inner, copy, clinic.patient):
        manager.get(f"/api/v2/patients/{public('pat', patient.id)}")

    def merge(kept: Patient, merged: Patient) -> str:
        body = {"mergedPatientId": public("pat", merged.id)}
        return str(manager.post(f"/api/v2/patients/{public('pat', kept.id)}/merge", body).json()["mergeId"])

    def told(patient: Patient) -> list[str]:
        rows = manager.get(f"/api/v2/patients/{public('pat', patient.id)}/audit").json()["data"]
        return [row["action"] for row in rows if row["action"] != "patient.audit"]

    merge(copy, inner)
    assert told(copy) == ["patient.read", "patient.read", "patient.merged"]
    outer = merge(clinic.patient, copy)
    whole = ["patient.read"] * 3 + ["patient.merged"] * 2
    assert (told(clinic.patient), told(copy), told(inner)) == (whole, whole, whole)
    manager.post(f"/api/v2/patient-merges/{outer}/undo", {})
    assert told(clinic.patient) == ["patient.read", "patient.merged", "patient.merge_undone"]
    assert told(inner) == ["patient.read", "patient.read", "patient.merged", "patient.merged", "patient.merge_undone"]


def test_asking_is_on_record_too(manager: Caller, clinic: Clinic, path: str) -> None:
    with changes(mybcat_auditentry=1):
        manager.get(path)
    with practice_scope(clinic.practice.id):
        entry = AuditEntry.objects.get(object_kind="pat")
    assert (entry.action, entry.object_ids) == ("patient.audit", [str(clinic.patient.id)])
    assert [each["action"] for each in manager.get(path).json()["data"]] == ["patient.audit"]


def test_agents_and_practitioners_may_not_ask(clinic: Clinic, path: str) -> None:
    for role in (Role.SCHEDULING_AGENT, Role.PRACTITIONER):
        caller = Caller(make_member(practice=clinic.practice, role=role), clinic.practice)
        with changes(**REFUSED):
            assert_forbidden(caller.get(path))


def test_another_practice_s_patient_is_an_attempt(manager: Caller, other_clinic: Clinic) -> None:
    with changes(mybcat_securityevent=1, mybcat_auditentry=1):
        assert_forbidden(manager.get(f"/api/v2/patients/{public('pat', other_clinic.patient.id)}/audit"))


def test_pages_follow_each_other(manager: Caller, clinic: Clinic, path: str) -> None:
    for _ in range(5):
        manager.get(path)
    until = datetime.now(UTC).isoformat()
    first = manager.get(path, limit=3, to=until).json()
    second = manager.get(path, limit=3, to=until, cursor=first["nextCursor"]).json()
    assert [len(page["data"]) for page in (first, second)] == [3, 2]
    assert second["nextCursor"] is None


def test_time_is_bounded(manager: Caller, clinic: Clinic, path: str) -> None:
    manager.get(path)
    now = datetime.now(UTC)
    long_ago = manager.get(
        path, **{"from": (now - timedelta(days=60)).isoformat(), "to": (now - timedelta(days=1)).isoformat()}
    )
    assert long_ago.json()["data"] == []
    for since in (now - timedelta(days=94), now + timedelta(days=1)):
        refused = manager.get(path, **{"from": since.isoformat(), "to": now.isoformat()})
        assert_invalid(refused, **{"from": ["Before `to`, by at most 93 days"]})


def test_v1_has_no_such_route(manager: Caller, path: str) -> None:
    assert manager.get(path.replace("/v2/", "/v1/")).status_code == 404
