"""What browsers may do with our answers: every route, whoever answers."""

import re
import shutil
from pathlib import Path
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client, RequestFactory

from mybcat.environment import CHECKOUT
from mybcat.gateway import health
from mybcat.gateway.headers import HeadersMiddleware
from tests.callers import Caller, public
from tests.factories import Clinic
from tests.isolation.routes import METHODS, Route, routes

DATA = "default-src 'none'; frame-ancestors 'none'"
ALWAYS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-site",
}
# What a link leads to that somebody was sent.
LINKED = {"/welcome", "/unsubscribe/x", "/a/x", "/a/x/appointment.ics"}
PAGES = {"/", "/manage/x", "/settings/x", "/api/docs", "/admin/login/", *LINKED}
NONCE = re.compile(r"'nonce-([A-Za-z0-9_-]{22})'")


@pytest.fixture(autouse=True)
def _dashboard(tmp_path: Path, settings: Any) -> None:
    """As its sources have it, whether or not it was built."""
    settings.STATIC_ROOT = tmp_path
    (tmp_path / "dashboard").mkdir()
    shutil.copy(CHECKOUT / "dashboard" / "index.html", tmp_path / "dashboard")


@pytest.fixture(autouse=True)
def _few_metrics(monkeypatch: pytest.MonkeyPatch) -> None:
    """Those of all processes before take seconds to add up; here they are asked for some sixteen times."""
    monkeypatch.setattr(health, "exposition", lambda: b"mybcat_none 0\n")


def address(route: Route, clinic: Clinic) -> str:
    path = re.sub(r"<str:patient_id>", public("pat", clinic.patient.id), route.path)
    return "/" + re.sub(r"<[^>]+>", "x", path)


def assert_protected(answer: Any, *, page: bool = False) -> None:
    where = (answer.wsgi_request.method, answer.wsgi_request.path, answer.status_code)
    assert {name: answer.headers.get(name) for name in ALWAYS} == ALWAYS, where
    policy = answer.headers["Content-Security-Policy"]
    assert (policy == DATA) == (not page), where
    assert answer.headers["Referrer-Policy"] in ("no-referrer", "same-origin"), where


def test_every_route_and_method_has_them_signed_in_or_not(client: Client, clinic: Clinic) -> None:
    caller = Caller(clinic.agent, clinic.practice)
    seen = set()
    for route in routes():
        path = address(route, clinic)
        for method in (*METHODS, "HEAD", "OPTIONS", "TRACE"):
            for headers in ({}, caller.headers):
                answer = client.generic(method, path, b"", content_type="application/json", headers=headers)
                seen.add(answer.status_code)
                html = answer.headers.get("Content-Type", "").startswith("text/html")
                # The test client drops the body of an answer to HEAD.
                has_body = answer.content or (method == "HEAD" and path in PAGES)
                assert_protected(answer, page=bool(html and has_body))
                if answer.status_code < 300 and path.startswith("/api/v"):
                    assert answer.headers["Cache-Control"] in ("no-store", "private, no-cache"), path
    # Not a matrix of refusals alone.
    assert {200, 400, 401, 404, 405} <= seen


@pytest.mark.parametrize(
    ("method", "path", "headers", "status"),
    [
        ("GET", "/api/v1/nowhere", {}, 404),
        ("GET", "/nowhere", {}, 404),
        ("GET", "/static/nowhere.css", {}, 404),
        ("GET", "/api/v2/patients", {"Host": "evil.example"}, 400),
        ("POST", "/api/v2/patients", {"Content-Length": "9999999"}, 413),
        ("POST", "/api/v2/patients", {"Transfer-Encoding": "chunked"}, 411),
        ("OPTIONS", "/api/v2/patients", {"Origin": "https://x.example", "Access-Control-Request-Method": "GET"}, 200),
    ],
)
def test_what_is_refused_before_any_view_has_them(
    client: Client, method: str, path: str, headers: dict[str, str], status: int
) -> None:
    answer = client.generic(method, path, b"{}", content_type="application/json", headers=headers)
    assert answer.status_code == status
    assert_protected(answer)


def test_a_failure_has_them(agent: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("appointments.places.views.read_query", lambda *_: 1 / 0)
    answer = agent.get("/api/v2/locations")
    assert answer.status_code == 500
    assert_protected(answer)


@pytest.mark.parametrize("path", sorted(PAGES))
def test_a_page_runs_our_own_files_and_what_bears_its_nonce(client: Client, path: str) -> None:
    answers = [client.get(path) for _ in range(2)]
    nonces = set()
    for answer in answers:
        assert_protected(answer, page=True)
        policy = answer.headers["Content-Security-Policy"]
        assert "'unsafe-inline'" not in policy
        assert "'unsafe-eval'" not in policy
        directives = dict(directive.strip().split(" ", 1) for directive in policy.split(";"))
        for name, value in {"default-src": "'none'", "object-src": "'none'", "base-uri": "'none'"}.items():
            assert directives[name] == value
        assert directives["frame-ancestors"] == "'none'"
        (nonce,) = set(NONCE.findall(policy))
        nonces.add(nonce)
        body = answer.content.decode()
        # Nothing inline without the nonce: it would not run.
        for tag in re.findall(r"<(?:script|style)(?![^>]*\bsrc=)[^>]*>", body):
            assert f'nonce="{nonce}"' in tag or 'type="application/json"' in tag, tag
        assert not re.search(r"\son[a-z]+=|\sstyle=", body)
    assert len(nonces) == 2


def test_transport_security_is_for_production(settings: Any) -> None:
    def answered(*, development: bool) -> Any:
        settings.DEVELOPMENT = development
        return HeadersMiddleware(lambda request: HttpResponse("data"))(RequestFactory().get("/"))

    assert answered(development=False)["Strict-Transport-Security"] == "max-age=31536000; includeSubDomains"
    assert "Strict-Transport-Security" not in answered(development=True)
