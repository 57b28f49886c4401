"""One id ties a request to its answer, its log lines and all the rows it caused."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from django.test import Client

from mybcat.ids import new_uuid
from mybcat.models import AuditEntry, Event, SecurityEvent
from mybcat.tenancy import practice_scope
from tests.callers import Caller, public
from tests.factories import Clinic

GOOD = ["call-4711", "A" * 8, "z" * 128, "a.b_c-d.9", "0" * 36, "--------"]
BAD = ["", "seven77", "x" * 129, "with space", "tab\there", "semi;colon", "<script>alert(1)</script>"]
BAD += [
    "caf\u00e9-4711",
    "\uff11\uff12\uff13\uff14\uff15\uff16\uff17\uff18",
    "line\u2028break",
    "a/b/c/d/e",
    "%0d%0aSet",
]
BAD += ["trailing-newline\n", "12345678\r\nX-Evil: 1", '"quoted-id"', "4711,4712,4713"]
ADDRESSES = [
    ("GET", "/healthz", 200),
    ("GET", "/.well-known/jwks.json", 200),
    ("GET", "/api/schema/v2", 200),
    ("GET", "/api/docs", 200),
    ("GET", "/nowhere", 404),
    ("GET", "/api/v1/nowhere", 404),
    ("GET", "/api/v1/patients", 401),
    ("GET", "/api/v2/patients", 401),
    ("POST", "/api/auth/refresh", 401),
    ("GET", "/admin/login/", 200),
    ("GET", "/static/nowhere.css", 404),
]


def test_the_caller_s_id_is_kept(client: Client) -> None:
    for offered in GOOD:
        answer = client.get("/api/v1/patients", headers={"X-Correlation-Id": offered})
        assert (answer.headers["X-Correlation-Id"], answer.json()["correlationId"]) == (offered, offered)


def test_what_is_no_sane_token_is_replaced(client: Client) -> None:
    for offered in BAD:
        answer = client.get("/api/v2/patients", headers={"X-Correlation-Id": offered})
        given = answer.headers["X-Correlation-Id"]
        assert (str(UUID(given)), UUID(given).version) == (given, 4), offered
        assert answer.json()["correlationId"] == given


def test_each_request_without_one_gets_its_own(client: Client) -> None:
    given = [client.get("/healthz").headers["X-Correlation-Id"] for _ in range(3)]
    assert len(set(given)) == 3


def test_every_answer_carries_it(client: Client) -> None:
    for method, path, status in ADDRESSES:
        answer = client.generic(method, path, headers={"X-Correlation-Id": "call-4711"})
        assert (path, answer.status_code, answer.headers["X-Correlation-Id"]) == (path, status, "call-4711")


@pytest.mark.parametrize("headers", [{"Content-Length": "9999999"}, {"Transfer-Encoding": "chunked"}], ids=str)
def test_what_is_refused_before_any_view_carries_it(client: Client, headers: dict[str, str]) -> None:
    headers = {"X-Correlation-Id": "call-4711", **headers}
    answer = client.post("/api/v1/patients", b"{}", content_type="application/json", headers=headers)
    assert (answer.headers["X-Correlation-Id"], answer.json()["correlationId"]) == ("call-4711", "call-4711")


def test_rows_and_log_lines_carry_it(
    agent: Caller, clinic: Clinic, other_clinic: Clinic, logged: Callable[[], list[dict[str, Any]]]
) -> None:
    agent.headers["X-Correlation-Id"] = "call-4711"
    assert agent.book(clinic).status_code == 201
    assert agent.get(f"/api/v1/patients/{public('pat', clinic.patient.id)}").status_code == 200
    assert agent.get(f"/api/v1/patients/{public('pat', other_clinic.patient.id)}").status_code == 403
    with practice_scope(clinic.practice.id):
        events = list(Event.objects.values_list("correlation_id", flat=True))
        entries = list(AuditEntry.objects.filter(object_kind="pat").values_list("correlation_id", flat=True))
        security = list(SecurityEvent.objects.values_list("correlation_id", flat=True))
    assert (events, entries, security) == (["call-4711"], ["call-4711"] * 3, ["call-4711"])
    assert [line["correlationId"] for line in logged()] == ["call-4711"]


def test_one_request_s_id_does_not_stay_for_the_next(agent: Caller, clinic: Clinic) -> None:
    agent.get("/api/v1/locations")
    agent.http.get("/api/v1/locations", headers={**agent.headers, "X-Correlation-Id": "call-4711"})
    agent.get(f"/api/v1/patients/{public('pat', clinic.patient.id)}")
    with practice_scope(clinic.practice.id):
        assert AuditEntry.objects.get(object_kind="pat").correlation_id != "call-4711"


def test_an_unknown_id_is_no_reason_to_log_one(agent: Caller, logged: Callable[[], list[dict[str, Any]]]) -> None:
    assert agent.get(f"/api/v1/patients/{public('pat', new_uuid())}").status_code == 404
    assert logged() == []
