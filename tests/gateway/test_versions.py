"""v1 says on every answer since when it is deprecated and when it ends; nothing else does."""

from collections.abc import Callable
from email.utils import parsedate_to_datetime
from typing import Any

import pytest
from django.conf import settings
from django.test import Client

from mybcat.ids import new_uuid
from tests.callers import Caller, public
from tests.factories import Clinic
from tests.isolation.routes import routes

NOTICE = ("Deprecation", "Sunset", "Link")
Ask = Callable[[Caller, Clinic, str], Any]

EXAM = {"type": "comprehensive_exam"}


def stored_refusal(agent: Caller, clinic: Clinic, version: str) -> Any:
    agent.book(clinic)
    agent.book(clinic, key="a-key", version=version)
    return agent.book(clinic, key="a-key", version=version)


def reused_key(agent: Caller, clinic: Clinic, version: str) -> Any:
    agent.book(clinic, key="a-key", version=version)
    return agent.book(clinic, key="a-key", version=version, slot=4)


def raw(
    agent: Caller, version: str, body: bytes = b"{}", content_type: str = "application/json", **headers: str
) -> Any:
    headers = {**agent.headers, **headers}
    return agent.http.post(f"/api/{version}/patients", body, content_type=content_type, headers=headers)


# One answer of each status that a version gives.
ANSWERS: dict[str, tuple[int, Ask]] = {
    "a list": (200, lambda agent, _, v: agent.get(f"/api/{v}/locations")),
    "a booking": (201, lambda agent, clinic, v: agent.book(clinic, version=v)),
    "a bad query": (400, lambda agent, _, v: agent.get(f"/api/{v}/locations", x=1)),
    "a broken body": (400, lambda agent, _, v: raw(agent, v, b"{")),
    "no token": (401, lambda agent, _, v: agent.http.get(f"/api/{v}/locations")),
    "a bad token": (401, lambda agent, _, v: raw(agent, v, Authorization="Bearer x")),
    "an unknown id": (404, lambda agent, _, v: agent.get(f"/api/{v}/patients/{public('pat', new_uuid())}")),
    "an unknown route": (404, lambda agent, _, v: agent.get(f"/api/{v}/nowhere")),
    "a method that is not there": (405, lambda agent, _, v: agent.http.delete(f"/api/{v}/locations")),
    "a replayed refusal": (409, stored_refusal),
    "a chunked body": (411, lambda agent, _, v: raw(agent, v, **{"Transfer-Encoding": "chunked"})),
    "a large body": (413, lambda agent, _, v: raw(agent, v, **{"Content-Length": "1048577"})),
    "another kind of body": (415, lambda agent, _, v: raw(agent, v, content_type="text/plain")),
    "a key used again": (422, reused_key),
}  # fmt: skip


def test_the_dates_are_those_that_were_announced() -> None:
    assert settings.V1_DEPRECATED_AT.isoformat() == "2026-11-01T00:00:00+00:00"
    assert settings.V1_SUNSET_AT.isoformat() == "2027-11-01T00:00:00+00:00"


@pytest.mark.parametrize("name", ANSWERS)
def test_v1_announces_its_end_on_every_answer(agent: Caller, clinic: Clinic, name: str) -> None:
    status, ask = ANSWERS[name]
    answer = ask(agent, clinic, "v1")
    assert answer.status_code == status
    successor = answer.wsgi_request.path.replace("/api/v1/", "/api/v2/")
    assert {header: answer.headers[header] for header in NOTICE} == {
        "Deprecation": "@1793491200",
        "Sunset": "Mon, 01 Nov 2027 00:00:00 GMT",
        "Link": f'<{successor}>; rel="successor-version", </api/docs>; rel="deprecation"',
    }


@pytest.mark.parametrize("name", ANSWERS)
def test_v2_announces_none(agent: Caller, clinic: Clinic, name: str) -> None:
    status, ask = ANSWERS[name]
    answer = ask(agent, clinic, "v2")
    assert (answer.status_code, [header for header in NOTICE if header in answer.headers]) == (status, [])


def test_a_failure_in_v1_announces_it_too(agent: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("practices.views", "appointments.places.views"):
        monkeypatch.setattr(f"{module}.read_query", lambda *_: 1 / 0)
    answers = {version: agent.get(f"/api/{version}/locations") for version in ("v1", "v2")}
    assert [answer.status_code for answer in answers.values()] == [500, 500]
    assert [name for name in NOTICE if name in answers["v1"].headers] == list(NOTICE)
    assert [name for name in NOTICE if name in answers["v2"].headers] == []


@pytest.mark.parametrize("path", ["/healthz", "/nowhere", "/api/docs", "/api/schema/v1", "/api/auth/token", "/api/v1"])
def test_what_has_no_version_announces_none(client: Client, path: str) -> None:
    answer = client.get(path)
    assert [header for header in NOTICE if header in answer.headers] == []


def test_deprecation_comes_before_the_end(client: Client) -> None:
    answer = client.get("/api/v1/locations")
    deprecated = int(answer.headers["Deprecation"].removeprefix("@"))
    assert deprecated < parsedate_to_datetime(answer.headers["Sunset"]).timestamp()


def test_the_successor_of_every_v1_route_is_there() -> None:
    of = {
        version: {route.path.replace(version, "v", 1) for route in routes() if f"api/{version}/" in route.path}
        for version in ("v1", "v2")
    }
    assert of["v1"] <= of["v2"]
    assert "api/v/appointments" in of["v1"]


@pytest.mark.parametrize(
    ("sent", "shown"),
    [
        ("pat_%0d%0aSet-Cookie:%20a=b", "pat_%0D%0ASet-Cookie:%20a%3Db"),
        ('pat_%3E;%20rel="x",%20%3Chttps://evil.example', None),
        ("pat_%22%3E", "pat_%22%3E"),
        ("pat_%C3%A9", "pat_%C3%A9"),
        ("pat_%00", "pat_%00"),
        ("pat_%FF", "pat_%25FF"),
    ],
)
def test_a_path_cannot_break_out_of_its_link(agent: Caller, sent: str, shown: str | None) -> None:
    answer = agent.get(f"/api/v1/patients/{sent}")
    assert answer.status_code == 404
    link = answer.headers["Link"]
    assert link.isascii()
    assert (link.count("<"), link.count(">"), link.count('"')) == (2, 2, 4)
    if shown:
        assert link == f'</api/v2/patients/{shown}>; rel="successor-version", </api/docs>; rel="deprecation"'


@pytest.mark.parametrize(
    "path", ["/api/v3/patients", "/api/v0/patients", "/api/patients", "/api/V1/patients", "/api/v11/x"]
)
def test_there_are_two_versions(agent: Caller, path: str) -> None:
    answer = agent.get(path)
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
