"""What managers read of their practice: drawn, told in a table, and in a file."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from django.utils import timezone
from playwright.sync_api import Browser, expect

from appointments.calls.models import Call
from appointments.models import Slot
from mybcat.principal import Role
from mybcat.tenancy import practice_scope
from tests.dashboard.browsing import Screen
from tests.factories import Clinic, make_daily_count, make_member, make_slots
from tests.integrations.booked import booked

pytestmark = [pytest.mark.processes, pytest.mark.timeout(600)]


@pytest.fixture
def screen(chromium: Browser, url: str, clinic: Clinic) -> Iterator[Screen]:
    opened = Screen(chromium, url)
    opened.sign_in(make_member(practice=clinic.practice, role=Role.PRACTICE_MANAGER))
    opened.page.get_by_role("link", name="Manage").click()
    opened.page.get_by_role("navigation").get_by_role("link", name="Reports").click()
    yield opened
    opened.close()


def saved(screen: Screen, report: str, folder: Path) -> list[str]:
    """The lines of the file behind the report's button."""
    with screen.page.expect_download() as download:
        screen.page.get_by_role("button", name=f"Download CSV: {report}").click()
    download.value.save_as(folder / "report.csv")
    return (folder / "report.csv").read_text().splitlines()


def rows(screen: Screen, table: str) -> list[list[str]]:
    """What the table shows, below its head."""
    found = screen.page.get_by_role("table", name=table, exact=True)
    expect(found).to_be_visible()
    return [row.locator("th, td").all_inner_texts() for row in found.locator("tbody").get_by_role("row").all()]


def named(day: date) -> str:
    return f"{day:%a, %b} {day.day}"


def test_what_became_of_appointments(screen: Screen, clinic: Clinic, tmp_path: Path) -> None:
    page, today = screen.page, datetime.now(clinic.zone).date()
    expect(page.get_by_text("Nothing happened on these days.")).to_be_visible()
    make_daily_count(practice=clinic.practice, day=today, count=3)
    make_daily_count(practice=clinic.practice, day=today, counter="noShow")
    page.reload()
    # Thirty days, also those on which nothing happened.
    told = rows(screen, "Appointments")
    assert (len(told), told[0][1:], told[-1]) == (30, ["0"] * 5, [named(today), "3", "0", "0", "1", "0"])
    total = page.get_by_role("table", name="Appointments").locator("thead tr").nth(1)
    assert total.locator("th").all_inner_texts() == ["Total", "3", "0", "0", "1", "0"]
    expect(page.locator(".recharts-bar-rectangle path").first).to_be_visible()
    # Whole numbers alone on the axis.
    assert [text for text in page.locator(".recharts-yAxis .recharts-text").all_inner_texts() if "." in text] == []
    page.get_by_label("By", exact=True).select_option("type")
    expect(page.get_by_role("table", name="Appointments").get_by_role("columnheader").first).to_have_text(
        "Appointment type"
    )
    assert saved(screen, "Appointments", tmp_path)[1].startswith(str(today))
    page.get_by_label("Period").select_option("last7")
    expect(page.get_by_label("From", exact=True)).to_have_value(str(today - timedelta(days=6)))
    page.get_by_label("To", exact=True).fill("2020-01-01")
    expect(page.get_by_text("Choose at most 366 days")).to_be_visible()
    assert screen.errors == []


def test_how_time_is_used_and_how_long_patients_wait(screen: Screen, clinic: Clinic, tmp_path: Path) -> None:
    page = screen.page
    noon = datetime.now(clinic.zone).replace(hour=12, minute=0, second=0, microsecond=0)
    day = (noon - timedelta(days=2)).date()
    slots = make_slots(
        practitioner=clinic.practitioner, location=clinic.location, start=noon - timedelta(days=2), count=8
    )
    appointment, _ = booked(clinic, starts_at=slots[0].starts_at, booked_at=slots[0].starts_at - timedelta(days=4))
    with practice_scope(clinic.practice.id):
        Slot.objects.filter(id__in=[slots[0].id, slots[1].id]).update(status="busy", appointment=appointment)
    page.get_by_role("tab", name="Use of time").focus()
    page.keyboard.press("Enter")
    told = rows(screen, "Fill rate")
    assert [row for row in told if row[0] == named(day)] == [[named(day), "2", "0.5", "25%"]]
    assert told[0][1:] == ["0", "0", "—"]
    page.get_by_label("By", exact=True).select_option("practitioner")
    expect(page.get_by_role("table", name="Fill rate").locator("tbody tr").first).to_contain_text("Dr Alice Lee")
    assert saved(screen, "Fill rate", tmp_path)[1].endswith("Dr Alice Lee,120,30,0.25")
    assert screen.violations() == []

    page.keyboard.press("Shift+Tab")
    page.get_by_role("tab", name="Use of time").focus()
    page.keyboard.press("ArrowRight")
    assert rows(screen, "Lead time") == [["Comprehensive exam", "1", "4", "4"]]
    assert [row[:2] for row in rows(screen, "Third next available")] == [["Dr Alice Lee", "1"]]
    assert saved(screen, "Lead time", tmp_path)[1] == "comprehensive_exam,Comprehensive exam,1,4.0,4.0"
    assert saved(screen, "Third next available", tmp_path)[1].endswith(",1")
    assert screen.violations() == []
    assert screen.errors == []


def test_calls_that_were_booked_and_why_others_were_not(screen: Screen, clinic: Clinic, tmp_path: Path) -> None:
    page, now = screen.page, timezone.now()
    with practice_scope(clinic.practice.id):
        for outcome, reason in (("booked", ""), ("not_booked", "price"), ("not_booked", "price"), ("information", "")):
            Call.objects.create(agent_id=clinic.agent.id, opened_at=now, ended_at=now, outcome=outcome, reason=reason)
    page.get_by_role("tab", name="Calls").click()
    assert rows(screen, "Bookings from calls") == [[clinic.agent.name, "4", "1", "2", "33.3%", "Price 2"]]
    assert [clinic.agent.name, "Not booked: Price", "2"] in rows(screen, "How calls ended")
    assert saved(screen, "Bookings from calls", tmp_path)[1].split(",")[2:7] == [
        clinic.agent.name, "4", "1", "2", "0.3333",
    ]  # fmt: skip
    assert f"{clinic.agent.name},Not booked: Price,2" in saved(screen, "How calls ended", tmp_path)
    assert screen.violations() == []
    page.route("**/api/v2/reports/call-bookings*", lambda route: route.fulfill(status=503))
    page.reload()
    page.get_by_role("tab", name="Calls").click()
    expect(page.get_by_role("alert")).to_be_visible()
    page.unroute("**/api/v2/reports/call-bookings*")
    page.get_by_role("button", name="Try again").click()
    expect(page.get_by_role("table", name="Bookings from calls")).to_be_visible()
