"""Two agents at one appointment: who comes second is told what is true now, and overwrites nothing."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Locator, Route, expect

from appointments.models import Appointment
from tests.callers import Caller, public
from tests.dashboard.answering import card, find, footer
from tests.dashboard.browsing import Screen
from tests.dashboard.test_desk import appointments, on_board, tomorrow
from tests.factories import Clinic, make_member

pytestmark = [pytest.mark.processes, pytest.mark.timeout(600)]


@pytest.fixture
def screen(chromium: Browser, url: str, clinic: Clinic) -> Iterator[Screen]:
    opened = Screen(chromium, url)
    opened.sign_in(clinic.agent)
    yield opened
    opened.close()


@pytest.fixture
def colleague(clinic: Clinic) -> Caller:
    return Caller(make_member(practice=clinic.practice), clinic.practice)


@pytest.fixture
def booked(clinic: Clinic) -> Appointment:
    """Tomorrow at nine, of the clinic's patient."""
    assert Caller(clinic.agent, clinic.practice).book(clinic, slot=0).status_code == 201
    return appointments(clinic)[0]


def opened(screen: Screen, appointment: Appointment) -> Locator:
    """Its card, which hears its keys."""
    tomorrow(screen)
    on_board(screen, appointment).focus()
    screen.press("Enter")
    dialog = screen.page.get_by_role("dialog")
    expect(dialog.locator("[data-autofocus]")).to_be_focused()
    return dialog


def free(screen: Screen, time: str) -> Locator:
    return screen.page.get_by_role("button", name=re.compile(f"^Move {time}"))


def test_what_a_colleague_has_moved_is_not_cancelled_unseen(
    chromium: Browser, url: str, screen: Screen, clinic: Clinic, booked: Appointment
) -> None:
    screen.page.get_by_label("Language").select_option("es")
    dialog = opened(screen, booked)
    screen.press("x")
    reason = dialog.get_by_label("¿Por qué se cancela?")
    reason.select_option("patient_unwell")

    other = Screen(chromium, url)
    other.sign_in(make_member(practice=clinic.practice))
    opened(other, booked)
    other.press("m")
    free(other, "10:00").focus()
    other.press("Enter")
    footer(other, "Moved:")
    assert other.errors == []
    other.close()

    cancel = dialog.get_by_role("button", name="Cancelar cita")
    cancel.click()
    told = dialog.get_by_role("alert")
    expect(told).to_contain_text("Esto cambió desde que lo miró")
    expect(told).to_contain_text("10:00")
    expect(told).to_contain_text("hágalo otra vez")
    (moved,) = appointments(clinic)
    assert (moved.status, moved.starts_at) == ("booked", clinic.slots[4].starts_at)
    expect(reason).to_have_value("patient_unwell")
    assert screen.violations() == []

    cancel.click()
    footer(screen, "Cancelada:")
    (cancelled,) = appointments(clinic)
    assert (cancelled.status, cancelled.cancellation_reason) == ("cancelled", "patient_unwell")
    assert screen.errors == []


def test_what_is_moved_meanwhile_waits_for_its_time_as_it_is_now(
    screen: Screen, clinic: Clinic, booked: Appointment, colleague: Caller
) -> None:
    opened(screen, booked)
    screen.press("m")
    path = f"/api/v2/appointments/{public('appt', booked.id)}/move"
    assert colleague.post(path, {"slotId": public("slot", clinic.slots[4].id)}, key="theirs").status_code == 200
    free(screen, "9:30").click()
    told = screen.page.locator(".problem").get_by_role("alert")
    expect(told).to_contain_text("This has changed since you looked")
    expect(told).to_contain_text("10:00")
    assert appointments(clinic)[0].starts_at == clinic.slots[4].starts_at
    assert screen.violations() == []
    free(screen, "9:30").click()
    footer(screen, "Moved:")
    expect(told).to_have_count(0)
    assert appointments(clinic)[0].starts_at == clinic.slots[2].starts_at
    assert screen.errors == []


def test_what_is_cancelled_meanwhile_waits_no_more(
    screen: Screen, clinic: Clinic, booked: Appointment, colleague: Caller
) -> None:
    dialog = opened(screen, booked)
    screen.press("e")
    sure = dialog.get_by_role("button", name="Enter in error")
    expect(sure).to_be_focused()
    path = f"/api/v2/appointments/{public('appt', booked.id)}/cancel"
    assert colleague.post(path, {"reason": "patient_request"}, key="theirs").status_code == 200
    screen.press("Enter")
    expect(dialog.get_by_role("alert")).to_contain_text("it is not booked any more")
    # Of what is over nothing is asked any more, and the card still hears its keys.
    expect(sure).to_have_count(0)
    expect(dialog.locator(":focus")).to_have_count(1)
    assert [row.status for row in appointments(clinic)] == ["cancelled"]
    assert screen.errors == []


def test_what_a_patient_wants_is_not_overwritten_unseen(screen: Screen, clinic: Clinic, colleague: Caller) -> None:
    path = f"/api/v2/patients/{public('pat', clinic.patient.id)}/communication"
    patched: list[Route] = []

    def overtake(route: Route) -> None:
        if route.request.method == "PATCH":
            patched.append(route)
            if len(patched) == 1:
                assert colleague.patch(path, {"declined": ["reminder"]}).status_code == 200
        route.continue_()

    find(screen, clinic.patient)
    dialog = card(screen, tab="Texts and e-mail")
    bookings = dialog.get_by_label("Bookings")
    expect(bookings).not_to_be_checked()
    screen.page.route(f"**{path}", overtake)
    bookings.click()
    told = dialog.get_by_role("alert").filter(has_text="This has changed since you looked")
    expect(told).to_contain_text("what you chose last is not saved")
    expect(dialog.get_by_label("Reminders")).to_be_checked()
    expect(bookings).not_to_be_checked()
    assert colleague.get(path).json()["declined"] == ["reminder"]
    assert screen.violations() == []
    told.get_by_role("button", name="Save what I chose").click()
    expect(dialog.get_by_text("Saved", exact=True)).to_be_visible()
    expect(told).to_have_count(0)
    assert colleague.get(path).json()["declined"] == ["booked", "reminder"]
    # The refusal is the browser's to mention.
    assert [error for error in screen.errors if "412" not in error] == []
