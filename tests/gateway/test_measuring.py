"""Requests are counted and timed by route and status, and by nothing that a caller can make up."""

from django.test import Client

from tests.callers import Caller, public
from tests.factories import Clinic
from tests.mybcat.test_metrics import value

PATIENT = "api/v1/patients/<str:patient_id>"


def requests(method: str, route: str, status: int) -> float:
    return value(f'mybcat_http_requests_total{{method="{method}",route="{route}",status="{status}"}}') or 0


def timed(method: str, route: str) -> float:
    return value(f'mybcat_http_request_seconds_count{{method="{method}",route="{route}"}}') or 0


def test_a_request_counts_under_its_template_and_status(agent: Caller, clinic: Clinic) -> None:
    before = requests("GET", PATIENT, 200), requests("GET", PATIENT, 404), timed("GET", PATIENT)
    agent.get(f"/api/v1/patients/{public('pat', clinic.patient.id)}")
    agent.get("/api/v1/patients/pat_none")
    after = requests("GET", PATIENT, 200), requests("GET", PATIENT, 404), timed("GET", PATIENT)
    assert after == (before[0] + 1, before[1] + 1, before[2] + 2)


def test_what_callers_make_up_is_one_series(client: Client) -> None:
    before = requests("GET", "none", 404), requests("other", "none", 404)
    for path in ("/nowhere", "/api/v1/nowhere/1", "/api/v9/x"):
        client.get(path)
    client.generic("BREW", "/coffee")
    assert (requests("GET", "none", 404), requests("other", "none", 404)) == (before[0] + 3, before[1] + 1)


def test_what_is_refused_at_the_door_counts_too(client: Client) -> None:
    before = requests("POST", "none", 413)
    client.post("/api/v1/patients", b"{}", content_type="application/json", headers={"Content-Length": "9999999"})
    assert requests("POST", "none", 413) == before + 1
