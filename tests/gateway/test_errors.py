"""Each refusal in both shapes, to the letter; and a failure of ours, which tells nothing but its id."""

from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest
from django.conf import settings
from django.test import Client

from mybcat.ids import new_uuid
from mybcat.principal import Role
from tests.api.refusals import assert_refused
from tests.api.rows import REFUSED, REMEMBERED, changes
from tests.callers import Caller, public, together
from tests.factories import Clinic, make_member, make_patient
from tests.isolation.routes import routes

both_versions = pytest.mark.parametrize("version", ["v1", "v2"])
PROBLEMS = "https://mybcat.example/problems/"
NEW_PATIENT = {"firstName": "Ines", "lastName": "Moreau", "dateOfBirth": "1990-05-17"}
SECRET = 'relation "patients_patient" SELECT * FROM /srv/mybcat/patients/services.py Zymurgist'


def test_v1_says_what_is_wrong_in_a_sentence(agent: Caller) -> None:
    answer = agent.post(
        "/api/v1/patients", {**NEW_PATIENT, "firstName": "", "x": 1}, **{"X-Correlation-Id": "call-4711"}
    )
    assert (answer.status_code, answer.headers["Content-Type"]) == (400, "application/json")
    assert answer.json() == {
        "error": "The request is not valid.",
        "correlationId": "call-4711",
        "fields": {"x": ["Unknown member"]},
    }


def test_v2_is_rfc_9457(agent: Caller) -> None:
    body = {"lastName": "Moreau", "dateOfBirth": "today"}
    answer = agent.post("/api/v2/patients", body, **{"X-Correlation-Id": "call-4711"})
    assert (answer.status_code, answer.headers["Content-Type"]) == (400, "application/problem+json")
    assert answer.json() == {
        "type": "https://mybcat.example/problems/invalid",
        "title": "Bad Request",
        "status": 400,
        "detail": "The request is not valid.",
        "code": "invalid",
        "correlationId": "call-4711",
        "errors": [
            {"detail": "This field is required.", "pointer": "#/firstName"},
            {
                "detail": "Date has wrong format. Use one of these formats instead: YYYY-MM-DD.",
                "pointer": "#/dateOfBirth",
            },
        ],
    }


REFUSALS: dict[str, tuple[Callable[[Caller, Clinic, str], Any], dict[str, Any]]] = {
    "400": (lambda agent, _, v: agent.post(f"/api/{v}/patients", "{"),
            {"status": 400, "code": "bad_request", "sentence": "The body is not valid JSON"}),
    "401": (lambda agent, _, v: agent.http.get(f"/api/{v}/patients"),
            {"status": 401, "code": "unauthenticated", "sentence": "Authentication is required"}),
    "404, a row": (lambda agent, _, v: agent.get(f"/api/{v}/patients/{public('pat', new_uuid())}"),
                   {"status": 404, "code": "not_found", "sentence": "Not found"}),
    "404, a route": (lambda agent, _, v: agent.get(f"/api/{v}/patients/"),
                     {"status": 404, "code": "not_found", "sentence": "Not found"}),
    "405": (lambda agent, _, v: agent.http.put(f"/api/{v}/patients", headers=agent.headers),
            {"status": 405, "code": "method_not_allowed", "sentence": 'Method "PUT" not allowed.'}),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSALS)
@both_versions
def test_a_refusal_has_the_shape_of_its_version(agent: Caller, clinic: Clinic, version: str, name: str) -> None:
    ask, expected = REFUSALS[name]
    with changes():
        assert_refused(ask(agent, clinic, version), **expected)


@both_versions
def test_409_and_422_too(agent: Caller, clinic: Clinic, version: str) -> None:
    agent.book(clinic, key="a-key", version=version)
    with changes(**REMEMBERED):
        taken, reused = agent.book(clinic, version=version), agent.book(clinic, key="a-key", version=version, slot=4)
    assert_refused(taken, status=409, code="slot_taken", sentence="Slot is no longer available")
    sentence = "This idempotency key was used with another request"
    assert_refused(reused, status=422, code="idempotency_key_reused", sentence=sentence)


@both_versions
def test_403_too(clinic: Clinic, version: str) -> None:
    clinician = Caller(make_member(practice=clinic.practice, role=Role.PRACTITIONER), clinic.practice)
    with changes(**REFUSED):
        answer = clinician.post(f"/api/{version}/patients", NEW_PATIENT)
    assert_refused(answer, status=403, code="forbidden", sentence="Forbidden")


def test_every_method_that_a_route_lacks_is_named_with_those_it_has(agent: Caller) -> None:
    with changes():
        for route in routes():
            if not route.path.startswith("api/") or "schema" in route.path or "docs" in route.path:
                continue
            path = route.path.replace("<str:patient_id>", "x").replace("<str:appointment_id>", "x")
            allowed = sorted([*route.methods, *(["HEAD"] if "GET" in route.methods else [])])
            for method in {"GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "LINK"} - set(route.methods):
                answer = agent.http.generic(method, f"/{path}", headers=agent.headers)
                sentence = f'Method "{method}" not allowed.'
                assert_refused(answer, status=405, code="method_not_allowed", sentence=sentence)
                assert sorted(answer.headers["Allow"].split(", ")) == allowed


@pytest.fixture
def locked_patients(clinic: Clinic) -> Iterator[list[Any]]:
    """Two patients, whose rows another transaction holds."""
    patients = [clinic.patient, make_patient(practice=clinic.practice)]
    with psycopg.connect(settings.ENVIRONMENT.database_url) as connection:
        connection.execute("SELECT set_config('app.practice_id', %s, true)", [str(clinic.practice.id)])
        connection.execute("SELECT id FROM patients_patient FOR UPDATE")
        yield patients
        connection.rollback()


def test_503_asks_to_come_back_when_a_row_stays_locked(agent: Caller, locked_patients: list[Any]) -> None:
    paths = [f"/api/v{number + 1}/patients/{public('pat', each.id)}" for number, each in enumerate(locked_patients)]
    with changes():
        answers = together(2, lambda number: agent.patch(paths[number], {"lastName": "Ibe"}))
    for answer in answers:
        assert_refused(answer, status=503, code="busy", sentence="The service is busy. Try again.")
        assert answer.headers["Retry-After"] == "1"


@both_versions
def test_a_failure_tells_its_id_and_nothing_else(
    agent: Caller,
    clinic: Clinic,
    version: str,
    settings: Any,
    monkeypatch: pytest.MonkeyPatch,
    logged: Callable[[], list[dict[str, Any]]],
) -> None:
    def failing(**_: Any) -> None:
        raise RuntimeError(SECRET)

    settings.DEBUG = True
    monkeypatch.setattr("patients.services.events.publish", failing)
    with changes():
        answer = agent.post(f"/api/{version}/patients", NEW_PATIENT)
    assert_refused(answer, status=500, code="unexpected", sentence="An unexpected error occurred")
    (line,) = logged()
    assert (line["event"], line["level"], line["exception"]) == ("unexpected error", "error", "RuntimeError")
    assert line["correlationId"] == answer.headers["X-Correlation-Id"]
    assert "Zymurgist" not in str(line)


def test_nothing_turns_debug_pages_on() -> None:
    """These tests run as development does."""
    assert (settings.DEVELOPMENT, settings.DEBUG) == (True, False)


def test_a_failure_outside_the_api_tells_no_more(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def failing() -> None:
        raise RuntimeError(SECRET)

    monkeypatch.setattr("mybcat.gateway.health.exposition", failing)
    answer = client.get("/metrics")
    assert_refused(answer, status=500, code="unexpected", sentence="An unexpected error occurred")


@pytest.mark.parametrize(
    "path", ["/nowhere", "/api/nowhere", "/api/v1", "/.env", "/wp-login.php", "/%00", "/admin.php"]
)
def test_an_address_that_is_not_there_tells_no_other(client: Client, path: str) -> None:
    assert_refused(client.get(path), status=404, code="not_found", sentence="Not found")


HOSTS = ["evil.example", "testserver.evil.example", "127.0.0.1@evil.example", "testserver:port", "\u00e9", "a b"]


@pytest.mark.parametrize("path", ["/healthz", "/api/v1/locations", "/api/v2/locations", "/api/docs", "/nowhere"])
def test_a_host_that_is_not_ours_is_a_bad_request(agent: Caller, path: str) -> None:
    with changes():
        for host in HOSTS:
            answer = agent.http.get(path, headers={**agent.headers, "Host": host})
            assert_refused(answer, status=400, code="bad_request", sentence="The request is not valid.")
            answer = agent.http.post("/api/auth/refresh", headers={"Host": host, "Origin": f"http://{host}"})
            assert_refused(answer, status=400, code="bad_request", sentence="The request is not valid.")


def test_a_form_without_its_token_is_forbidden_and_no_page_says_why(clinic: Clinic) -> None:
    client = Client(enforce_csrf_checks=True, raise_request_exception=False)
    with changes():
        for path in ("/healthz", "/metrics", "/"):
            assert_refused(client.post(path), status=403, code="forbidden", sentence="Forbidden")


@pytest.mark.parametrize(
    "accept", ["*/*", "text/html", "application/xml", "application/json;q=0", "", "a/b;" * 500, "\x00", "x" * 5_000]
)
def test_answers_are_json_whatever_is_asked_for(agent: Caller, accept: str) -> None:
    agent.headers["Accept"] = accept
    for path, status, content_type in (
        ("/api/v1/locations", 200, "application/json"),
        ("/api/v1/nowhere", 404, "application/json"),
        ("/api/v2/nowhere", 404, "application/problem+json"),
    ):
        answer = agent.get(path)
        assert (answer.status_code, answer.headers["Content-Type"]) == (status, content_type)


def test_answers_are_not_to_be_kept_sniffed_or_framed(agent: Caller) -> None:
    for path in ("/api/v1/patients", "/api/v2/patients", "/api/v2/nowhere"):
        headers = agent.get(path).headers
        kept = ("Cache-Control", "X-Content-Type-Options", "X-Frame-Options", "Referrer-Policy")
        assert [headers[name] for name in kept] == ["no-store", "nosniff", "DENY", "no-referrer"]
