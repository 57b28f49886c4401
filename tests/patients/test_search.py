"""A patient is found while the caller is still spelling the name."""

from datetime import date
from typing import Any
from urllib.parse import urlencode

import pytest

from mybcat.models import AuditEntry
from mybcat.tenancy import practice_scope
from patients.models import Patient
from tests.api.refusals import assert_invalid
from tests.api.rows import changes
from tests.callers import Caller, public
from tests.factories import Clinic, make_patient

PEOPLE: dict[str, dict[str, Any]] = {
    "jose": {"first_name": "José", "last_name": "Muñoz", "date_of_birth": date(1984, 3, 9), "phone": "+12125550147"},
    "siobhan": {
        "first_name": "Siobhán",
        "last_name": "O\u2019Brien",
        "date_of_birth": date(1991, 12, 1),
        "phone": "+13125550147",
    },
    "lukasz": {
        "first_name": "Łukasz",
        "last_name": "Van der Berg",
        "date_of_birth": date(1984, 9, 3),
        "phone": "+442079460958",
    },
    "munro": {"first_name": "Olu", "last_name": "Munro", "date_of_birth": date(2001, 3, 9), "phone": ""},
    "anna": {
        "first_name": "Anne-Marie",
        "last_name": "GARCIA-LOPEZ",
        "date_of_birth": date(1970, 1, 31),
        "phone": "+16465559000",
    },
}


@pytest.fixture
def people(clinic: Clinic) -> dict[str, str]:
    """Public id of each, and the name by which these tests know them."""
    with practice_scope(clinic.practice.id):
        Patient.objects.filter(id=clinic.patient.id).delete()
    return {public("pat", make_patient(practice=clinic.practice, **fields).id): name for name, fields in PEOPLE.items()}


def found(agent: Caller, people: dict[str, str], text: str) -> list[str]:
    """By last name, then first."""
    answer = agent.get("/api/v1/patients", search=text)
    assert answer.status_code == 200, answer.content
    names = [people[row["id"]] for row in answer.json()["results"]]
    assert answer.json()["count"] == len(names)
    return names


BY_NAME = {
    "mu": ["jose", "munro"],
    "muño": ["jose"],
    "munoz": ["jose"],
    "MUNOZ": ["jose"],
    "MuÑoZ": ["jose"],
    "mun\u0303oz": ["jose"],
    "jose": ["jose"],
    "unoz": [],
    "o": ["munro", "siobhan"],
    "o'b": ["siobhan"],
    "O\u2019Brien": ["siobhan"],
    "obrien": ["siobhan"],
    "o`brien": ["siobhan"],
    "Lukasz": ["lukasz"],
    "van der": ["lukasz"],
    "garcia lopez": ["anna"],
    "Garcia-L": ["anna"],
    "anne m": ["anna"],
    "  munro  ": ["munro"],
    "nobody": [],
}


def test_the_start_of_a_name_finds(agent: Caller, people: dict[str, str]) -> None:
    assert {text: found(agent, people, text) for text in BY_NAME} == BY_NAME


BY_TWO_NAMES = {
    "jose mu": ["jose"],
    "munoz jo": ["jose"],
    "Muñoz, José": ["jose"],
    "siobhan o'brien": ["siobhan"],
    "lukasz van d": ["lukasz"],
    "van der berg luk": ["lukasz"],
    "anne-marie garcia": ["anna"],
    "jose munro": [],
    "jose munoz extra": [],
}


def test_two_names_find_in_either_order(agent: Caller, people: dict[str, str]) -> None:
    assert {text: found(agent, people, text) for text in BY_TWO_NAMES} == BY_TWO_NAMES


BY_PHONE = {
    "0147": ["jose", "siobhan"],
    "147": ["jose", "siobhan"],
    "555-0147": ["jose", "siobhan"],
    "2125550147": ["jose"],
    "(212) 555-0147": ["jose"],
    "+1 212 555 0147": ["jose"],
    "1-212-555-0147": ["jose"],
    "212.555.0147": ["jose"],
    "+44 20 7946 0958": ["lukasz"],
    "7946 0958": ["lukasz"],
    "020 7946 0958": ["lukasz"],
    "0148": [],
    "2125550": [],
    "47": [],
    "...": [],
}


def test_the_end_of_a_phone_number_finds(agent: Caller, people: dict[str, str]) -> None:
    assert {text: found(agent, people, text) for text in BY_PHONE} == BY_PHONE


BY_BIRTH_DATE = {
    "1984-03-09": ["jose"],
    "1984-3-9": ["jose"],
    "3/9/1984": ["jose"],
    "03/09/1984": ["jose"],
    "3-9-1984": ["jose"],
    "9/3/1984": ["lukasz"],
    "1/31/1970": ["anna"],
    "31/1/1970": ["anna"],
    "31.1.1970": ["anna"],
    "9.3.1984": ["jose"],
    "3.9.1984": ["lukasz"],
    "2/30/1984": [],
    "1984-02-30": [],
    "1985-03-09": [],
    "munoz 3/9/1984": ["jose"],
    "jose munoz 1984-03-09": ["jose"],
    "mu 1984-03-09": ["jose"],
    "mu 3/9/2001": ["munro"],
    "munoz 3/9/1985": [],
    "0147 12/1/1991": ["siobhan"],
}


def test_a_birth_date_finds_alone_or_after_a_name(agent: Caller, people: dict[str, str]) -> None:
    assert {text: found(agent, people, text) for text in BY_BIRTH_DATE} == BY_BIRTH_DATE


def test_wildcards_and_quotes_are_no_wildcards_and_quotes(agent: Caller, people: dict[str, str]) -> None:
    signs = ["%", "_", "%%", "m%z", "m_nro", "\\", "*", ".*", "'", "' OR '1'='1", "()", "?"]
    assert {text: found(agent, people, text) for text in signs} == {text: [] for text in signs}


def test_a_sign_is_passed_over(agent: Caller, people: dict[str, str]) -> None:
    assert found(agent, people, "mun%") == ["jose", "munro"]


def test_without_a_search_all_are_listed(agent: Caller, people: dict[str, str]) -> None:
    for query in ({}, {"search": ""}, {"search": "  "}):
        rows = agent.get("/api/v1/patients", **query).json()["results"]
        assert [people[row["id"]] for row in rows] == ["anna", "jose", "munro", "siobhan", "lukasz"]


@pytest.mark.parametrize(
    ("version", "body"),
    [("v1", {"results": [], "count": 0}), ("v2", {"data": [], "nextCursor": None})],
)
def test_nobody_found_is_an_empty_list(
    agent: Caller, people: dict[str, str], version: str, body: dict[str, Any]
) -> None:
    answer = agent.get(f"/api/{version}/patients", search="nobody")
    assert (answer.status_code, answer.json()) == (200, body)


def test_patients_of_another_practice_are_not_found(
    agent: Caller, people: dict[str, str], other_clinic: Clinic
) -> None:
    make_patient(practice=other_clinic.practice, last_name="Munster", phone="+17735550147")
    assert found(agent, people, "mun") == ["jose", "munro"]
    assert found(agent, people, "0147") == ["jose", "siobhan"]


@pytest.mark.parametrize("version", ["v1", "v2"])
def test_a_search_leaves_an_audit_row_with_whom_it_showed(
    agent: Caller, people: dict[str, str], clinic: Clinic, version: str
) -> None:
    with changes(mybcat_auditentry=1):
        answer = agent.get(f"/api/{version}/patients", search="mu")
    with practice_scope(clinic.practice.id):
        entry = AuditEntry.objects.get(action="patient.search")
        shown = [
            str(row.id) for row in Patient.objects.filter(last_name_key__startswith="mu").order_by("last_name_key")
        ]
    assert (entry.action, entry.object_kind, entry.object_ids, entry.outcome) == (
        "patient.search",
        "pat",
        shown,
        "success",
    )
    assert (entry.principal_kind, entry.principal_id) == ("member", clinic.agent.id)
    assert entry.correlation_id == answer.headers["X-Correlation-Id"]


def test_a_search_that_shows_nobody_is_on_record_too(agent: Caller, people: dict[str, str], clinic: Clinic) -> None:
    with changes(mybcat_auditentry=1):
        agent.get("/api/v1/patients", search="nobody")
    with practice_scope(clinic.practice.id):
        assert AuditEntry.objects.get(action="patient.search").object_ids == []


@pytest.mark.parametrize(
    ("query", "fields"),
    [
        ({"search": "x" * 101}, {"search": ["Ensure this field has no more than 100 characters."]}),
        ({"search": "a\x00b"}, {"search": ["Null characters are not allowed."]}),
        ({"name": "munoz"}, {"name": ["Unknown member"]}),
        ([("search", "mu"), ("search", "jo")], {"search": ["Give this once"]}),
    ],
    ids=["101 characters", "NUL", "unknown parameter", "twice"],
)
@pytest.mark.parametrize("version", ["v1", "v2"])
def test_a_query_that_is_wrong_is_refused(
    agent: Caller, people: dict[str, str], version: str, query: Any, fields: dict[str, list[str]]
) -> None:
    with changes():
        answer = agent.get(f"/api/{version}/patients?{urlencode(query)}")
    assert_invalid(answer, **fields)
