"""Before a second record of the same person is made, somebody is asked to look."""

from datetime import date
from typing import Any

import pytest

from mybcat.models import AuditEntry
from mybcat.tenancy import practice_scope
from patients.matching import LIKELY, LOOKED_AT
from patients.models import Patient
from tests.api.rows import changes
from tests.callers import Caller, public, together
from tests.factories import Clinic, make_patient

ADA = {"firstName": "Ada", "lastName": "Okafor", "dateOfBirth": "1984-03-09"}


def matched(agent: Caller, **known: str) -> list[dict[str, Any]]:
    answer = agent.post("/api/v2/patients/matches", known)
    assert answer.status_code == 200, answer.content
    return answer.json()["data"]


def create(agent: Caller, version: str = "v2", **fields: Any) -> Any:
    return agent.post(f"/api/{version}/patients", {**ADA, **fields})


def test_the_same_person_scores_all(agent: Caller, clinic: Clinic) -> None:
    (found,) = matched(agent, **ADA, phone=clinic.patient.phone)
    assert (found["score"], found["because"]) == (100, ["name", "dateOfBirth", "phone"])
    assert found["patient"] == agent.get(f"/api/v2/patients/{public('pat', clinic.patient.id)}").json()


LIKENESSES: list[tuple[dict[str, str], list[str], bool]] = [
    ({**ADA}, ["name", "dateOfBirth"], True),
    ({**ADA, "lastName": "Okaphor"}, ["name", "dateOfBirth"], True),
    ({**ADA, "firstName": "Okafor", "lastName": "Ada"}, ["name", "dateOfBirth"], True),
    ({**ADA, "lastName": "Lindqvist", "phone": "own"}, ["name", "dateOfBirth", "phone"], True),
    ({**ADA, "dateOfBirth": "1984-03-10", "phone": "own"}, ["name", "phone"], False),
    ({**ADA, "dateOfBirth": "1950-01-01"}, ["name"], False),
    ({"dateOfBirth": "1984-03-09", "phone": "own"}, ["dateOfBirth", "phone"], False),
    ({**ADA, "firstName": "Boris", "lastName": "Quist"}, ["dateOfBirth"], False),
]


@pytest.mark.parametrize(("known", "because", "likely"), LIKENESSES)
def test_what_agrees_is_told_and_weighed(
    agent: Caller, clinic: Clinic, known: dict[str, str], because: list[str], likely: bool
) -> None:
    if "phone" in known:
        known = {**known, "phone": clinic.patient.phone}
    (found,) = matched(agent, **known)
    assert (found["because"], found["score"] >= LIKELY) == (because, likely)


def test_nobody_alike_is_nobody(agent: Caller) -> None:
    assert matched(agent, firstName="Boris", lastName="Quist", dateOfBirth="1950-01-01", phone="212 555 9999") == []


def test_the_likeliest_comes_first(agent: Caller, clinic: Clinic) -> None:
    sister = make_patient(practice=clinic.practice, first_name="Ayo", phone=clinic.patient.phone)
    found = matched(agent, **ADA, phone=clinic.patient.phone)
    assert [each["patient"]["id"] for each in found] == [public("pat", each.id) for each in (clinic.patient, sister)]
    assert found[0]["score"] > found[1]["score"]


def test_who_is_meant_is_found_among_hundreds_of_the_same_name(agent: Caller, clinic: Clinic) -> None:
    with practice_scope(clinic.practice.id):
        Patient.objects.bulk_create(
            Patient(first_name="Maria", last_name="Garcia", date_of_birth=date(1950, 1, 1)) for _ in range(LOOKED_AT)
        )
    maria = {"firstName": "Maria", "lastName": "Garcia", "dateOfBirth": "1985-05-05"}
    assert create(agent, **maria).status_code == 201
    for described in (maria, {**maria, "firstName": "Marta"}):
        assert matched(agent, **described)[0]["because"] == ["name", "dateOfBirth"]
        with changes():
            assert create(agent, **described).json()["code"] == "possible_duplicate"


def test_another_practice_s_patients_are_nobody(agent: Caller, clinic: Clinic, other_clinic: Clinic) -> None:
    make_patient(practice=other_clinic.practice, first_name="Zed", last_name="Zephyr", date_of_birth=date(1999, 9, 9))
    assert matched(agent, firstName="Zed", lastName="Zephyr", dateOfBirth="1999-09-09") == []


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"firstName": "Ada"},
        {"firstName": "Ada", "lastName": 5},
        {"firstName": "Ada", "dateOfBirth": "9 March 1984"},
        {"firstName": "Ada", "phone": "x"},
        {"firstName": "Ada", "lastName": "Okafor", "insuranceProvider": "VSP"},
    ],
)
def test_too_little_or_nonsense_is_refused(agent: Caller, body: dict[str, Any]) -> None:
    with changes():
        answer = agent.post("/api/v2/patients/matches", body)
    assert answer.status_code == 400
    assert b"Ada" not in answer.content


def test_looking_is_on_record(agent: Caller, clinic: Clinic) -> None:
    matched(agent, **ADA)
    with practice_scope(clinic.practice.id):
        entry = AuditEntry.objects.get(action="patient.match")
    assert entry.object_ids == [str(clinic.patient.id)]


def test_a_likely_second_record_is_refused_until_told_that_it_is_none(agent: Caller, clinic: Clinic) -> None:
    with changes():
        refused = create(agent, lastName="Okaphor")
    assert (refused.status_code, refused.json()["code"]) == (409, "possible_duplicate")
    (candidate,) = refused.json()["candidates"]
    assert candidate == {
        "patientId": public("pat", clinic.patient.id),
        "score": candidate["score"],
        "because": ["name", "dateOfBirth"],
    }
    assert b"Ada" not in refused.content
    with changes(patients_patient=1, mybcat_event=1, mybcat_auditentry=1):
        assert create(agent, lastName="Okaphor", evenIfAlike=True).status_code == 201


def test_of_many_who_add_one_person_at_once_one_does(clinic: Clinic) -> None:
    callers = [Caller(clinic.agent, clinic.practice) for _ in range(3)]
    boris = {"firstName": "Boris", "lastName": "Quist", "dateOfBirth": "1971-02-03"}
    with changes(patients_patient=1, mybcat_event=1, mybcat_auditentry=1):
        answers = together(3, lambda number: create(callers[number], **boris))
    assert sorted(answer.status_code for answer in answers) == [201] + [409] * 2
    (made,) = (answer.json()["id"] for answer in answers if answer.status_code == 201)
    told = [answer.json()["candidates"] for answer in answers if answer.status_code == 409]
    assert [[each["patientId"] for each in candidates] for candidates in told] == [[made]] * 2


def test_a_stranger_is_added_at_once(agent: Caller) -> None:
    assert create(agent, firstName="Boris", lastName="Quist").status_code == 201


def test_v1_adds_as_it_always_has(agent: Caller) -> None:
    assert create(agent, "v1").status_code == 201
    refused = create(agent, "v1", evenIfAlike=True)
    assert (refused.status_code, list(refused.json()["fields"])) == (400, ["evenIfAlike"])
