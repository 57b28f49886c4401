"""What an API client does with its token: the same services as people use, within its scopes."""

import re
from typing import Any

import pytest

from integrations.clients.scopes import CLIENT_SCOPES
from mybcat.ids import internal_id
from mybcat.models import AuditEntry, Event, SecurityEvent
from mybcat.principal import Permission
from mybcat.tenancy import practice_scope
from tests.api.refusals import assert_forbidden, assert_refused
from tests.api.rows import BOOKED, REFUSED, changes
from tests.callers import Caller, Partner, public
from tests.factories import Clinic
from tests.gateway.test_routes import ASKED
from tests.integrations.clients.conftest import MakePartner
from tests.isolation.places import path_of

both_versions = pytest.mark.parametrize("version", ["v1", "v2"])
_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")


def client_id(partner: Partner) -> Any:
    return internal_id("appc", partner.client_id)


@both_versions
def test_a_client_books_and_is_named_on_record(partner: Partner, clinic: Clinic, version: str) -> None:
    with changes(**BOOKED):
        answer = partner.book(clinic, version=version, key="recall-17")
    assert answer.status_code == 201
    with practice_scope(clinic.practice.id):
        event, entry = Event.objects.get(), AuditEntry.objects.get(action="appointment.booked")
    assert (event.principal_kind, event.principal_id) == ("client", client_id(partner))
    assert (entry.principal_kind, entry.principal_id) == ("client", client_id(partner))
    with changes(mybcat_auditentry=1):
        again = partner.book(clinic, version=version, key="recall-17")
    assert (again.status_code, again.json(), again.headers["Idempotent-Replayed"]) == (201, answer.json(), "true")


def test_a_client_and_a_person_compete_for_the_same_slot(partner: Partner, clinic: Clinic) -> None:
    agent = Caller(clinic.agent, clinic.practice)
    assert agent.book(clinic, key="the same key").status_code == 201
    # The key is the caller's own: another caller's is another key.
    refused = partner.book(clinic, key="the same key")
    assert (refused.status_code, refused.json()["error"]) == (409, "Slot is no longer available")


@both_versions
def test_a_missing_scope_is_named(partner_of: MakePartner, clinic: Clinic, version: str) -> None:
    reader = partner_of(clinic, "appointments:read", "patients:read")
    with changes(**REFUSED):
        answer = reader.book(clinic, version=version)
    assert_refused(answer, status=403, code="insufficient_scope", sentence="Missing scope: appointments:write")
    assert answer.headers["WWW-Authenticate"] == 'Bearer error="insufficient_scope", scope="appointments:write"'


@pytest.mark.parametrize("scope", CLIENT_SCOPES)
def test_a_scope_opens_its_routes_and_no_others(partner_of: MakePartner, clinic: Clinic, scope: Permission) -> None:
    caller = partner_of(clinic, scope)
    for (method, path), (needed, _) in ASKED.items():
        address = path_of(path.replace("{v}", "v2"), {"patient_id": public("pat", clinic.patient.id)})
        headers = {**caller.headers, "X-Idempotency-Key": "a-key"}
        answer = caller.http.generic(method, f"/{address}", b"", "application/json", headers=headers)
        assert (answer.status_code == 403) == (needed != scope), (method, path)


def test_a_token_with_fewer_scopes_does_less(partner: Partner, clinic: Clinic) -> None:
    partner.renew(scope="reference:read")
    assert partner.get("/api/v2/locations").status_code == 200
    assert partner.get("/api/v2/patients").status_code == 403


def test_a_client_sees_its_own_practice_only(partner: Partner, clinic: Clinic, other_clinic: Clinic) -> None:
    with changes(mybcat_securityevent=1, mybcat_auditentry=1):
        assert_forbidden(partner.get(f"/api/v1/patients/{public('pat', other_clinic.patient.id)}"))
    with practice_scope(clinic.practice.id):
        event = SecurityEvent.objects.get()
    assert (event.principal_kind, event.principal_id) == ("client", client_id(partner))
    assert event.other_practice_id == other_clinic.practice.id


@both_versions
def test_answers_carry_their_ids_and_nothing_internal(partner: Partner, clinic: Clinic, version: str) -> None:
    """No row's own id, no code of ours but those that the documentation names."""
    mine = "partner-correlation-1"
    headers = {**partner.headers, "X-Correlation-Id": mine, "X-Request-Id": "of-the-caller"}
    booked = partner.book(clinic, version=version).json()["appointmentId"]
    paths = [
        "locations", "practitioners", "appointment-types", "patients", f"appointments/{booked}",
        f"patients/{public('pat', clinic.patient.id)}", "slots/next?type=comprehensive_exam", "nothing", "patients/x",
    ]  # fmt: skip
    seen = set()
    for path in paths:
        answer = partner.http.get(f"/api/{version}/{path}", headers=headers)
        assert answer.headers["X-Correlation-Id"] == mine
        assert answer.headers["Cache-Control"] in ("no-store", "private, no-cache")
        seen.add(answer.headers["X-Request-Id"])
        told = answer.content.decode() + "".join(value for name, value in answer.headers.items() if name[:2] != "X-")
        assert _UUID.findall(told) == []
        assert "practice_id" not in told and "of-the-caller" not in seen
    assert len(seen) == len(paths)
    assert all(_UUID.fullmatch(each) for each in seen)
