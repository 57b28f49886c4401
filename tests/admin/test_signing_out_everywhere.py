"""Whoever is a member and an operator too signs out of both, on every machine; other operators stay."""

import pytest
from django.test import Client

from practices.models import RefreshFamily, User
from tests.admin.conftest import at_desk
from tests.callers import Caller
from tests.factories import Clinic, make_member, make_user

EVERYWHERE = "/api/auth/logout/everywhere"


@pytest.fixture
def member(operator: User, clinic: Clinic) -> Caller:
    make_member(practice=clinic.practice, user=operator)
    return Caller(operator, clinic.practice)


def is_in(browser: Client) -> bool:
    return browser.get("/admin/").status_code == 200


def test_the_sessions_of_the_admin_end_too(operator: User, member: Caller) -> None:
    here, elsewhere = at_desk(operator), at_desk(operator)
    colleague = at_desk(make_user(is_staff=True, is_superuser=True))
    assert is_in(here)
    assert member.http.post(EVERYWHERE, headers={"Authorization": f"Bearer {member.token}"}).status_code == 204
    assert [is_in(browser) for browser in (here, elsewhere, colleague)] == [False, False, True]


def test_what_they_look_at_as_a_member_ends_too(operator: User, member: Caller, clinic: Clinic) -> None:
    viewed = Caller(clinic.agent, clinic.practice)
    families = RefreshFamily.objects.filter(user=clinic.agent)
    assert families.update(viewed_by=operator) == 1
    another = Caller(clinic.agent, clinic.practice)
    assert viewed.get("/api/v1/locations").status_code == 200
    assert member.http.post(EVERYWHERE, headers={"Authorization": f"Bearer {member.token}"}).status_code == 204
    assert [each.get("/api/v1/locations").status_code for each in (viewed, another)] == [401, 200]


def test_signing_out_here_leaves_the_admin_alone(operator: User, member: Caller) -> None:
    here = at_desk(operator)
    member.http.post("/api/auth/logout")
    assert is_in(here)
