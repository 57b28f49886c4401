"""Who joins a practice sees its patients unmasked: superusers alone decide that."""

import pytest
from django.test import Client

from mybcat.tenancy import platform_scope
from practices.models import Membership, User
from tests.admin.conftest import at_desk, tire
from tests.admin.test_pages import page
from tests.admin.test_practice_rows import count
from tests.factories import Clinic, make_user


@pytest.fixture
def plain() -> Client:
    """A browser of an operator who is no superuser."""
    return at_desk(make_user(is_staff=True))


def membership() -> Membership:
    with platform_scope(reason="test"):
        return Membership.objects.get()


def test_an_operator_sees_memberships_and_changes_none(plain: Client, clinic: Clinic) -> None:
    only = membership()
    assert plain.get(page(Membership, "changelist")).status_code == 200
    sent = {
        "practice": str(clinic.practice.id),
        "user": str(only.user_id),
        "role": "practice_manager",
        "is_active": "on",
    }
    assert plain.post(page(Membership, "add"), sent).status_code == 403
    assert plain.post(page(Membership, "change", only.pk), sent).status_code == 403
    assert count(Membership) == 1
    assert membership().role == only.role == "scheduling_agent"


def test_a_superuser_changes_them(desk: Client, clinic: Clinic) -> None:
    only = membership()
    sent = {"role": "practice_manager", "is_active": "on"}
    assert desk.post(page(Membership, "change", only.pk), sent).status_code == 302
    assert membership().role == "practice_manager"


def test_who_gets_in_is_changed_only_after_a_fresh_second_factor(desk: Client, plain: Client, clinic: Clinic) -> None:
    for browser in (desk, plain):
        tire(browser)
    only, user = membership(), clinic.agent
    paths = [page(Membership, "change", only.pk), page(User, "change", user.pk), page(User, "add")]
    paths += [f"/admin/practices/user/{user.pk}/password/", page(Membership, "add")]
    for path in paths:
        for answer in (desk.get(path), desk.post(path, {"is_active": ""})):
            assert answer.status_code == 302, path
            assert answer["Location"].startswith("/admin/second-factor/?next=%2Fadmin%2Fpractices%2F")
    # Who may only look, looks.
    assert plain.get(paths[0]).status_code == plain.get(paths[1]).status_code == 200
    assert membership().is_active
