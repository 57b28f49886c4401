"""Those who call for a patient."""

from typing import Any

import pytest

from mybcat.tenancy import practice_scope
from patients.models import RelatedPerson
from tests.api.refusals import assert_forbidden, assert_not_found
from tests.api.rows import REFUSED, changes
from tests.callers import Caller, public
from tests.factories import Clinic, make_related_person

UCHE = {"name": "Uche Okafor", "relationship": "parent", "phone": "(212) 555-0188", "maySchedule": False}


@pytest.fixture
def path(clinic: Clinic) -> str:
    return f"/api/v2/patients/{public('pat', clinic.patient.id)}/related-persons"


def test_a_mother_is_added_changed_and_removed(agent: Caller, clinic: Clinic, path: str) -> None:
    with changes(patients_relatedperson=1, mybcat_auditentry=1):
        added = agent.post(path, UCHE)
    assert added.status_code == 201
    expected = {"patientId": public("pat", clinic.patient.id), **UCHE, "phone": "+12125550188"}
    assert added.json() == {"id": added.json()["id"], **expected}
    own = f"/api/v2/related-persons/{added.json()['id']}"
    changed = agent.patch(own, {"maySchedule": True, "phone": ""})
    assert changed.json() == {**added.json(), "maySchedule": True, "phone": ""}
    assert agent.get(path).json()["data"] == [changed.json()]
    with changes(patients_relatedperson=-1, mybcat_auditentry=1):
        assert agent.delete(own).status_code == 204
    assert_not_found(agent.patch(own, {"phone": ""}))


@pytest.mark.parametrize(
    "change",
    [
        {"relationship": "neighbour"},
        {"phone": "123"},
        {"name": ""},
        {"name": "x" * 161},
        {"maySchedule": "yes"},
        {"dateOfBirth": "1960-01-01"},
    ],
)
def test_what_cannot_be_is_refused_by_name(agent: Caller, path: str, change: dict[str, Any]) -> None:
    with changes():
        refused = agent.post(path, {**UCHE, **change})
    (member,) = change
    assert refused.status_code == 400
    assert [error["pointer"] for error in refused.json()["errors"]] == [f"#/{member}"]
    assert "neighbour" not in refused.content.decode()


def test_clinicians_read_and_do_not_write(clinician: Caller, clinic: Clinic, path: str) -> None:
    person = make_related_person(patient=clinic.patient)
    assert len(clinician.get(path).json()["data"]) == 1
    own = f"/api/v2/related-persons/{public('rel', person.id)}"
    with changes(**REFUSED):
        assert_forbidden(clinician.post(path, UCHE))
    with changes(**REFUSED):
        assert_forbidden(clinician.patch(own, {"phone": ""}))
    with changes(**REFUSED):
        assert_forbidden(clinician.delete(own))


def test_they_go_with_their_practice_alone(agent: Caller, clinic: Clinic, other_clinic: Clinic, path: str) -> None:
    theirs = make_related_person(patient=other_clinic.patient)
    with changes(mybcat_securityevent=1, mybcat_auditentry=1):
        assert_forbidden(agent.patch(f"/api/v2/related-persons/{public('rel', theirs.id)}", {"phone": ""}))
    with practice_scope(clinic.practice.id):
        assert RelatedPerson.objects.count() == 0
