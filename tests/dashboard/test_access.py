"""Managers see who came in to their practice and who was refused there, in a browser."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Browser, Locator, expect

from mybcat.models import AuditEntry
from mybcat.principal import Role
from mybcat.tenancy import practice_scope
from tests.api.refusals import assert_forbidden
from tests.callers import Caller, public
from tests.dashboard.browsing import Screen
from tests.dashboard.test_managing import go_to
from tests.factories import Clinic, make_member, make_user

pytestmark = [pytest.mark.processes, pytest.mark.timeout(600)]


@pytest.fixture
def screen(chromium: Browser, url: str, clinic: Clinic) -> Iterator[Screen]:
    opened = Screen(chromium, url)
    opened.sign_in(make_member(practice=clinic.practice, user=make_user(name="Mona"), role=Role.PRACTICE_MANAGER))
    opened.page.get_by_role("link", name="Manage").click()
    yield opened
    opened.close()


def rows(screen: Screen) -> Locator:
    return screen.page.locator("tr[data-action]")


def test_who_came_in_and_who_was_refused(screen: Screen, clinic: Clinic, other_clinic: Clinic) -> None:
    agent = Caller(clinic.agent, clinic.practice)
    assert_forbidden(agent.get("/api/v2/access"))
    assert_forbidden(agent.get(f"/api/v2/patients/{public('pat', other_clinic.patient.id)}"))
    Caller(other_clinic.agent, other_clinic.practice)
    go_to(screen, "Sign-ins and refusals")
    expect(rows(screen)).to_have_count(4)
    for place, words in enumerate(("it is another practice's", "GET api/v2/access", "Signed in", "Signed in")):
        expect(rows(screen).nth(place)).to_contain_text(words)
    for place, name in enumerate([clinic.agent.name] * 3 + ["Mona"]):
        expect(rows(screen).nth(place)).to_contain_text(name)
    expect(rows(screen).first).to_contain_text("Reference: ")
    expect(rows(screen).first).to_contain_text("127.0.0.1")
    expect(screen.page.get_by_text(other_clinic.practice.name)).to_have_count(0)
    assert screen.violations() == []

    Caller(clinic.agent, clinic.practice)
    screen.page.get_by_role("button", name="Refresh").press("Enter")
    expect(rows(screen)).to_have_count(5)
    screen.page.get_by_label("Language").select_option("es")
    expect(rows(screen).nth(1)).to_contain_text("Rechazado: es de otro consultorio")
    assert screen.violations() == []
    assert screen.errors == []


def test_what_is_longer_ago_is_shown_when_it_is_asked_for(screen: Screen, clinic: Clinic) -> None:
    now = datetime.now(UTC)
    with practice_scope(clinic.practice.id):
        AuditEntry.objects.bulk_create(
            AuditEntry(
                practice_id=clinic.practice.id,
                at=now - timedelta(days=10, minutes=minute),
                principal_kind="member",
                principal_id=clinic.agent.id,
                action="member.signed_out",
                object_kind="mem",
                object_ids=[],
                outcome="success",
                correlation_id="x",
            )
            for minute in range(100)
        )
    go_to(screen, "Sign-ins and refusals")
    expect(rows(screen)).to_have_count(100)
    screen.page.get_by_role("button", name="Show more").press("Enter")
    expect(rows(screen)).to_have_count(101)
    expect(screen.page.get_by_role("button", name="Show more")).to_have_count(0)
    screen.page.get_by_label("How far back").select_option("7")
    expect(rows(screen)).to_have_count(1)
    assert screen.errors == []


def test_a_failure_says_what_to_do(screen: Screen) -> None:
    page = screen.page
    page.route("**/api/v2/access?*", lambda route: route.fulfill(status=503))
    go_to(screen, "Sign-ins and refusals")
    expect(page.get_by_role("alert")).to_be_visible()
    page.unroute("**/api/v2/access?*")
    page.get_by_role("button", name="Try again").click()
    expect(rows(screen)).to_have_count(1)


def test_it_is_for_managers(chromium: Browser, url: str, clinic: Clinic) -> None:
    agent = Screen(chromium, url)
    agent.sign_in(clinic.agent)
    agent.page.goto(f"{url}/manage/access")
    expect(agent.page.get_by_role("alert")).to_contain_text("Your role does not include this.")
    agent.close()
