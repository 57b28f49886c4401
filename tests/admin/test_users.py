"""Superusers among the operators decide who may sign in, and how."""

from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.test import Client

from practices.models import User
from tests.admin.conftest import Trail, at_desk
from tests.admin.test_pages import page
from tests.factories import PASSWORD, Clinic, make_user

NEW = {"email": "New@MyBCAT.example", "name": "New User", "usable_password": "true"}
NEW_PASSWORD = "quite another horse"


def with_password(password: str = NEW_PASSWORD, **fields: str) -> dict[str, str]:
    return {**NEW, "password1": password, "password2": password, **fields}


def test_a_user_is_added_with_an_email_and_a_password(desk: Client, client: Client, trail: Trail) -> None:
    assert desk.post(page(User, "add"), with_password()).status_code == 302
    user = User.objects.get(email="new@mybcat.example")
    assert user.password.startswith("argon2$argon2id$")
    assert user.check_password(NEW_PASSWORD)
    assert not (user.is_staff or user.is_superuser)
    assert trail.entries(action="admin.user.add")[0].object_ids == [str(user.id)]


def test_a_user_of_an_external_issuer_has_no_password(desk: Client) -> None:
    assert desk.post(page(User, "add"), {**NEW, "usable_password": "false"}).status_code == 302
    assert not User.objects.get(email="new@mybcat.example").has_usable_password()


@pytest.mark.parametrize(
    ("_case", "sent"),
    [
        ("too short", with_password("short")),
        ("too common", with_password("1234567890")),
        ("not repeated", {**with_password(), "password2": "something else"}),
        ("no email", with_password(email="nobody")),
        ("taken in other letters", with_password(email="OPS@mybcat.example")),
        ("no name", with_password(name="")),
    ],
)
def test_a_user_that_cannot_be_is_refused(desk: Client, _case: str, sent: dict[str, str]) -> None:
    before = User.objects.count()
    answer = desk.post(page(User, "add"), sent)
    assert answer.status_code == 200
    assert answer.context["errors"]
    assert User.objects.count() == before


def test_a_user_is_changed(desk: Client) -> None:
    user = make_user()
    sent = {"email": "Renamed@mybcat.example", "name": "Renamed", "external_subject": "", "is_active": "on"}
    assert desk.post(page(User, "change", user.id), sent).status_code == 302
    user.refresh_from_db()
    assert (user.email, user.name, user.external_subject) == ("renamed@mybcat.example", "Renamed", None)
    assert user.check_password(PASSWORD)


def test_two_users_without_an_external_subject_may_exist(desk: Client) -> None:
    for user in (make_user(), make_user()):
        sent = {"email": user.email, "name": user.name, "external_subject": "", "is_active": "on"}
        assert desk.post(page(User, "change", user.id), sent).status_code == 302


def test_an_operator_gives_a_user_a_new_password(desk: Client, trail: Trail) -> None:
    user = make_user(is_staff=True)
    path = f"/admin/practices/user/{user.id}/password/"
    assert desk.get(path).status_code == 200
    sent = {"password1": NEW_PASSWORD, "password2": NEW_PASSWORD, "usable_password": "true", "set-password": "Change"}
    assert desk.post(path, sent).status_code == 302
    user.refresh_from_db()
    assert user.check_password(NEW_PASSWORD)
    assert trail.entries(action="admin.user.change")[0].object_ids == [str(user.id)]


def test_an_operator_changes_the_own_password_and_stays_signed_in(desk: Client, operator: User) -> None:
    sent = {"old_password": PASSWORD, "new_password1": NEW_PASSWORD, "new_password2": NEW_PASSWORD}
    assert desk.post("/admin/password_change/", {**sent, "old_password": "wrong"}).status_code == 200
    assert desk.post("/admin/password_change/", sent).status_code == 302
    assert desk.get("/admin/password_change/done/").status_code == 200
    operator.refresh_from_db()
    assert operator.check_password(NEW_PASSWORD)


def test_an_operator_who_is_no_superuser_changes_no_user(clinic: Clinic) -> None:
    plain = make_user(is_staff=True)
    desk = at_desk(plain)
    assert desk.get(page(User, "change", plain.id)).status_code == 200
    for path, sent in _attempts(plain):
        assert desk.post(path, sent).status_code == 403
    plain.refresh_from_db()
    assert not plain.is_superuser
    assert plain.check_password(PASSWORD)
    assert not User.objects.filter(email="new@mybcat.example").exists()


def _attempts(plain: User) -> list[tuple[str, dict[str, Any]]]:
    rights = {"email": plain.email, "name": plain.name, "is_active": "on", "is_staff": "on", "is_superuser": "on"}
    password = {
        "password1": NEW_PASSWORD,
        "password2": NEW_PASSWORD,
        "usable_password": "true",
        "set-password": "Change",
    }
    return [
        (page(User, "change", plain.id), rights),
        (page(User, "add"), with_password()),
        (f"/admin/practices/user/{plain.id}/password/", password),
    ]


def test_users_are_found_by_email_and_name(desk: Client, clinic: Clinic) -> None:
    wanted = make_user(email="sarah@mybcat.example", name="Sarah Jones")
    for term in ("sarah@", "jones", str(wanted.id)):
        found = desk.get(page(User, "changelist"), {"q": term}).context["cl"].result_list
        assert list(found) == [wanted]


def test_there_are_no_groups(desk: Client) -> None:
    assert desk.get("/admin/auth/group/").status_code == 404
    assert Group.objects.count() == 0
