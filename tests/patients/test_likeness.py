"""Names that were misheard or mistyped find their patient, in v2."""

from datetime import date
from importlib import import_module
from types import SimpleNamespace

import psycopg
import pytest
from django.apps import apps
from django.db import connection

from mybcat.tenancy import practice_scope
from patients.likeness import name_keys, names_alike, search_key
from patients.models import Patient
from tests.callers import Caller, public
from tests.factories import Clinic, make_patient

ALIKE = [
    ("Smith", "Smyth"),
    ("Smith", "Smiht"),
    ("Johnson", "Jonson"),
    ("Okafor", "Okaphor"),
    ("Catherine", "Katherine"),
    ("Müller", "Mueler"),
    ("Gonzalez", "Gonzales"),
    ("O'Brien", "OBrian"),
    ("Garcia-Lopez", "Garcia Lopes"),
    ("Lee", "Li"),
]
UNLIKE = [("Smith", "Jones"), ("Munro", "Muñoz"), ("Lee", "Kim"), ("Okafor", "Adeyemi"), ("Anna", "Hannah")]


def heard_or_seen_alike(one: str, other: str) -> bool:
    return not set(name_keys(one)[1:]).isdisjoint(name_keys(other)[1:])


@pytest.mark.parametrize(("one", "other"), ALIKE)
def test_what_sounds_or_looks_alike_shares_a_code(one: str, other: str) -> None:
    assert heard_or_seen_alike(one, other)


@pytest.mark.parametrize(("one", "other"), UNLIKE)
def test_what_does_not_shares_none(one: str, other: str) -> None:
    assert not heard_or_seen_alike(one, other)


@pytest.mark.parametrize("name", ["", "!!!", "王", "Ж", "\ufdfa" * 80, "z" * 80, "1234", "ß", "e\u0301" * 40])
def test_every_name_has_codes_that_fit(name: str) -> None:
    keys = name_keys(name)
    assert all(len(code) <= 160 for code in keys)
    assert bool(keys.key) == bool(keys.skeleton)


def test_names_that_were_exchanged_are_as_like_as_they_are() -> None:
    ada = (search_key("Ada"), search_key("Okafor"))
    assert names_alike(ada, ada) == names_alike(ada, ada[::-1]) == (1, 1)
    assert max(names_alike(ada, ("ben", "lindqvist"))) < 0.6
    first, last = names_alike(ada, ("ada", "lindqvist"))
    assert (first, last < 0.6) == (1, True)


@pytest.fixture
def okafor(clinic: Clinic) -> str:
    return public("pat", clinic.patient.id)


def found(agent: Caller, text: str, version: str = "v2") -> list[str]:
    answer = agent.get(f"/api/{version}/patients", search=text)
    assert answer.status_code == 200, answer.content
    return [row["id"] for row in answer.json()["data" if version == "v2" else "results"]]


@pytest.mark.parametrize(
    "text",
    [
        "okaphor",
        "Okofar",
        "okafro",
        "Ada Okaphor",
        "okofar ada",
        "Adda Okaffor",
        "okaphor 3/9/1984",
        "1984-03-09 okaphor",
    ],
)
def test_a_misspelt_name_finds(agent: Caller, okafor: str, text: str) -> None:
    assert found(agent, text) == [okafor]


@pytest.mark.parametrize("text", ["okaphor 3/9/1985", "Bertha Okaphor", "okaphor 0000", "xyz", "3/9/1985"])
def test_what_is_told_besides_must_still_be_right(agent: Caller, okafor: str, text: str) -> None:
    assert found(agent, text) == []


def test_those_who_are_spelt_so_come_alone(agent: Caller, clinic: Clinic, okafor: str) -> None:
    other = make_patient(practice=clinic.practice, first_name="Ben", last_name="Okaphor")
    assert found(agent, "okaphor") == [public("pat", other.id)]
    assert found(agent, "okafor") == [okafor]


def test_v1_searches_as_it_always_has(agent: Caller, okafor: str) -> None:
    assert found(agent, "okaphor", "v1") == []
    assert found(agent, "okafor", "v1") == [okafor]


def test_everything_that_is_known_counts_in_any_order(agent: Caller, clinic: Clinic) -> None:
    ada = make_patient(
        practice=clinic.practice,
        first_name="Ada",
        last_name="Lovell",
        date_of_birth=date(1990, 5, 7),
        phone="+12125550147",
    )
    ids = [public("pat", ada.id)]
    for text in (
        "0147 lovell",
        "lovell 0147",
        "5/7/1990 lov",
        "lov 5/7/1990",
        "ada 0147 5/7/1990",
        "(212) 555-0147 lovell",
    ):
        assert found(agent, text) == ids, text
    for text in ("0148 lovell", "lovell 5/8/1990", "okafor 0147"):
        assert found(agent, text) == [], text


def test_pages_of_likenesses_go_on(agent: Caller, clinic: Clinic) -> None:
    for first in ("Ann", "Ben", "Cay"):
        make_patient(practice=clinic.practice, first_name=first, last_name="Smith")
    seen, cursor = [], None
    while True:
        query = {"search": "smyth", "limit": 2, **({"cursor": cursor} if cursor else {})}
        page = agent.get("/api/v2/patients", **query).json()
        seen += [row["firstName"] for row in page["data"]]
        cursor = page["nextCursor"]
        if cursor is None:
            break
    assert seen == ["Ann", "Ben", "Cay"]


def test_likeness_uses_its_indexes_under_row_security(clinic: Clinic, owner: psycopg.Connection) -> None:
    born = date(1990, 5, 7)
    with practice_scope(clinic.practice.id):
        people = [Patient(first_name=f"Ada{n}", last_name=f"Q{n:b}", date_of_birth=born) for n in range(3000)]
        # Their codes are made between two statements, and a transaction that is idle for ten seconds is ended.
        Patient.objects.bulk_create(people, batch_size=200)
    owner.execute("ANALYZE patients_patient")
    with practice_scope(clinic.practice.id):
        plan = Patient.objects.sounding("okaphor").order_by().explain()
    for column in ("last_name_sound", "last_name_skeleton", "first_name_sound", "first_name_skeleton"):
        assert f"Bitmap Index Scan on patient_{column}" in plan
    assert "Seq Scan" not in plan


def test_a_changed_name_is_found_by_its_new_sound(agent: Caller, okafor: str) -> None:
    agent.http.patch(
        f"/api/v2/patients/{okafor}", {"lastName": "Smith"}, content_type="application/json", headers=agent.headers
    )
    assert (found(agent, "smyth"), found(agent, "okaphor")) == ([okafor], [])


def test_records_from_before_got_their_codes(clinic: Clinic) -> None:
    """The migration's own function, on a row as it was before."""
    fill = import_module("patients.migrations.0003_likeness_merges_related_persons").fill_keys
    with practice_scope(clinic.practice.id):
        Patient.objects.update(last_name_sound="", first_name_skeleton="")

        fill(apps, SimpleNamespace(connection=connection))
        row = Patient.objects.get()
    assert (row.last_name_sound, row.first_name_skeleton) == (name_keys("Okafor").sound, name_keys("Ada").skeleton)
