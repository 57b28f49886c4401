"""Patients' names, numbers and addresses stay in their table and in answers to those who may ask."""

import logging
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection

from mybcat import events
from mybcat.ids import new_uuid
from mybcat.tenancy import platform_scope, practice_scope
from patients.models import Patient
from tests.callers import Caller, public
from tests.factories import Clinic

Logged = Callable[[], list[dict[str, Any]]]

CANARY: dict[str, Any] = {
    "firstName": "Quillfeather",
    "lastName": "Zymurgist",
    "dateOfBirth": "1961-07-19",
    "phone": "+12125559876",
    "email": "canary@zymurgist.example",
    "insuranceProvider": "Halcyon Mutual",
}
SECRETS = ["quillfeather", "zymurgist", "1961-07-19", "5559876", "halcyon"]


def told(text: str) -> list[str]:
    """Also where PostgreSQL shows bytes in hexadecimal."""
    forms = {secret: (secret, secret.encode().hex(), secret.capitalize().encode().hex()) for secret in SECRETS}
    return [secret for secret, shapes in forms.items() if any(shape in text.lower() for shape in shapes)]


@pytest.fixture
def canary(agent: Caller) -> str:
    """Public id of a patient whom anyone would recognise."""
    return agent.post("/api/v1/patients", CANARY, key="a-canary").json()["id"]


def live_through(agent: Caller, clinic: Clinic, canary: str) -> None:
    """All that is done with a patient, and answered well."""
    assert agent.get("/api/v2/patients", search="zymurgist 7/19/1961").json()["data"][0]["id"] == canary
    assert agent.get("/api/v1/patients", search="5559876").json()["count"] == 1
    booked = agent.book(clinic, patientId=canary)
    assert booked.status_code == 201
    address = f"/api/v1/appointments/{booked.json()['appointmentId']}"
    assert agent.get(address).status_code == 200
    assert agent.post(f"{address}/cancel", {"reason": "patient_unwell"}).status_code == 200
    assert agent.patch(f"/api/v2/patients/{canary}", {"insuranceProvider": "Halcyon Two"}).status_code == 200


def refusals(agent: Caller, clinic: Clinic, canary: str) -> list[Any]:
    """All that can be said against a request with a patient's data in it."""
    path = f"/api/v1/patients/{canary}"
    wrong: list[dict[str, Any]] = [
        {"phone": "5559876 Quillfeather"},
        {"email": "canary@zymurgist"},
        {"dateOfBirth": "1961-07-19T00"},
        {"firstName": "Quillfeather " * 20},
        {"lastName": ["Zymurgist"]},
        {"smsConsent": "Quillfeather"},
        {"insuranceProvider": {"name": "Halcyon Mutual"}},
    ]
    answers = [agent.patch(path, body) for body in wrong]
    answers += [
        agent.post(f"/api/{version}/patients", {**CANARY, **body}) for body in wrong for version in ("v1", "v2")
    ]
    raw = b'{"firstName": "Quillfeather", "lastName": "Zymurgist", "phone": "5559876"'
    answers += [agent.post("/api/v2/patients", body.decode()) for body in (raw, raw + b"]", raw + b', "phone": 1}')]
    answers += [
        agent.get("/api/v1/patients", search="Zymurgist 1961-07-19" * 9),
        agent.get("/api/v1/patients", search="Zymurgist\x00"),
        agent.get("/api/v2/patients", cursor="Zymurgist5559876"),
        agent.get("/api/v1/patients/Zymurgist-1961-07-19"),
        agent.book(clinic, patientId="Zymurgist"),
        agent.book(clinic, patientId=canary, type="Zymurgist, Quillfeather"),
        agent.post(f"/api/v1/appointments/{public('appt', new_uuid())}/cancel", {"reason": "Quillfeather is unwell"}),
        agent.post("/api/auth/token", {"email": "canary@zymurgist.example", "password": "Quillfeather 5559876"}),
    ]
    return answers


def test_no_line_of_the_log_tells_of_a_patient(
    agent: Caller, clinic: Clinic, canary: str, logged: Logged, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, logger="mybcat")
    live_through(agent, clinic, canary)
    refusals(agent, clinic, canary)
    assert told("".join(str(line) for line in logged())) == []


def test_no_refusal_tells_of_a_patient(agent: Caller, clinic: Clinic, canary: str) -> None:
    for answer in refusals(agent, clinic, canary):
        assert answer.status_code in (400, 401, 404), answer.content
        headers = "".join(f"{name}: {value}\n" for name, value in answer.headers.items() if name != "Link")
        assert told(answer.content.decode() + headers) == []


def test_no_other_table_holds_a_patient_s_data(agent: Caller, clinic: Clinic, canary: str) -> None:
    live_through(agent, clinic, canary)
    refusals(agent, clinic, canary)
    with platform_scope(reason="test"), connection.cursor() as cursor:
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        holding = set()
        for (table,) in cursor.fetchall():
            cursor.execute(f'SELECT t::text FROM "{table}" t')
            if any(told(row[0]) for row in cursor.fetchall()):
                holding.add(table)
    # A key keeps the answer to be given again: it is the patient's record, for 24 hours.
    assert holding == {"patients_patient", "mybcat_idempotencykey"}


def test_a_failure_that_quotes_a_patient_tells_nobody(
    agent: Caller, clinic: Clinic, canary: str, logged: Logged, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(**_: Any) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT (first_name || last_name)::int FROM patients_patient WHERE phone = '+12125559876'")

    monkeypatch.setattr(events, "publish", failing)
    answer = agent.patch(f"/api/v1/patients/{canary}", {"lastName": "Zymurgist-Two"})
    assert (answer.status_code, answer.json()) == (
        500,
        {"error": "An unexpected error occurred", "correlationId": answer.headers["X-Correlation-Id"]},
    )
    (line,) = [line for line in logged() if line["event"] == "unexpected error"]
    assert line["exception"] == "DataError"
    assert told("".join(str(line) for line in logged())) == []
    with practice_scope(clinic.practice.id):
        assert Patient.objects.get(first_name="Quillfeather").last_name == "Zymurgist"


def test_a_patient_s_row_does_not_tell_of_itself_in_words(clinic: Clinic) -> None:
    """What a careless log line or admin title would show."""
    assert told(f"{clinic.patient} {clinic.patient!r}") == []
    patient = Patient(first_name="Quillfeather", last_name="Zymurgist", phone="+12125559876")
    assert told(f"{patient} {patient!r}") == []
