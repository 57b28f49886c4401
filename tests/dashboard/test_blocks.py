"""Reserved times and caps are kept by the practice's manager, in a browser, with all that stands behind it."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from appointments.models import AppointmentBlock, AppointmentCap
from mybcat.principal import Role
from mybcat.tenancy import practice_scope
from tests.callers import Caller
from tests.dashboard.browsing import Screen
from tests.dashboard.test_managing import go_to
from tests.factories import Clinic, make_member

pytestmark = [pytest.mark.processes, pytest.mark.timeout(600)]


@pytest.fixture
def screen(chromium: Browser, url: str, clinic: Clinic) -> Iterator[Screen]:
    opened = Screen(chromium, url)
    opened.sign_in(make_member(practice=clinic.practice, role=Role.PRACTICE_MANAGER))
    opened.page.get_by_role("link", name="Manage").click()
    yield opened
    opened.close()


def test_a_time_is_reserved_changed_and_given_up_by_keyboard(screen: Screen, clinic: Clinic) -> None:
    go_to(screen, "Reserved times")
    page = screen.page
    expect(page.get_by_text("Nothing is reserved")).to_be_visible()
    page.get_by_role("button", name="Reserve a time", exact=True).press("Enter")
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_label("Name")).to_be_focused()
    dialog.get_by_label("Name").fill("New patients")
    for weekday in ("Saturday", "Sunday"):
        dialog.get_by_label(weekday).press("Space")
    dialog.get_by_label("All types for new patients").press("Space")
    expect(dialog.get_by_text("Choose new patients or at least one type")).to_be_visible()
    expect(dialog.get_by_role("button", name="Save")).to_be_disabled()
    dialog.get_by_label("All types for new patients").press("Space")
    dialog.get_by_label("Free to all so many hours").fill("1")
    assert screen.violations() == []
    dialog.get_by_label("Name").press("Enter")
    expect(dialog).to_have_count(0)
    table = page.get_by_role("table", name="Reserved times")
    expect(table).to_contain_text(re.compile("9:00 AM . 10:00 AM"))
    expect(table).to_contain_text(re.compile("Monday . Sunday"))
    expect(table).to_contain_text("1 h before")
    assert screen.violations() == []

    agent = Caller(clinic.agent, clinic.practice)
    assert agent.book(clinic, version="v2").json()["code"] == "time_reserved"
    table.get_by_role("button", name="New patients").press("Enter")
    dialog.get_by_label("Comprehensive exam").press("Space")
    dialog.get_by_label("Free to all so many hours").fill("")
    dialog.get_by_role("button", name="Save").press("Enter")
    expect(table).to_contain_text("Comprehensive exam")
    expect(table).to_contain_text("Never")
    assert agent.book(clinic, version="v2").status_code == 201

    table.get_by_role("button", name="New patients").press("Enter")
    remove = dialog.get_by_role("button", name="Stop reserving it")
    keep = dialog.get_by_role("button", name="Keep it reserved")
    remove.press("Enter")
    expect(keep).to_be_focused()
    expect(dialog).to_contain_text("Stop reserving New patients?")
    expect(dialog).to_contain_text("Dr Alice Lee, All locations: Monday")
    expect(dialog).to_contain_text("What is booked stays booked.")
    assert screen.violations() == []
    keep.press("Enter")
    expect(remove).to_be_focused()
    with practice_scope(clinic.practice.id):
        assert AppointmentBlock.objects.count() == 1
    remove.press("Enter")
    expect(keep).to_be_focused()
    remove.press("Enter")
    expect(page.get_by_text("Nothing is reserved")).to_be_visible()
    with practice_scope(clinic.practice.id):
        assert not AppointmentBlock.objects.exists()
    assert screen.errors == []


def test_a_limit_is_added_and_removed_and_a_second_one_is_refused(screen: Screen, clinic: Clinic) -> None:
    go_to(screen, "Reserved times")
    page = screen.page
    expect(page.get_by_text("There may be any number of each type")).to_be_visible()
    dialog = page.get_by_role("dialog")
    for _ in range(2):
        page.get_by_role("button", name="Add a limit").press("Enter")
        dialog.get_by_label("Practitioner").select_option("Dr Alice Lee")
        dialog.get_by_label("At most a day").fill("1")
        dialog.get_by_role("button", name="Save").press("Enter")
        table = page.get_by_role("table", name="Daily limits")
        expect(table).to_contain_text("Dr Alice Lee")
    expect(dialog.get_by_role("alert")).to_contain_text("There is a cap of this type there already")
    assert screen.violations() == []
    page.keyboard.press("Escape")
    expect(dialog.get_by_role("button", name="Keep editing")).to_be_focused()
    assert screen.violations() == []
    page.keyboard.press("Escape")
    expect(dialog.get_by_label("At most a day")).to_have_value("1")
    page.keyboard.press("Escape")
    dialog.get_by_role("button", name="Throw it away").press("Enter")
    expect(dialog).to_have_count(0)
    with practice_scope(clinic.practice.id):
        assert AppointmentCap.objects.get().most == 1
    remove = table.get_by_role("button", name="Remove")
    remove.press("Enter")
    keep = dialog.get_by_role("button", name="Keep this limit")
    expect(keep).to_be_focused()
    expect(dialog).to_contain_text("Dr Alice Lee, All locations: at most 1 a day.")
    assert screen.violations() == []
    keep.press("Enter")
    expect(dialog).to_have_count(0)
    expect(remove).to_be_focused()
    with practice_scope(clinic.practice.id):
        assert AppointmentCap.objects.count() == 1
    remove.press("Enter")
    expect(keep).to_be_focused()
    dialog.get_by_role("button", name="Remove").press("Enter")
    expect(page.get_by_text("There may be any number of each type")).to_be_visible()
    assert screen.violations() == []
    # The refusal is the browser's to mention.
    assert [error for error in screen.errors if "409" not in error] == []
