"""Operators come in; everybody else stays outside, sees nothing and leaves nothing."""

from typing import Any
from urllib.parse import urlencode

import pytest
from django.contrib.sessions.models import Session
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from practices.models import User
from tests.admin.codes import code_of
from tests.admin.conftest import Trail, at_desk
from tests.admin.rows import Rows, registered
from tests.admin.test_pages import page
from tests.factories import PASSWORD, Clinic, make_user

LOGIN, SECOND = "/admin/login/", "/admin/second-factor/?"


def sign_in(client: Client, email: str, password: str = PASSWORD) -> int:
    return client.post(LOGIN, {"username": email, "password": password}).status_code


@pytest.mark.parametrize("email", ["ops@mybcat.example", "Ops@MyBCAT.example"])
def test_an_operator_signs_in_with_the_email(client: Client, operator: User, trail: Trail, email: str) -> None:
    assert sign_in(client, email) == 302
    assert trail.entries() == []
    shown = client.get("/admin/second-factor/", follow=True)
    client.post(shown.redirect_chain[-1][0], {"code": code_of(shown.context["secret"])})
    assert client.get("/admin/").status_code == 200
    (entry,) = trail.entries(action="admin.enrol")
    assert (entry.principal_kind, entry.principal_id, entry.practice_id) == ("operator", operator.id, None)
    assert entry.object_ids == [str(operator.id)]
    assert entry.address == "127.0.0.1"


@pytest.mark.parametrize(
    ("wanted", "led_to"),
    [("/admin/patients/patient/", "/admin/patients/patient/"), ("https://evil.example/", "/admin/")],
)
def test_the_next_page_is_one_of_ours(client: Client, operator: User, wanted: str, led_to: str) -> None:
    answer = client.post(LOGIN, {"username": operator.email, "password": PASSWORD, "next": wanted})
    assert (answer.status_code, answer["Location"]) == (302, f"/admin/second-factor/?{urlencode({'next': led_to})}")


@pytest.mark.parametrize(
    ("_case", "fields", "password"),
    [
        ("wrong password", {"is_staff": True}, "something else"),
        ("no password", {"is_staff": True}, ""),
        ("no operator", {"is_staff": False}, PASSWORD),
        ("inactive", {"is_staff": True, "is_active": False}, PASSWORD),
    ],
)
def test_nobody_else_signs_in(client: Client, trail: Trail, _case: str, fields: dict[str, bool], password: str) -> None:
    user = make_user(**fields)
    assert sign_in(client, user.email, password) == 200
    assert client.get("/admin/").status_code == 302
    assert trail.entries() == []
    assert Session.objects.count() == 0
    user.refresh_from_db()
    assert user.last_login is None


def test_an_unknown_email_reads_like_a_wrong_password(client: Client, operator: User) -> None:
    unknown = client.post(LOGIN, {"username": "nobody@mybcat.example", "password": PASSWORD})
    wrong = client.post(LOGIN, {"username": operator.email, "password": "wrong"})
    errors = [list(answer.context["form"].non_field_errors()) for answer in (unknown, wrong)]
    assert errors[0] == errors[1] != []


def nobody(clinic: Clinic, operator: User) -> Client:
    return Client(raise_request_exception=False)


def an_agent(clinic: Clinic, operator: User) -> Client:
    return at_desk(clinic.agent)


def an_operator_with_a_password_alone(clinic: Clinic, operator: User) -> Client:
    return at_desk(operator, verified=False)


@pytest.mark.parametrize("who", [nobody, an_agent, an_operator_with_a_password_alone])
def test_every_page_is_closed_to_others(rows: Rows, clinic: Clinic, operator: User, trail: Trail, who: Any) -> None:
    browser = who(clinic, operator)
    before = trail.entries()
    paths = ["/admin/", "/admin/autocomplete/", "/admin/password_change/", "/admin/practices/", "/admin/nothing/"]
    paths += ["/admin/jsi18n/", "/admin/security/", "/admin/security/passkey/"]
    for model in registered():
        paths += [page(model, "changelist"), page(model, "add"), *_of_object(model, rows[model].pk)]
    for path in paths:
        with CaptureQueriesContext(connection) as queries:
            answer = browser.get(path)
        assert (answer.status_code, answer.content) == (302, b""), path
        assert answer["Location"].startswith((LOGIN, SECOND)), path
        assert not any("mybcat_platform" in query["sql"] for query in queries), path
        assert browser.post(path).status_code == 302
    assert trail.entries() == before


def _of_object(model: type, key: object) -> list[str]:
    return [page(model, name, key) for name in ("change", "history", "delete")]


def test_an_operator_who_is_dismissed_is_out_at_once(desk: Client, operator: User) -> None:
    User.objects.filter(id=operator.id).update(is_staff=False)
    assert desk.get("/admin/").status_code == 302


def test_signing_out_ends_the_session(desk: Client) -> None:
    assert desk.post("/admin/logout/").status_code == 200
    assert desk.get("/admin/").status_code == 302


def test_one_may_leave_before_the_second_factor(operator: User) -> None:
    browser = at_desk(operator, verified=False)
    assert browser.get("/admin/logout/").status_code == 405
    assert browser.post("/admin/logout/").status_code == 200
    assert Session.objects.count() == 0
    assert browser.get("/admin/second-factor/")["Location"].startswith(LOGIN)


def test_pages_let_their_forms_say_where_they_come_from(client: Client, desk: Client) -> None:
    """Chromium sends `Origin: null` from a page with "no-referrer", and no operator could sign in."""
    for answer in (client.get(LOGIN), desk.get("/admin/"), desk.get("/admin/patients/patient/")):
        assert answer["Referrer-Policy"] == "same-origin"
    browser = Client(enforce_csrf_checks=True, raise_request_exception=False)
    browser.get(LOGIN)
    sent = {"username": "nobody", "password": "nothing", "csrfmiddlewaretoken": browser.cookies["csrftoken"].value}
    for origin, status in (("http://testserver", 200), ("null", 403), ("https://evil.example", 403)):
        assert browser.post(LOGIN, sent, headers={"Origin": origin}).status_code == status


def test_a_form_of_another_site_is_refused(operator: User, clinic: Clinic) -> None:
    browser = at_desk(operator)
    browser.handler.enforce_csrf_checks = True
    path = f"/admin/practices/practice/{clinic.practice.id}/change/"
    assert browser.post(path, {"name": "Taken over"}).status_code == 403
