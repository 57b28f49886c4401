"""Nothing typed is lost by the end of a session, nor by a click that leads elsewhere, unless somebody else comes."""

import re

import pytest
from playwright.sync_api import Browser, Page, expect

from mybcat.principal import Role
from mybcat.tenancy import practice_scope
from practices.models import AppointmentType, User
from tests.dashboard.browsing import Screen
from tests.dashboard.test_managing import go_to
from tests.factories import PASSWORD, Clinic, make_member

pytestmark = [pytest.mark.processes, pytest.mark.timeout(600)]


def test_what_was_typed_is_there_after_signing_in_again(
    chromium: Browser, url: str, clinic: Clinic, other_clinic: Clinic
) -> None:
    manager = make_member(practice=clinic.practice, role=Role.PRACTICE_MANAGER)
    make_member(practice=other_clinic.practice, user=manager, role=Role.PRACTICE_MANAGER)
    screen = Screen(chromium, url)
    screen.sign_in(manager)
    page = screen.page
    # The first by name or the second: back to where the form is.
    page.get_by_label("Practice", exact=True).select_option(label=clinic.practice.name)
    expect(page.locator("[data-live=live]")).to_be_visible()
    typed_into_a_new_type(screen, "Dry eye visit")
    ended(screen)
    expect(page.get_by_text("What you had typed is still there.")).to_be_visible()
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(page.get_by_text(clinic.practice.name).locator("visible=true")).to_have_count(0)
    assert screen.violations() == []

    sign_in_again(page, manager)
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_label("Name")).to_have_value("Dry eye visit")
    expect(dialog.get_by_label("Name")).to_be_focused()
    expect(dialog.get_by_role("alert")).to_contain_text("so this was not done")
    expect(page.get_by_role("combobox", name="Practice").locator("option:checked")).to_have_text(clinic.practice.name)
    with practice_scope(clinic.practice.id):
        assert not AppointmentType.objects.filter(name="Dry eye visit").exists()
    dialog.get_by_role("button", name="Save").press("Enter")
    expect(dialog).to_have_count(0)
    expect(page.get_by_role("button", name="Dry eye visit")).to_be_visible()
    with practice_scope(clinic.practice.id):
        assert AppointmentType.objects.filter(name="Dry eye visit").count() == 1
    screen.close()


def test_whoever_else_signs_in_finds_nothing_of_it(chromium: Browser, url: str, clinic: Clinic) -> None:
    manager, another = (make_member(practice=clinic.practice, role=Role.PRACTICE_MANAGER) for _ in range(2))
    screen = Screen(chromium, url)
    screen.sign_in(manager)
    typed_into_a_new_type(screen, "Dry eye visit")
    ended(screen)
    sign_in_again(screen.page, another)
    expect(screen.page.get_by_role("heading", name="Visit types")).to_be_visible()
    expect(screen.page.get_by_role("dialog")).to_have_count(0)
    assert screen.page.locator("[value='Dry eye visit']").count() == 0
    screen.close()


def test_whoever_leaves_what_is_not_saved_is_asked(chromium: Browser, url: str, clinic: Clinic) -> None:
    screen = Screen(chromium, url)
    screen.sign_in(make_member(practice=clinic.practice, role=Role.PRACTICE_MANAGER))
    page = screen.page
    page.get_by_role("link", name="Manage").click()
    go_to(screen, "Messages to patients")
    page.get_by_role("button", name="Edit: An appointment is booked, Text message").press("Enter")
    words = page.get_by_label("Words")
    words.press_sequentially("Hello! ")
    dialog = page.get_by_role("dialog", name="Leave without saving?")
    for control in (page.get_by_role("link", name="Reports"), page.get_by_role("button", name="Sign out", exact=True)):
        control.press("Enter")
        expect(dialog.get_by_role("button", name="Keep editing")).to_be_focused()
        assert screen.violations() == []
        dialog.get_by_role("button", name="Keep editing").press("Enter")
        expect(dialog).to_have_count(0)
        expect(words).to_have_value(re.compile("Hello! "))
    page.get_by_role("link", name="Reports").press("Enter")
    dialog.get_by_role("button", name="Throw it away").press("Enter")
    expect(page.get_by_role("heading", name="Reports", exact=True)).to_be_focused()
    expect(page).to_have_title("Reports · MyBCAT")
    # What was just saved is not asked about.
    go_to(screen, "Messages to patients")
    page.get_by_role("button", name="Edit: An appointment is booked, Text message").press("Enter")
    words.press_sequentially("Hello! ")
    page.get_by_role("button", name="Save", exact=True).press("Enter")
    expect(page.get_by_role("status").filter(has_text="Saved")).to_be_visible()
    page.get_by_role("link", name="Reports").press("Enter")
    expect(page.get_by_role("heading", name="Reports", exact=True)).to_be_focused()
    screen.close()


def typed_into_a_new_type(screen: Screen, name: str) -> None:
    screen.page.get_by_role("link", name="Manage").click()
    go_to(screen, "Visit types")
    screen.page.get_by_role("button", name="Add visit type").press("Enter")
    screen.page.get_by_role("dialog").get_by_label("Name").fill(name)


def ended(screen: Screen) -> None:
    """By the answers alone: how soon the end of a session is heard of is told elsewhere."""
    everything = ("**/api/v2/**", "**/api/auth/refresh")
    for path in everything:
        screen.page.route(path, lambda route: route.fulfill(status=401, json={}))
    screen.page.get_by_role("dialog").get_by_role("button", name="Save").press("Enter")
    expect(screen.page.get_by_text("Your session has ended. Sign in again to go on.")).to_be_visible()
    for path in everything:
        screen.page.unroute(path)


def sign_in_again(page: Page, user: User) -> None:
    page.get_by_label("E-mail").locator("visible=true").fill(user.email)
    page.get_by_label("Password").locator("visible=true").first.fill(PASSWORD)
    page.get_by_role("button", name="Sign in").press("Enter")
    expect(page.get_by_role("button", name="Sign out")).to_be_visible()
