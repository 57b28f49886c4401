"""What patients are sent without anybody's doing, as the manager sets it."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from integrations.reminders.models import ReminderSettings
from integrations.waitlist.models import WaitlistSettings
from mybcat.principal import Role
from mybcat.tenancy import practice_scope
from tests.dashboard.browsing import Screen
from tests.dashboard.test_managing import go_to
from tests.factories import Clinic, make_member

pytestmark = [pytest.mark.processes, pytest.mark.timeout(600)]


@pytest.fixture
def screen(chromium: Browser, url: str, clinic: Clinic) -> Iterator[Screen]:
    opened = Screen(chromium, url)
    opened.sign_in(make_member(practice=clinic.practice, role=Role.PRACTICE_MANAGER))
    opened.page.get_by_role("link", name="Manage").click()
    go_to(opened, "Automatic messages")
    yield opened
    opened.close()


def test_reminders_are_added_changed_and_taken_away(screen: Screen, clinic: Clinic) -> None:
    part = screen.page.get_by_role("region", name="Reminders")
    part.get_by_role("button", name="Add reminder").press("Enter")
    fields = part.get_by_role("textbox", name="Reminder")
    expect(fields.last).to_have_value("24 h before")
    while fields.count() > 2:
        part.get_by_role("button", name="Remove reminder").last.press("Enter")
    fields.nth(0).fill("48")
    fields.nth(1).fill("1.5")
    part.get_by_label("Patients change it themselves until").fill("12")
    assert screen.violations() == []
    part.get_by_role("button", name="Save").press("Enter")
    expect(part.get_by_role("status")).to_have_text("Saved.")
    with practice_scope(clinic.practice.id):
        kept = ReminderSettings.objects.get()
    assert (sorted(kept.offsets_minutes), kept.cutoff_minutes) == ([90, 2880], 720)

    while fields.count():
        part.get_by_role("button", name="Remove reminder").first.press("Enter")
    expect(part.get_by_text("Nobody is reminded.")).to_be_visible()
    expect(part.get_by_role("status")).to_have_text("")
    part.get_by_role("button", name="Save").press("Enter")
    expect(part.get_by_role("status")).to_have_text("Saved.")
    with practice_scope(clinic.practice.id):
        assert ReminderSettings.objects.get().offsets_minutes == []
    assert screen.errors == []


def test_who_waits_is_asked_or_not(screen: Screen, clinic: Clinic) -> None:
    part = screen.page.get_by_role("region", name="Times that become free")
    part.get_by_label("Patients asked at once").fill("2")
    part.get_by_label("Minutes to answer").fill("20")
    part.get_by_label("Hours ahead").fill("3")
    assert screen.violations() == []
    part.get_by_role("button", name="Save").press("Enter")
    expect(part.get_by_role("status")).to_have_text("Saved.")
    with practice_scope(clinic.practice.id):
        kept = WaitlistSettings.objects.get()
    assert (kept.is_active, kept.batch_size, kept.answer_minutes, kept.lead_hours) == (True, 2, 20, 3)

    part.get_by_label("Offer them by text").press("Space")
    expect(part.get_by_label("Patients asked at once")).to_be_disabled()
    part.get_by_role("button", name="Save").press("Enter")
    expect(part.get_by_role("status")).to_have_text("Saved.")
    with practice_scope(clinic.practice.id):
        assert not WaitlistSettings.objects.get().is_active
    assert screen.errors == []
