"""On the desk: two that change places, one beside another, and several at once."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from playwright.sync_api import Browser, Locator, expect

from appointments.groups.models import AppointmentGroup
from appointments.models import Appointment
from mybcat.principal import Role
from mybcat.tenancy import practice_scope
from patients.models import Patient
from tests.callers import Caller, public
from tests.dashboard.answering import find
from tests.dashboard.browsing import Screen
from tests.dashboard.test_desk import appointments, on_board, tomorrow
from tests.factories import Clinic, make_member, make_patient, make_slots, make_type

pytestmark = [pytest.mark.processes, pytest.mark.timeout(600)]


@pytest.fixture
def screen(chromium: Browser, url: str, clinic: Clinic) -> Iterator[Screen]:
    opened = Screen(chromium, url)
    opened.sign_in(clinic.agent)
    yield opened
    opened.close()


@pytest.fixture
def booked(clinic: Clinic) -> Appointment:
    """Tomorrow at nine, of the clinic's patient."""
    assert Caller(clinic.agent, clinic.practice).book(clinic, slot=0).status_code == 201
    return appointments(clinic)[0]


@pytest.fixture
def sibling(clinic: Clinic) -> Patient:
    return make_patient(practice=clinic.practice, first_name="Ottoline", last_name="Zuckerberg")


def opened(screen: Screen, appointment: Appointment) -> Locator:
    on_board(screen, appointment).focus()
    screen.press("Enter")
    dialog = screen.page.get_by_role("dialog")
    expect(dialog.get_by_text("born")).to_be_visible()
    # It hears its keys as long as the focus is in it.
    expect(dialog.locator(":focus")).to_have_count(1)
    return dialog


def starts(clinic: Clinic, *statuses: str) -> list[object]:
    return [row.starts_at for row in appointments(clinic) if row.status in (statuses or ("booked",))]


def test_two_change_places_by_keyboard_and_back(screen: Screen, clinic: Clinic, booked: Appointment) -> None:
    Caller(clinic.agent, clinic.practice).book(clinic, slot=4)
    before = starts(clinic)
    other = appointments(clinic)[1]
    tomorrow(screen)
    opened(screen, booked)
    screen.press("s")
    expect(screen.page.get_by_text("Choose the appointment that it changes places with")).to_be_visible()
    assert screen.violations() == []
    on_board(screen, other).focus()
    screen.press("Enter")
    expect(screen.page.locator("footer")).to_contain_text("Swapped:")
    assert starts(clinic) == before[::-1]
    screen.press("u")
    expect(screen.page.locator("footer")).to_contain_text("Undone")
    assert starts(clinic) == before
    assert screen.errors == []


def test_escape_leaves_both_where_they_are(screen: Screen, clinic: Clinic, booked: Appointment) -> None:
    tomorrow(screen)
    opened(screen, booked)
    screen.press("s")
    expect(screen.page.get_by_text("Choose the appointment that it changes places with")).to_be_visible()
    screen.press("Escape")
    expect(screen.page.get_by_text("Choose the appointment that it changes places with")).to_have_count(0)
    opened(screen, booked)
    assert starts(clinic) == [booked.starts_at]


def test_what_is_moved_before_its_day_is_there_has_the_first_free_time_under_the_finger(
    screen: Screen, clinic: Clinic, booked: Appointment
) -> None:
    waiting, answered = [], []
    screen.page.route("**/api/v2/slots?*", lambda route: route.continue_() if answered else waiting.append(route))
    find(screen, clinic.patient)
    screen.press("p")
    screen.page.get_by_role("dialog").get_by_role("button", name="Show in the day").click()
    expect(screen.page.get_by_role("button", name="Move")).to_be_focused()
    screen.press("m")
    expect(screen.page.get_by_text("Choose a free time for it")).to_be_visible()
    answered.append(True)
    for slots in waiting:
        slots.continue_()
    expect(screen.page.locator(".slot.free").first).to_be_focused()
    assert starts(clinic) == [booked.starts_at]


class TestBesideAnother:
    def test_a_manager_overbooks_with_a_reason_and_never_by_one_key(
        self, chromium: Browser, url: str, clinic: Clinic, booked: Appointment, sibling: Patient
    ) -> None:
        screen = Screen(chromium, url)
        screen.sign_in(make_member(practice=clinic.practice, role=Role.PRACTICE_MANAGER))
        find(screen, sibling)
        tomorrow(screen)
        dialog = opened(screen, booked)
        screen.press("o")
        expect(dialog.get_by_text("Ottoline Zuckerberg comes beside whom this time is given to")).to_be_visible()
        assert screen.violations() == []
        assert len(appointments(clinic)) == 1
        dialog.get_by_label("Why must it be then?").select_option("practitioner_request")
        dialog.get_by_role("button", name="Overbook", exact=True).click()
        expect(screen.page.locator("footer")).to_contain_text("Overbooked:")
        _, beside = appointments(clinic)
        assert (beside.patient_id, beside.starts_at, beside.overbooking_reason) == (
            sibling.id,
            booked.starts_at,
            "practitioner_request",
        )
        expect(on_board(screen, beside)).to_contain_text("Overbooked")
        assert screen.violations() == []
        assert screen.errors == []
        screen.close()

    def test_an_agent_only_where_the_protocol_calls_it_an_emergency(
        self, screen: Screen, clinic: Clinic, booked: Appointment, sibling: Patient
    ) -> None:
        make_type(practice=clinic.practice, code="flashes_floaters", name="Flashes or floaters", duration_minutes=15)
        find(screen, sibling)
        tomorrow(screen)
        dialog = opened(screen, booked)
        expect(dialog.get_by_role("button", name="Overbook")).to_have_count(0)
        screen.press("o")
        expect(dialog.get_by_text("The time is taken: overbook?")).to_have_count(0)
        screen.press("Escape")

        screen.page.reload()
        expect(screen.page.locator("[data-live=live]")).to_be_visible()
        find(screen, sibling)
        screen.press("q")
        expect(screen.page.get_by_text("Flashes of light")).to_be_visible()
        # A curtain over the vision.
        screen.press("3", "Enter")
        expect(screen.page.get_by_text("Emergency: same day")).to_be_visible()
        expect(screen.page.get_by_text("No time is free today.")).to_be_visible()
        tomorrow(screen)
        dialog = opened(screen, booked)
        screen.press("o")
        dialog.get_by_role("button", name="Overbook", exact=True).click()
        expect(screen.page.locator("footer")).to_contain_text("Overbooked:")
        assert [row.overbooking_reason for row in appointments(clinic)] == ["", "emergency"]


class TestSeveralAtOnce:
    def test_a_family_one_after_the_other_and_all_of_it_undone(
        self, screen: Screen, clinic: Clinic, sibling: Patient
    ) -> None:
        find(screen, clinic.patient)
        screen.press("g")
        dialog = screen.page.get_by_role("dialog", name="Several at once")
        second = dialog.get_by_role("group", name="Appointment 2").get_by_role("combobox", name="Patient")
        second.fill("zuckerb")
        screen.page.get_by_role("option", name="Ottoline Zuckerberg").click()
        dialog.get_by_role("button", name="Find times").click()
        expect(dialog.get_by_role("radiogroup", name="Offers").get_by_role("radio").first).to_be_checked()
        assert screen.violations() == []
        dialog.get_by_role("button", name="Book all 2").click()
        expect(screen.page.locator("footer")).to_contain_text("Booked:")
        first, other = appointments(clinic)
        assert {first.patient_id, other.patient_id} == {clinic.patient.id, sibling.id}
        assert sorted(starts(clinic)) == [clinic.slots[0].starts_at, clinic.slots[2].starts_at]
        with practice_scope(clinic.practice.id):
            assert AppointmentGroup.objects.get().kind == "family"
        screen.press("u")
        expect(screen.page.locator("footer")).to_contain_text("Undone")
        assert [row.status for row in appointments(clinic)] == ["cancelled", "cancelled"]
        assert screen.errors == []

    def test_a_time_that_is_gone_books_none_and_says_which(
        self, screen: Screen, clinic: Clinic, sibling: Patient
    ) -> None:
        find(screen, clinic.patient)
        screen.press("g")
        dialog = screen.page.get_by_role("dialog", name="Several at once")
        dialog.get_by_text("Steps of one visit").click()
        dialog.get_by_role("button", name="Find times").click()
        expect(dialog.get_by_role("radiogroup", name="Offers").get_by_role("radio").first).to_be_checked()
        Caller(clinic.agent, clinic.practice).book(clinic, slot=2, patientId=public("pat", sibling.id))
        dialog.get_by_role("button", name="Book all 2").click()
        refused = dialog.get_by_role("alert")
        expect(refused).to_contain_text("Nothing was booked")
        expect(refused).to_contain_text("Appointment 2")
        expect(refused).to_contain_text("Taken 9:30 AM to 10:00 AM")
        assert len(appointments(clinic)) == 1
        assert screen.violations() == []

    def test_a_series_at_the_same_time_of_day(self, screen: Screen, clinic: Clinic) -> None:
        for weeks in (1, 2):
            start = clinic.slots[0].starts_at.astimezone(clinic.zone) + timedelta(weeks=weeks)
            make_slots(practitioner=clinic.practitioner, location=clinic.location, start=start, count=4)
        screen.press("g")
        dialog = screen.page.get_by_role("dialog", name="Several at once")
        dialog.get_by_text("Series", exact=True).click()
        expect(dialog.get_by_role("status")).to_contain_text("Choose the patient and the first time")
        screen.press("Escape")
        find(screen, clinic.patient)
        screen.press("n")
        expect(screen.page.locator(".offer").first).to_be_focused()
        screen.press("Enter", "g")
        dialog.get_by_text("Series", exact=True).click()
        dialog.get_by_label("Every so many weeks").fill("1")
        dialog.get_by_role("button", name="Book all 3").click()
        expect(screen.page.locator("footer")).to_contain_text("Booked:")
        found = [start.astimezone(clinic.zone) for start in sorted(starts(clinic))]  # type: ignore[type-var, attr-defined]
        assert {f"{start:%H:%M}" for start in found} == {"09:00"}
        assert [(start.date() - found[0].date()).days for start in found] == [0, 7, 14]
