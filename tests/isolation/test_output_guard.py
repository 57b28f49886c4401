"""The last look at an answer, with the gates before it taken away: nothing of another practice leaves."""

import re
from collections.abc import Callable, Iterator
from typing import Any

import orjson
import psycopg
import pytest
from django.db import connection
from django.http import HttpResponse
from django.test.utils import CaptureQueriesContext
from rest_framework.response import Response

from appointments.calendar import Calendar
from mybcat.gateway import isolation, output_guard
from mybcat.models import AuditEntry, SecurityEvent
from mybcat.tenancy import PracticeManager, platform_scope, practice_scope
from tests.api.refusals import assert_forbidden, assert_refused
from tests.api.rows import changes
from tests.callers import Caller, public
from tests.contract.openapi import operations
from tests.contract.test_openapi import CALLS, Own, filled, own, send
from tests.factories import Clinic, make_patient
from tests.isolation.filled import tenant_tables
from tests.isolation.ids import Ids
from tests.isolation.places import PROBES, Probe

__all__ = ["own"]

PREVENTED = {"mybcat_securityevent": 1, "mybcat_auditentry": 1}


@pytest.fixture
def no_look_at_the_path(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a request names is not looked at before, so that the answer alone can tell."""
    monkeypatch.setattr(isolation, "refuse_foreign_ids", lambda request, **_: None)


@pytest.fixture
def unguarded(no_look_at_the_path: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(output_guard, "check", lambda response, **_: None)
    monkeypatch.setattr(output_guard, "check_rows", lambda rows: None)


@pytest.fixture
def no_gates(owner: psycopg.Connection, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Managers show all rows, and so does PostgreSQL."""
    monkeypatch.setattr(PracticeManager, "get_queryset", lambda self: self.queryset(self.model, using=self._db))
    owner.execute("; ".join(f"ALTER TABLE {table} DISABLE ROW LEVEL SECURITY" for table in tenant_tables()))
    yield
    owner.execute("; ".join(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY" for table in tenant_tables()))


def assert_held_back(answer: Any) -> None:
    assert_refused(answer, status=500, code="unexpected", sentence="An unexpected error occurred")


def rows_of(clinic: Clinic) -> list[str]:
    with platform_scope(reason="test"), connection.cursor() as cursor:
        queries = [
            f"SELECT t::text FROM {table} t WHERE {key} = '{clinic.practice.id}'"
            for table, key in tenant_tables().items()
        ]
        cursor.execute(" UNION ALL ".join(queries))
        return sorted(text for (text,) in cursor.fetchall())


@pytest.fixture
def own_rows(probe: Probe, own_ids: Ids) -> dict[str, str]:
    """What the clinic has of what the probe names, made while there are gates."""
    return probe.own(own_ids)


@pytest.fixture
def their_rows(probe: Probe, foreign_ids: Ids) -> dict[str, str]:
    """Likewise the other practice's; of a list, which may tell of rows of any kind, one of each."""
    return {kind: foreign_ids[kind] for kind in (foreign_ids if probe.place.where == "query" else probe.kinds)}


@pytest.mark.parametrize("probe", PROBES, ids=str)
def test_without_the_gates_no_probe_gets_or_changes_anything(
    probe: Probe,
    agent: Caller,
    clinic: Clinic,
    other_clinic: Clinic,
    own_rows: dict[str, str],
    their_rows: dict[str, str],
    no_gates: None,
) -> None:
    before = rows_of(other_clinic)
    answer = probe.send(agent, clinic, their_rows[probe.place.prefix], own=own_rows)
    if probe.place.where == "query" and answer.status_code == 200:
        # A filter by what others have, over days on which they have nothing.
        assert answer.json().get("results", answer.json().get("data")) == []
    # What is refused is so to the letter, and tells nothing.
    elif answer.status_code == 403:
        assert_forbidden(answer)
    else:
        assert_held_back(answer)
    told = answer.content.decode()
    assert [value for value in (*their_rows.values(), other_clinic.patient.phone) if value in told] == []
    assert rows_of(other_clinic) == before


@pytest.fixture
def booked(own_ids: Ids, foreign_ids: Ids) -> tuple[str, str]:
    """An appointment of each practice, made while there are gates."""
    return own_ids["appointment_id"], foreign_ids["appt"]


@pytest.mark.parametrize("version", ["v1", "v2"])
@pytest.mark.parametrize("path", ["patients/{pat}", "appointments/{appt}", "patients/{pat}/appointments"])
def test_without_the_gates_no_row_leaves_by_its_id(
    agent: Caller,
    other_clinic: Clinic,
    booked: tuple[str, str],
    no_gates: None,
    no_look_at_the_path: None,
    version: str,
    path: str,
) -> None:
    asked = path.format(pat=public("pat", other_clinic.patient.id), appt=booked[1])
    with changes(**PREVENTED):
        assert_held_back(agent.get(f"/api/{version}/{asked}"))


def days(clinic: Clinic, other_clinic: Clinic) -> str:
    """The days of both practices' slots: around midnight, tomorrow in New York is not tomorrow in Chicago."""
    first, last = sorted(each.slots[0].starts_at.date() for each in (clinic, other_clinic))
    return f"from={first}&to={last}"


@pytest.mark.parametrize("path", ["patients", "slots?{days}", "practitioners"])
@pytest.mark.parametrize("version", ["v1", "v2"])
def test_without_the_gates_no_list_leaves_with_another_practice_s_rows(
    agent: Caller, clinic: Clinic, other_clinic: Clinic, no_gates: None, version: str, path: str
) -> None:
    """Of lists that lean on managers; the calendar's SQL names the practice itself."""
    assert_held_back(agent.get(f"/api/{version}/{path.format(days=days(clinic, other_clinic))}"))


@pytest.mark.parametrize("version", ["v1", "v2"])
def test_the_calendar_names_its_practice_itself_and_is_held_back_where_it_names_another(
    agent: Caller,
    clinic: Clinic,
    other_clinic: Clinic,
    booked: tuple[str, str],
    no_gates: None,
    monkeypatch: pytest.MonkeyPatch,
    version: str,
) -> None:
    here, there = booked
    path = f"/api/{version}/appointments?{days(clinic, other_clinic)}"
    answer = agent.get(path)
    assert answer.status_code == 200
    assert here in answer.content.decode()
    assert there not in answer.content.decode()
    parameters = Calendar._parameters
    monkeypatch.setattr(Calendar, "_parameters", lambda self: parameters(self) | {"practice": other_clinic.practice.id})
    assert_held_back(agent.get(path))


@pytest.mark.parametrize("version", ["v1", "v2"])
def test_what_a_booking_s_own_row_refers_to_is_not_asked_again(agent: Caller, clinic: Clinic, version: str) -> None:
    """PostgreSQL has looked it up by practice and id when it checked the references."""
    with CaptureQueriesContext(connection) as queries:
        booked = agent.book(clinic, version=version)
    assert booked.status_code == 201
    assert [query for query in queries if "id = ANY" in query["sql"]] == []
    # What is only read is looked up.
    with CaptureQueriesContext(connection) as queries:
        assert agent.get(f"/api/{version}/appointments/{booked.json()['appointmentId']}").status_code == 200
    assert len([query for query in queries if "id = ANY" in query["sql"]]) > 0


def test_rows_without_an_id_are_held_back_too(agent: Caller, other_clinic: Clinic, no_gates: None) -> None:
    assert_held_back(agent.get("/api/v1/appointment-types"))


def test_without_the_guard_they_would_leave(
    agent: Caller, other_clinic: Clinic, foreign_ids: Ids, no_gates: None, unguarded: None
) -> None:
    """Negative control: the two gates are really away, and it is the guard that holds back."""
    answer = agent.get(f"/api/v1/patients/{foreign_ids['pat']}")
    assert (answer.status_code, answer.json()["phone"]) == (200, other_clinic.patient.phone)
    assert agent.get("/api/v1/appointment-types").json()["count"] == 2


_ID = re.compile(r"(?<!\w)[a-z]{2,8}_[0-7][0-9a-hjkmnp-tv-z]{25}(?!\w)")


def _kind(public_id: str) -> str:
    return public_id.partition("_")[0]


def text_of(response: HttpResponse) -> str:
    return (orjson.dumps(response.data) if isinstance(response, Response) else response.content).decode()


class Planting:
    """The guard, but for an answer in which one id has become another practice's."""

    def __init__(self, foreign_ids: dict[str, str]) -> None:
        self.check = output_guard.check
        self.foreign_ids = foreign_ids
        # Which of the answer's ids, in their order.
        self.place = 0

    def __call__(self, response: HttpResponse, **scope: Any) -> None:
        text = text_of(response)
        found = list(_ID.finditer(text))[self.place]
        foreign = self.foreign_ids[_kind(found[0])]
        planted = text[: found.start()] + foreign + text[found.end() :]
        if isinstance(response, Response):
            response.data = orjson.loads(planted)
        else:
            response.content = planted
        self.check(response, **scope)


@pytest.mark.parametrize(
    ("name", "version"), [(name, version) for name, call in CALLS.items() for version in call.versions]
)
def test_an_id_planted_in_any_member_of_any_answer_is_caught(
    agent: Caller, own: Own, foreign_ids: Ids, monkeypatch: pytest.MonkeyPatch, version: str, name: str
) -> None:
    ((method, path),) = [
        (method, path) for method, path, operation in operations(version) if operation["operationId"] == name
    ]
    if not path.startswith("/api/v"):
        # Signing in tells a person of all her practices.
        return
    call = CALLS[name]
    for each in call.made:
        own[each]
    body = None if call.body is None else filled(call.body, own)
    request = (method, own.at(path), filled(call.query, own), body)
    # The first answer tells where ids stand; a write must not have an effect yet.
    answers: list[str] = []
    with monkeypatch.context() as first:
        first.setattr(output_guard, "check", lambda response, **_: answers.append(text_of(response)) or unchecked())
        assert send(agent, *request).status_code == 500
    found = _ID.findall(answers[0])
    # A person is no practice's: one may work for several.
    planting = Planting({kind: foreign_ids[kind] for kind in map(_kind, found) if kind != "user"})
    monkeypatch.setattr(output_guard, "check", planting)
    for place, each in enumerate(found):
        if _kind(each) == "user":
            continue
        planting.place = place
        with changes(**PREVENTED):
            answer = send(agent, *request)
        assert_held_back(answer)


def unchecked() -> None:
    raise RuntimeError("only looked at")


def test_what_was_prevented_is_on_record(
    agent: Caller,
    clinic: Clinic,
    other_clinic: Clinic,
    foreign_ids: Ids,
    no_gates: None,
    no_look_at_the_path: None,
    logged: Callable[[], list[dict[str, Any]]],
) -> None:
    answer = agent.get(f"/api/v2/patients/{foreign_ids['pat']}")
    assert_held_back(answer)
    with practice_scope(clinic.practice.id):
        event, entry = (
            SecurityEvent.objects.filter(practice_id=clinic.practice.id).get(),
            AuditEntry.objects.get(outcome="prevented"),
        )
    told = (event.kind, event.principal_id, event.object_kind, event.object_id, event.other_practice_id)
    patient = other_clinic.patient
    assert told == ("prevented_leak", clinic.agent.id, "pat", patient.id, other_clinic.practice.id)
    assert (entry.action, entry.object_ids, entry.principal_id) == (
        "prevented_leak",
        [str(patient.id)],
        clinic.agent.id,
    )
    (line,) = [line for line in logged() if line["event"] == "Leak to another practice prevented"]
    assert (line["level"], line["correlationId"]) == ("critical", answer.headers["X-Correlation-Id"])


def test_an_answer_that_was_kept_is_looked_at_again(
    agent: Caller, clinic: Clinic, foreign_ids: Ids, owner: psycopg.Connection
) -> None:
    foreign = foreign_ids["appt"]
    assert agent.book(clinic, key="a-key").status_code == 201
    with practice_scope(clinic.practice.id), connection.cursor() as cursor:
        cursor.execute(
            "UPDATE mybcat_idempotencykey SET body = convert_to(%s, 'UTF8')",
            [f'{{"appointmentId":"{foreign}"}}'],
        )
    assert_held_back(agent.book(clinic, key="a-key"))


def test_a_text_that_looks_like_an_id_is_a_text(agent: Caller, foreign_ids: Ids) -> None:
    """Whoever holds another practice's id must not be able to close a list of patients with it."""
    text = f'","id":"{foreign_ids["pat"]}'
    body = {"firstName": foreign_ids["pat"], "lastName": text, "dateOfBirth": "1990-05-17"}
    created = agent.post("/api/v2/patients", body)
    assert (created.status_code, created.json()["lastName"]) == (201, text)
    assert agent.get("/api/v2/patients").json()["data"][0]["firstName"] == foreign_ids["pat"]


def test_more_than_there_is_room_for_is_not_kept(
    agent: Caller, clinic: Clinic, monkeypatch: pytest.MonkeyPatch
) -> None:
    known: dict[Any, set[bytes]] = {}
    monkeypatch.setattr(output_guard, "_known", known)
    agent.get(f"/api/v2/patients/{public('pat', clinic.patient.id)}")
    before = {practice: set(texts) for practice, texts in known.items()}
    monkeypatch.setattr(output_guard, "_MOST_KNOWN", 3)
    for _ in range(4):
        make_patient(practice=clinic.practice)
    assert len(agent.get("/api/v2/patients").json()["data"]) == 5
    assert (known, sum(map(len, known.values()))) == (before, 1)


def test_what_is_known_is_not_asked_again(agent: Caller, clinic: Clinic) -> None:
    def asked() -> int:
        with CaptureQueriesContext(connection) as queries:
            assert agent.get(f"/api/v2/patients/{public('pat', clinic.patient.id)}").status_code == 200
        return len(queries)

    # From here on the gateway knows the caller without a question.
    agent.get("/api/v2/locations")
    assert asked() - asked() == 1
