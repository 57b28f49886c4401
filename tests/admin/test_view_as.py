"""An operator views as a member: for a reason, reading alone, for a quarter of an hour, on record as the operator."""

import re
from datetime import timedelta
from typing import Any

import jwt
import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from mybcat.epochs import announce
from mybcat.models import AuditEntry
from mybcat.principal import Role
from mybcat.tenancy import practice_scope
from practices.models import Membership, RefreshFamily, User
from tests.admin.conftest import Trail, at_desk, tire
from tests.admin.test_pages import page
from tests.api.refusals import assert_forbidden
from tests.api.rows import changes
from tests.callers import Caller, public
from tests.factories import Clinic, make_member, make_user

REASON = "Ticket 4711: the calendar shows no slots"


def membership(clinic: Clinic, user: User | None = None) -> Membership:
    with practice_scope(clinic.practice.id):
        found: Membership = Membership.objects.get(user=user or clinic.agent)
        return found


def address(clinic: Clinic, user: User | None = None) -> str:
    return f"/admin/practices/membership/{membership(clinic, user).pk}/view/"


def begun(desk: Client, clinic: Clinic, user: User | None = None) -> str:
    answer = desk.post(address(clinic, user), {"reason": REASON})
    assert answer.status_code == 200
    return str(answer.context["token"])


def ask(token: str, method: str, path: str, body: Any = None) -> Any:
    headers = {"Authorization": f"Bearer {token}", "X-Idempotency-Key": "a-key"}
    client = Client(raise_request_exception=False)
    return client.generic(method, path, body or b"{}", content_type="application/json", headers=headers)


@pytest.fixture
def token(desk: Client, clinic: Clinic) -> str:
    return begun(desk, clinic)


def test_the_operator_reads_what_the_member_reads(token: str, clinic: Clinic, other_clinic: Clinic) -> None:
    patient = f"/api/v2/patients/{public('pat', clinic.patient.id)}"
    mine = Caller(clinic.agent, clinic.practice)
    for path in ("/api/v2/patients", patient, "/api/v2/appointments", "/api/v2/slots", "/api/v2/locations"):
        assert ask(token, "GET", path).json() == mine.get(path).json()
    assert ask(token, "GET", f"/api/v2/patients/{public('pat', other_clinic.patient.id)}").status_code == 403


def test_and_changes_nothing(desk: Client, clinic: Clinic) -> None:
    manager = make_member(practice=clinic.practice, role=Role.PRACTICE_MANAGER)
    token = begun(desk, clinic, manager)
    patient = f"/api/v2/patients/{public('pat', clinic.patient.id)}"
    for method, path in (("POST", "/api/v2/appointments"), ("POST", "/api/v2/patients"), ("PATCH", patient)):
        answer = ask(token, method, path)
        assert_forbidden(answer)
    with changes():
        switched = ask(token, "POST", "/api/auth/practice", f'{{"practice":"{public("prac", clinic.practice.id)}"}}')
    assert switched.status_code == 403


def test_every_row_names_the_operator_and_for_whom(desk: Client, token: str, operator: User, clinic: Clinic) -> None:
    for path in ("/api/v2/patients", f"/api/v2/patients/{public('pat', clinic.patient.id)}"):
        assert ask(token, "GET", path).status_code == 200
    with practice_scope(clinic.practice.id):
        rows = list(AuditEntry.objects.filter(action__startswith="patient."))
    assert len(rows) == 2
    shown = desk.get(page(AuditEntry, "change", rows[0].pk)).content.decode()
    assert f"member {clinic.agent.id}" in shown
    for row in rows:
        assert (row.principal_kind, row.principal_id) == ("operator", operator.id)
        assert (row.on_behalf_kind, row.on_behalf_id) == ("member", clinic.agent.id)


def test_the_token_says_who_acts(token: str, operator: User, clinic: Clinic) -> None:
    claims = jwt.decode(token, options={"verify_signature": False})
    assert (claims["sub"], claims["act"]) == (str(clinic.agent.id), {"sub": str(operator.id)})
    assert claims["exp"] - claims["iat"] == 15 * 60


def test_the_operator_signs_the_member_out_nowhere(token: str, clinic: Clinic) -> None:
    member = Caller(clinic.agent, clinic.practice)
    with changes():
        refused = ask(token, "POST", "/api/auth/logout/everywhere")
    assert_forbidden(refused)
    assert member.get("/api/v2/locations").status_code == 200


def test_who_signs_out_of_it_is_named_beside_the_member(
    token: str, operator: User, clinic: Clinic, trail: Trail
) -> None:
    assert ask(token, "POST", "/api/auth/logout").status_code == 204
    assert ask(token, "GET", "/api/v2/locations").status_code == 401
    (row,) = trail.entries(action="member.signed_out")
    assert (row.practice_id, row.principal_kind, row.principal_id) == (clinic.practice.id, "operator", operator.id)
    assert (row.on_behalf_kind, row.on_behalf_id) == ("member", clinic.agent.id)


def test_it_ends_by_time(token: str) -> None:
    assert ask(token, "GET", "/api/v2/locations").status_code == 200
    with time_machine.travel(timezone.now() + timedelta(minutes=15), tick=False):
        assert ask(token, "GET", "/api/v2/locations").status_code == 401


def test_it_ends_by_the_banner_s_button(desk: Client, token: str, clinic: Clinic, trail: Trail) -> None:
    text = desk.get("/admin/patients/patient/").content.decode()
    banner = re.search(r'<form class="viewing".*?</form>', text, re.DOTALL)
    assert banner is not None
    for shown in (clinic.agent.email, clinic.practice.name, REASON):
        assert shown in banner[0]
    assert desk.get("/admin/practices/membership/view/end/").status_code == 405
    assert desk.post("/admin/practices/membership/view/end/").status_code == 302
    assert ask(token, "GET", "/api/v2/locations").status_code == 401
    assert 'class="viewing"' not in desk.get("/admin/").content.decode()
    assert len(trail.entries(action="admin.view_end")) == 1


def test_it_ends_with_the_operator_s_session(desk: Client, token: str, trail: Trail) -> None:
    assert desk.post("/admin/logout/").status_code == 200
    assert ask(token, "GET", "/api/v2/locations").status_code == 401
    assert len(trail.entries(action="admin.view_end")) == 1


def test_a_second_view_ends_the_first(desk: Client, token: str, clinic: Clinic, other_clinic: Clinic) -> None:
    other = begun(desk, other_clinic)
    assert ask(token, "GET", "/api/v2/locations").status_code == 401
    assert ask(other, "GET", "/api/v2/locations").status_code == 200


def test_the_banner_goes_when_the_time_is_over(desk: Client, token: str) -> None:
    with time_machine.travel(timezone.now() + timedelta(minutes=14, seconds=50), tick=False):
        assert 'class="viewing"' in desk.get("/admin/").content.decode()
    with time_machine.travel(timezone.now() + timedelta(minutes=16), tick=False):
        assert 'class="viewing"' not in desk.get("/admin/").content.decode()


@pytest.mark.parametrize("reason", ["", "look", " " * 20, "x" * 201])
def test_without_a_reason_there_is_no_view(desk: Client, clinic: Clinic, reason: str) -> None:
    answer = desk.post(address(clinic), {"reason": reason})
    assert (answer.status_code, "token" in answer.context) == (200, False)
    assert not RefreshFamily.objects.exists()


def test_beginning_is_on_record_with_its_reason(
    desk: Client, token: str, operator: User, clinic: Clinic, trail: Trail
) -> None:
    (entry,) = trail.entries(action="admin.membership.view_as")
    assert (entry.principal_id, entry.practice_id, entry.reason) == (operator.id, clinic.practice.id, REASON)
    family = RefreshFamily.objects.get()
    assert (family.user_id, family.viewed_by_id) == (clinic.agent.id, operator.id)
    assert family.expires_at - family.rotated_at == timedelta(minutes=15)
    assert operator.email in desk.get(page(RefreshFamily, "changelist")).content.decode()


def test_it_needs_a_fresh_second_factor(operator: User, clinic: Clinic) -> None:
    stale = at_desk(operator)
    tire(stale)
    assert stale.get("/admin/").status_code == 200
    for browser in (stale, at_desk(operator, verified=False), Client()):
        answer = browser.post(address(clinic), {"reason": REASON})
        assert answer.status_code == 302
    assert not RefreshFamily.objects.exists()


def test_nobody_views_as_who_is_no_member_any_more(desk: Client, clinic: Clinic) -> None:
    path = address(clinic)
    with practice_scope(clinic.practice.id):
        Membership.objects.update(is_active=False)
    assert desk.post(path, {"reason": REASON}).status_code == 404


def test_a_member_who_leaves_takes_the_view_along(token: str, clinic: Clinic) -> None:
    assert ask(token, "GET", "/api/v2/locations").status_code == 200
    with practice_scope(clinic.practice.id):
        Membership.objects.update(is_active=False)
    announce()
    assert ask(token, "GET", "/api/v2/locations").status_code == 401


@pytest.mark.parametrize("left", ["is_active", "is_staff"])
def test_an_operator_who_is_dismissed_sees_no_more(token: str, operator: User, left: str) -> None:
    assert ask(token, "GET", "/api/v2/patients").status_code == 200
    head = at_desk(make_user(email="head@mybcat.example", is_staff=True, is_superuser=True))
    stays = {"is_active": "on", "is_staff": "on", "is_superuser": "on"}
    kept = {name: value for name, value in stays.items() if name != left}
    sent = {"email": operator.email, "name": operator.name, "external_subject": "", **kept}
    assert head.post(page(User, "change", operator.id), sent).status_code == 302
    announce()
    assert ask(token, "GET", "/api/v2/patients").status_code == 401
    assert RefreshFamily.objects.get().revoked_because == "operator_left"


@pytest.mark.parametrize("left", ["is_active", "is_staff"])
def test_nor_one_who_was_dismissed_by_other_means(token: str, operator: User, left: str) -> None:
    User.objects.filter(id=operator.id).update(**{left: False})
    assert ask(token, "GET", "/api/v2/patients").status_code == 401


def test_nobody_views_as_themselves(clinic: Clinic) -> None:
    both = make_user(is_staff=True)
    make_member(practice=clinic.practice, user=both)
    assert at_desk(both).post(address(clinic, both), {"reason": REASON}).status_code == 403
