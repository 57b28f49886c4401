"""Managers read their figures day by day, told apart by what they ask for."""

import csv
import io
from datetime import date, timedelta
from typing import Any

import pytest

from mybcat.ids import new_uuid
from mybcat.principal import Role
from mybcat.tenancy import practice_scope
from practices.models import Practitioner
from tests.api.refusals import assert_forbidden
from tests.callers import Caller, public
from tests.factories import Clinic, make_daily_count, make_member, make_type

MONDAY = date(2026, 3, 2)
TUESDAY = MONDAY + timedelta(days=1)
NOTHING = {
    "booked": 0,
    "cancelled": 0,
    "moved": 0,
    "arrived": 0,
    "fulfilled": 0,
    "noShow": 0,
    "reopened": 0,
    "enteredInError": 0,
    "reinstated": 0,
    "confirmed": 0,
    "reminded": 0,
}


@pytest.fixture
def manager(clinic: Clinic) -> Caller:
    return Caller(make_member(practice=clinic.practice, role=Role.PRACTICE_MANAGER), clinic.practice)


@pytest.fixture
def counted(clinic: Clinic, other_clinic: Clinic) -> dict[str, Any]:
    """Two days of several kinds; whatever of it is the other practice's must not be seen."""
    fitting = make_type(practice=clinic.practice, code="fitting", name="Lens fitting")
    with practice_scope(clinic.practice.id):
        chen = Practitioner.objects.create(name="Dr Bo Chen")
    partner = new_uuid()
    make_daily_count(practice=clinic.practice, day=MONDAY, count=3)
    make_daily_count(practice=clinic.practice, day=MONDAY, counter="cancelled")
    make_daily_count(practice=clinic.practice, day=MONDAY, appointment_type_id=fitting.id, practitioner_id=chen.id)
    make_daily_count(practice=clinic.practice, day=TUESDAY, source="client", agent_id=partner, count=2)
    make_daily_count(practice=clinic.practice, day=TUESDAY, source="patient", agent_id=None, counter="noShow")
    make_daily_count(practice=other_clinic.practice, day=MONDAY, count=50)
    return {"chen": public("pract", chen.id), "partner": public("appc", partner)}


def ask(caller: Caller, since: date = MONDAY, until: date = TUESDAY, **query: str) -> Any:
    return caller.get("/api/v2/analytics/daily", **{"from": since.isoformat(), "to": until.isoformat()}, **query)


def lines(answer: Any) -> list[tuple[Any, ...]]:
    assert answer.status_code == 200, answer.content
    return [
        (line["date"], line["group"], line["name"], {name: n for name, n in line["counts"].items() if n})
        for line in answer.json()["data"]
    ]


def test_a_line_a_day(manager: Caller, counted: Any) -> None:
    answer = ask(manager)
    assert answer.json()["timeZone"] == "America/New_York"
    assert answer.json()["data"] == [
        {"date": "2026-03-02", "group": "", "name": "", "counts": {**NOTHING, "booked": 4, "cancelled": 1}},
        {"date": "2026-03-03", "group": "", "name": "", "counts": {**NOTHING, "booked": 2, "noShow": 1}},
    ]


def test_by_practitioner(manager: Caller, clinic: Clinic, counted: dict[str, str]) -> None:
    lee = public("pract", clinic.practitioner.id)
    assert lines(ask(manager, by="practitioner")) == [
        ("2026-03-02", lee, "Dr Alice Lee", {"booked": 3, "cancelled": 1}),
        ("2026-03-02", counted["chen"], "Dr Bo Chen", {"booked": 1}),
        ("2026-03-03", lee, "Dr Alice Lee", {"booked": 2, "noShow": 1}),
    ]


def test_by_type(manager: Caller, counted: Any) -> None:
    assert lines(ask(manager, by="type"))[:2] == [
        ("2026-03-02", "comprehensive_exam", "Comprehensive exam", {"booked": 3, "cancelled": 1}),
        ("2026-03-02", "fitting", "Lens fitting", {"booked": 1}),
    ]


def test_by_agent(manager: Caller, clinic: Clinic, counted: dict[str, str]) -> None:
    agent = public("user", clinic.agent.id)
    assert lines(ask(manager, by="agent")) == [
        ("2026-03-02", agent, clinic.agent.name, {"booked": 4, "cancelled": 1}),
        ("2026-03-03", counted["partner"], "client", {"booked": 2}),
        ("2026-03-03", "patient", "patient", {"noShow": 1}),
    ]


def test_by_source(manager: Caller, counted: Any) -> None:
    assert lines(ask(manager, by="source")) == [
        ("2026-03-02", "member", "member", {"booked": 4, "cancelled": 1}),
        ("2026-03-03", "client", "client", {"booked": 2}),
        ("2026-03-03", "patient", "patient", {"noShow": 1}),
    ]


def test_days_are_included_at_both_ends_and_no_others(manager: Caller, counted: Any) -> None:
    assert [line[0] for line in lines(ask(manager, MONDAY, MONDAY))] == ["2026-03-02"]
    assert lines(ask(manager, TUESDAY + timedelta(days=1), TUESDAY + timedelta(days=366), by="type")) == []


def test_a_day_on_which_nothing_happened_has_its_line(manager: Caller, counted: Any) -> None:
    """Also those around the night on which the clocks change, each once."""
    found = lines(ask(manager, MONDAY, MONDAY + timedelta(days=7)))
    assert [line[0] for line in found] == [f"2026-03-{day:02}" for day in range(2, 10)]
    assert [line[3] for line in found[2:]] == [{}] * 6
    text = manager.get("/api/v2/analytics/daily.csv", **{"from": "2026-03-04", "to": "2026-03-04"}).content.decode()
    assert text.splitlines()[1] == "2026-03-04,,," + ",".join("0" * len(NOTHING))


@pytest.mark.parametrize(
    ("query", "member"),
    [
        ({}, "from"),
        ({"from": "2026-03-02"}, "to"),
        ({"from": "2026-03-02", "to": "2026-03-01"}, "to"),
        ({"from": "2026-01-01", "to": "2027-01-02"}, "to"),
        ({"from": "2026-02-30", "to": "2026-03-02"}, "from"),
        ({"from": "2026-03-02", "to": "2026-03-02", "by": "patient"}, "by"),
        ({"from": "2026-03-02", "to": "2026-03-02", "colour": "red"}, "colour"),
    ],
)
@pytest.mark.parametrize("path", ["daily", "daily.csv"])
def test_a_bad_question_is_refused_by_name(manager: Caller, path: str, query: dict[str, str], member: str) -> None:
    answer = manager.get(f"/api/v2/analytics/{path}", **query)
    assert answer.status_code == 400
    assert f"#/{member}" in [error["pointer"] for error in answer.json()["errors"]]


def test_a_spreadsheet_says_the_same(manager: Caller, counted: dict[str, str]) -> None:
    query = {"from": "2026-03-02", "to": "2026-03-03", "by": "practitioner"}
    answer = manager.get("/api/v2/analytics/daily.csv", **query)
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert answer.headers["Content-Disposition"] == 'attachment; filename="daily.csv"'
    head, first, *_ = csv.reader(io.StringIO(answer.content.decode()))
    assert head == ["date", "group", "name", *NOTHING]
    assert (first[0], first[2:]) == ("2026-03-02", ["Dr Alice Lee", "3", "1", *["0"] * 9])


def test_a_name_that_looks_like_a_formula_is_no_formula(manager: Caller, clinic: Clinic) -> None:
    with practice_scope(clinic.practice.id):
        Practitioner.objects.filter(id=clinic.practitioner.id).update(name='=HYPERLINK("http://x")')
    make_daily_count(practice=clinic.practice, day=MONDAY)
    query = {"from": "2026-03-02", "to": "2026-03-02", "by": "practitioner"}
    _, line = csv.reader(io.StringIO(manager.get("/api/v2/analytics/daily.csv", **query).content.decode()))
    assert line[2] == '\'=HYPERLINK("http://x")'


@pytest.mark.parametrize("role", [Role.SCHEDULING_AGENT, Role.PRACTITIONER])
def test_figures_are_for_managers(clinic: Clinic, role: Role) -> None:
    assert_forbidden(ask(Caller(make_member(practice=clinic.practice, role=role), clinic.practice)))
