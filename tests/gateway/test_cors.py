"""Which pages may read answers: contracts.md, section 7."""

from typing import Any

import pytest
from django.test import Client

from tests.callers import Caller
from tests.factories import Clinic

DASHBOARD = "https://app.mybcat.example"
PREFLIGHT = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization"}
CORS_HEADERS = (
    "Access-Control-Allow-Origin",
    "Access-Control-Allow-Credentials",
    "Access-Control-Allow-Methods",
    "Access-Control-Expose-Headers",
)
# What a page may read of an answer beyond its body.
EXPOSED = {
    *("X-Rate-Limit-Limit", "X-Rate-Limit-Remaining", "X-Rate-Limit-Reset", "RateLimit", "RateLimit-Policy"),
    *("Retry-After", "X-Correlation-Id", "Idempotent-Replayed", "Location", "Link", "Deprecation", "Sunset", "ETag"),
}


@pytest.fixture(autouse=True)
def _allowed(settings: Any) -> None:
    settings.CORS_ALLOWED_ORIGINS = [DASHBOARD]


def test_a_preflight_of_an_allowed_origin_is_told_what_it_may_send(client: Client) -> None:
    answer = client.options("/api/v1/appointments", headers={"Origin": DASHBOARD, **PREFLIGHT})
    assert answer.status_code == 200
    assert answer["Access-Control-Allow-Origin"] == DASHBOARD
    assert answer["Access-Control-Allow-Methods"] == "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"
    assert answer["Access-Control-Allow-Headers"] == (
        "Authorization, Content-Type, X-Idempotency-Key, Idempotency-Key, X-Correlation-Id, If-Match, If-None-Match, "
        "X-Call-Id"
    )
    assert answer["Access-Control-Allow-Credentials"] == "true"
    assert answer["Access-Control-Max-Age"] == "86400"
    assert "origin" in answer["Vary"].lower()


@pytest.mark.parametrize(
    "origin",
    [
        "https://evil.example",
        "http://app.mybcat.example",
        "https://app.mybcat.example.evil.example",
        "https://app.mybcat.example:8443",
        "null",
    ],
)
def test_any_other_origin_gets_no_cors_header(client: Client, clinic: Clinic, origin: str) -> None:
    preflight = client.options("/api/v1/appointments", headers={"Origin": origin, **PREFLIGHT})
    caller = Caller(clinic.agent, clinic.practice)
    read = caller.http.get("/api/v1/locations", headers={**caller.headers, "Origin": origin})
    assert read.status_code == 200
    for answer in (preflight, read):
        assert [name for name in CORS_HEADERS if name in answer] == []


@pytest.mark.parametrize(("path", "status"), [("/api/v1/locations", 200), ("/api/v2/nowhere", 404)])
def test_an_allowed_origin_may_read_answers_and_refusals(clinic: Clinic, path: str, status: int) -> None:
    caller = Caller(clinic.agent, clinic.practice)
    answer = caller.http.get(path, headers={**caller.headers, "Origin": DASHBOARD})
    assert answer.status_code == status
    assert answer["Access-Control-Allow-Origin"] == DASHBOARD
    assert answer["Vary"] == "origin"
    assert set(answer["Access-Control-Expose-Headers"].split(", ")) >= EXPOSED


def test_the_admin_is_for_no_other_origin(client: Client) -> None:
    answer = client.get("/admin/login/", headers={"Origin": DASHBOARD})
    assert [name for name in CORS_HEADERS if name in answer] == []
