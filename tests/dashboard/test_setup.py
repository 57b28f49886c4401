"""The practice is set up by its manager, in a browser, with all that stands behind it."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta

import pytest
from playwright.sync_api import Browser, expect

from appointments.models import Hold
from mybcat.principal import Role
from mybcat.tenancy import practice_scope
from practices.members.links import token_of
from practices.models import AppointmentType, Location, Practice, TimeOff, User, WorkingHours
from practices.resources.models import Resource
from tests.callers import Caller
from tests.dashboard.browsing import Screen
from tests.dashboard.test_managing import go_to
from tests.factories import PASSWORD, Clinic, make_hours, make_member

pytestmark = [pytest.mark.processes, pytest.mark.timeout(600)]


@pytest.fixture
def screen(chromium: Browser, url: str, clinic: Clinic) -> Iterator[Screen]:
    with practice_scope(clinic.practice.id):
        Practice.objects.update(horizon_days=14)
    opened = Screen(chromium, url)
    opened.sign_in(make_member(practice=clinic.practice, role=Role.PRACTICE_MANAGER))
    opened.page.get_by_role("link", name="Manage").click()
    yield opened
    opened.close()


def test_hours_are_added_changed_and_removed_by_keyboard(screen: Screen, clinic: Clinic) -> None:
    tomorrow = datetime.now(clinic.zone) + timedelta(days=1)
    go_to(screen, "Hours")
    page = screen.page
    expect(page.get_by_text("Nobody has hours yet")).to_be_visible()
    page.get_by_role("button", name="Add hours", exact=True).press("Enter")
    dialog = page.get_by_role("dialog")
    for weekday in {f"{tomorrow:%A}", f"{tomorrow + timedelta(days=1):%A}"}:
        dialog.get_by_label(weekday).press("Space")
    dialog.get_by_label("Starts").fill("09:00")
    dialog.get_by_label("Ends").fill("08:00")
    expect(dialog.get_by_text("The end must be after the start.")).to_be_visible()
    expect(dialog.get_by_role("button", name="Save")).to_be_disabled()
    dialog.get_by_label("Ends").fill("11:00")
    assert screen.violations() == []
    dialog.get_by_label("Ends").press("Enter")
    expect(dialog).to_have_count(0)
    week = page.get_by_role("table", name="Weekly hours")
    expect(week.get_by_role("button", name=re.compile("^9:00 AM . 11:00 AM"))).to_have_count(2)
    assert screen.violations() == []

    agent = Caller(clinic.agent, clinic.practice)
    assert agent.book(clinic, slot=6).status_code == 201
    period = week.get_by_role("button", name=re.compile(f"^9:00 AM . 11:00 AM, Dr Alice Lee, Downtown, {tomorrow:%A}"))
    period.press("Enter")
    dialog.get_by_label("Ends").fill("10:00")
    dialog.get_by_label("Ends").press("Enter")
    expect(dialog.get_by_role("alert")).to_contain_text("Booked appointments that then lie outside: 1")
    expect(dialog.get_by_role("alert")).to_contain_text("10:30")
    assert screen.violations() == []
    with practice_scope(clinic.practice.id):
        assert {f"{row.ends:%H:%M}" for row in WorkingHours.objects.all()} == {"11:00"}
    dialog.get_by_role("button", name="Save anyway").press("Enter")
    expect(
        week.get_by_role("button", name=re.compile(f"^9:00 AM . 10:00 AM, Dr Alice Lee, Downtown, {tomorrow:%A}"))
    ).to_be_visible()

    week.get_by_role("button", name=f"Add: Dr Alice Lee, Downtown, {tomorrow:%A}").press("Enter")
    dialog.get_by_role("button", name="Save").press("Enter")
    expect(dialog.get_by_role("alert")).to_contain_text("works then already")
    page.keyboard.press("Escape")
    week.get_by_role("button", name=re.compile("^9:00 AM . 11:00 AM")).press("Enter")
    dialog.get_by_role("button", name="Remove these hours").press("Enter")
    expect(dialog.get_by_role("button", name="Keep them")).to_be_focused()
    dialog.get_by_role("button", name="Remove these hours").press("Enter")
    expect(week.get_by_role("button", name=re.compile("^9:00 AM . 11:00 AM"))).to_have_count(0)
    with practice_scope(clinic.practice.id):
        assert WorkingHours.objects.count() == 1
    # The refusal of what overlaps is the browser's to mention.
    assert [error for error in screen.errors if "409" not in error] == []


def test_hours_are_not_removed_unasked(screen: Screen, clinic: Clinic) -> None:
    make_hours(clinic)
    go_to(screen, "Hours")
    week = screen.page.get_by_role("table", name="Weekly hours")
    week.get_by_role("button", name=re.compile("^9:00 AM . 12:00 PM, Dr Alice Lee, Downtown, Monday")).press("Enter")
    dialog = screen.page.get_by_role("dialog")
    ends = dialog.get_by_label("Ends")
    ends.fill("11:30")
    remove = dialog.get_by_role("button", name="Remove these hours")
    keep = dialog.get_by_role("button", name="Keep them")
    remove.press("Enter")
    expect(keep).to_be_focused()
    expect(dialog).to_contain_text("Dr Alice Lee, Downtown, Monday, ")
    expect(dialog).to_contain_text("In these hours nobody can be booked any more")
    assert screen.violations() == []
    keep.press("Enter")
    expect(remove).to_be_focused()
    expect(ends).to_have_value("11:30")
    with practice_scope(clinic.practice.id):
        assert WorkingHours.objects.count() == 1
    remove.press("Enter")
    expect(keep).to_be_focused()
    remove.press("Enter")
    expect(dialog).to_have_count(0)
    expect(screen.page.get_by_text("Nobody has hours yet")).to_be_visible()
    with practice_scope(clinic.practice.id):
        assert not WorkingHours.objects.exists()
    assert screen.errors == []


def test_time_off_is_taken_and_given_back(screen: Screen, clinic: Clinic) -> None:
    agent = Caller(clinic.agent, clinic.practice)
    assert agent.book(clinic).status_code == 201
    tomorrow = f"{datetime.now(clinic.zone) + timedelta(days=1):%Y-%m-%d}"
    go_to(screen, "Hours")
    page = screen.page
    expect(page.get_by_text("Nobody is off and nothing is closed")).to_be_visible()
    page.get_by_role("button", name="Add time off").press("Enter")
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Reason").select_option("holiday")
    dialog.get_by_label("First day").fill(tomorrow)
    expect(dialog.get_by_label("Last day")).to_have_value(tomorrow)
    dialog.get_by_role("button", name="Save").press("Enter")
    expect(dialog.get_by_role("alert")).to_contain_text("Booked appointments that then lie outside: 1")
    with practice_scope(clinic.practice.id):
        assert not TimeOff.objects.exists()
    dialog.get_by_label("Whole days").press("Space")
    expect(dialog.get_by_role("alert")).to_have_count(0)
    dialog.get_by_label("Starts, on the first day").fill("13:00")
    dialog.get_by_label("Ends, on the last day").fill("00:00")
    assert screen.violations() == []
    dialog.get_by_role("button", name="Save").press("Enter")
    table = page.get_by_role("table", name="Time off and closures")
    expect(table).to_contain_text("The whole practice")
    expect(table).to_contain_text("1:00 PM")
    assert screen.violations() == []
    table.get_by_role("button", name="Remove").press("Enter")
    dialog.get_by_role("button", name="Remove").press("Enter")
    expect(page.get_by_text("Nobody is off and nothing is closed")).to_be_visible()
    with practice_scope(clinic.practice.id):
        assert not TimeOff.objects.exists()
    assert screen.errors == []


def test_visit_types_are_added_changed_and_retired(screen: Screen, clinic: Clinic) -> None:
    go_to(screen, "Visit types")
    page = screen.page
    page.get_by_role("button", name="Add visit type").press("Enter")
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Name", exact=True).fill("Contact-lens fitting")
    expect(dialog.get_by_label("Code")).to_have_value("contact_lens_fitting")
    dialog.get_by_label("Code").fill("Fitting!")
    expect(dialog.get_by_role("button", name="Save")).to_be_disabled()
    dialog.get_by_label("Code").fill(clinic.exam.code)
    dialog.get_by_label("Free after").fill("10")
    dialog.get_by_label("For", exact=True).select_option("returning")
    assert screen.violations() == []
    dialog.get_by_role("button", name="Save").press("Enter")
    expect(dialog.get_by_role("alert")).to_contain_text("with this code already")
    dialog.get_by_label("Code").fill("fitting")
    dialog.get_by_role("button", name="Save").press("Enter")
    table = page.get_by_role("table", name="Visit types")
    expect(table.get_by_role("row", name="Contact-lens fitting")).to_contain_text("0 / 10 min")
    table.get_by_role("button", name="Comprehensive exam").press("Enter")
    expect(dialog.get_by_label("Code")).to_be_disabled()
    dialog.get_by_label("In use").press("Space")
    dialog.get_by_role("button", name="Save").press("Enter")
    expect(table.get_by_role("row", name="Comprehensive exam")).to_contain_text("No")
    page.get_by_label("Hours ahead, at least").fill("24")
    page.get_by_role("region", name="Booking by patients themselves").get_by_role("button", name="Save").press("Enter")
    expect(page.get_by_text("Saved.")).to_be_visible()
    assert screen.violations() == []
    with practice_scope(clinic.practice.id):
        fitting = AppointmentType.objects.get(code="fitting")
        assert (fitting.duration_minutes, fitting.buffer_after_minutes, fitting.audience) == (30, 10, "returning")
        assert not AppointmentType.objects.get(code=clinic.exam.code).is_active
        practice = Practice.objects.get()
        assert (practice.self_service_lead_hours, practice.self_service_horizon_days) == (24, None)
    assert [error for error in screen.errors if "409" not in error] == []


def test_rooms_are_added_needed_and_taken_out_of_use(screen: Screen, clinic: Clinic) -> None:
    go_to(screen, "Rooms and equipment")
    page = screen.page
    page.get_by_role("button", name="Add room or equipment").press("Enter")
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Name").fill("Room 1")
    dialog.get_by_label("Category").first.fill("Exam room")
    assert screen.violations() == []
    dialog.get_by_label("Name").press("Enter")
    table = page.get_by_role("table", name="Rooms and equipment")
    expect(table.get_by_role("row", name="Room 1")).to_contain_text("exam room")
    page.get_by_label("Comprehensive exam needs exam room").press("Space")
    expect(page.get_by_text("Saved.")).to_be_visible()
    with practice_scope(clinic.practice.id):
        assert AppointmentType.objects.get().resource_categories == ["exam_room"]
    assert screen.violations() == []
    table.get_by_role("button", name="Room 1").press("Enter")
    dialog.get_by_label("Name").fill("Room one")
    dialog.get_by_label("In use").press("Space")
    dialog.get_by_role("button", name="Save").press("Enter")
    expect(table.get_by_role("row", name="Room one")).to_contain_text("No")
    with practice_scope(clinic.practice.id):
        room = Resource.objects.get()
        assert (room.name, room.category, room.is_active) == ("Room one", "exam_room", False)
    assert screen.errors == []


def test_locations_are_added_changed_and_closed_by_keyboard(screen: Screen, clinic: Clinic) -> None:
    agent = Caller(clinic.agent, clinic.practice)
    booked = agent.book(clinic).json()["appointmentId"]
    tomorrow = clinic.slots[0].starts_at.astimezone(clinic.zone)
    make_hours(clinic, weekday=tomorrow.weekday(), starts=time(9), ends=time(10))
    go_to(screen, "Locations")
    page, dialog = screen.page, screen.page.get_by_role("dialog")
    page.get_by_role("button", name="Add location").press("Enter")
    save = dialog.get_by_role("button", name="Save")
    expect(save).to_be_disabled()
    dialog.get_by_label("Name").fill("Uptown")
    dialog.get_by_label("Phone").fill("212 555 0199")
    expect(dialog.get_by_text("Begin with + and the country")).to_be_visible()
    dialog.get_by_label("Phone").fill("+1 (212) 555-0199")
    dialog.get_by_label("Time zone").first.fill("Denver")
    expect(dialog.get_by_text("Choose a zone of the list")).to_be_visible()
    expect(save).to_be_disabled()
    page.get_by_role("option", name="America/Denver").click()
    expect(dialog.get_by_label("Time zone").first).to_have_value("America/Denver")
    assert screen.violations() == []
    save.press("Enter")
    table = page.get_by_role("table", name="Locations")
    expect(table.get_by_role("row", name="Uptown")).to_contain_text("+12125550199")
    assert screen.violations() == []

    table.get_by_role("button", name="Downtown").press("Enter")
    dialog.get_by_label("In use").press("Space")
    save.press("Enter")
    expect(dialog.get_by_role("alert")).to_contain_text("appointments to come there: 1")
    assert screen.violations() == []
    dialog.get_by_label("In use").press("Space")
    expect(dialog.get_by_role("alert")).to_have_count(0)
    dialog.get_by_label("Time zone").first.fill("America/Chicago")
    save.press("Enter")
    expect(dialog.get_by_role("alert")).to_contain_text("Booked appointments that then lie outside: 1")
    assert screen.violations() == []
    dialog.get_by_role("button", name="Close").last.press("Enter")
    expect(table.get_by_role("row", name="Downtown")).to_contain_text("America/Chicago")

    assert agent.post(f"/api/v2/appointments/{booked}/cancel", {"reason": "other"}).status_code == 200
    with practice_scope(clinic.practice.id):
        Hold.objects.update(expires_at=datetime.now(UTC) - timedelta(seconds=1))
    table.get_by_role("button", name="Downtown").press("Enter")
    dialog.get_by_label("In use").press("Space")
    save.press("Enter")
    expect(table.get_by_role("row", name="Downtown")).to_contain_text("No")
    with practice_scope(clinic.practice.id):
        rows = Location.objects.order_by("name").values_list("name", "phone", "time_zone", "is_active")
        assert list(rows) == [
            ("Downtown", "", "America/Chicago", False),
            ("Uptown", "+12125550199", "America/Denver", True),
        ]
    # The refusal of what is in use is the browser's to mention.
    assert [error for error in screen.errors if "409" not in error] == []


def test_locations_in_spanish_where_there_is_none(screen: Screen, clinic: Clinic) -> None:
    page = screen.page
    page.route(
        "**/api/v2/locations?*",
        lambda route: route.fulfill(json={"data": [], "nextCursor": None}),
    )
    go_to(screen, "Locations")
    expect(page.get_by_text("There is no location yet")).to_be_visible()
    page.get_by_label("Language").select_option("es")
    expect(page.get_by_text("Todavía no hay sedes")).to_be_visible()
    page.get_by_role("button", name="Añadir sede").press("Enter")
    expect(page.get_by_role("dialog").get_by_label("Zona horaria").first).to_have_value("America/New_York")
    assert screen.violations() == []
    page.unroute("**/api/v2/locations?*")
    assert screen.errors == []


def test_somebody_is_invited_chooses_a_password_and_is_let_go(
    screen: Screen, clinic: Clinic, chromium: Browser, url: str
) -> None:
    go_to(screen, "People")
    page = screen.page
    page.get_by_role("button", name="Invite a member").press("Enter")
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Name").fill("Ines Moreau")
    dialog.get_by_label("E-mail").fill("ines@members.example")
    assert screen.violations() == []
    dialog.get_by_role("button", name="Invite", exact=True).press("Enter")
    members = page.get_by_role("table", name="Members")
    row = members.get_by_role("row", name="ines@members.example")
    expect(row).to_contain_text("Invited, not in yet")
    expect(row).not_to_contain_text("Ines Moreau")
    assert screen.violations() == []

    ines = User.objects.get(email="ines@members.example")
    hers = Screen(chromium, url)
    hers.page.goto(f"{url}/welcome#{token_of(ines)}")
    expect(hers.page.get_by_role("button", name="Choose this password")).to_be_disabled()
    hers.page.get_by_label("New password").first.fill("password123")
    hers.page.get_by_role("button", name="Choose this password").press("Enter")
    expect(hers.page.get_by_text("too short, or too common")).to_be_visible()
    assert hers.violations() == []
    hers.page.get_by_label("New password").first.fill(PASSWORD)
    hers.page.get_by_role("button", name="Choose this password").press("Enter")
    expect(hers.page.get_by_text("Your password is set.")).to_be_visible()
    assert "#" not in hers.page.url
    hers.sign_in(ines)

    page.reload()
    row.get_by_role("button", name="Ines Moreau").press("Enter")
    dialog.get_by_label("Has access").press("Space")
    dialog.get_by_role("button", name="Save").press("Enter")
    expect(row).to_contain_text("No more")
    hers.page.reload()
    expect(hers.page.get_by_role("button", name="Sign in")).to_be_visible()
    hers.close()
    assert screen.errors == []


def test_a_practitioner_is_added_and_sees_patients_no_more(screen: Screen, clinic: Clinic) -> None:
    assert Caller(clinic.agent, clinic.practice).book(clinic).status_code == 201
    go_to(screen, "People")
    page = screen.page
    page.get_by_role("button", name="Add practitioner").press("Enter")
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Name").fill("Dr Ben Cho")
    dialog.get_by_label("Qualification").fill("MD")
    assert screen.violations() == []
    dialog.get_by_role("button", name="Save").press("Enter")
    table = page.get_by_role("table", name="Practitioners")
    expect(table.get_by_role("row", name="Dr Ben Cho")).to_contain_text("MD")
    table.get_by_role("button", name="Dr Alice Lee").press("Enter")
    dialog.get_by_label("Sees patients").press("Space")
    assert screen.violations() == []
    dialog.get_by_role("button", name="Save").press("Enter")
    expect(dialog.get_by_role("alert")).to_contain_text("Still booked with them: 1")
    dialog.get_by_role("button", name="Close").last.press("Enter")
    expect(table.get_by_role("row", name="Dr Alice Lee")).to_contain_text("No")
    assert screen.errors == []
