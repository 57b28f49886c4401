"""The waitlist at the desk: who waits, what is on offer to whom, a wish more on the patient's card."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Browser, expect

from appointments.waitlist.models import WaitlistEntry
from mybcat.tenancy import practice_scope
from tests.callers import Caller, public
from tests.dashboard.answering import find
from tests.dashboard.browsing import Screen
from tests.factories import Clinic, make_patient, make_waiting, make_waitlist_offer

pytestmark = [pytest.mark.processes, pytest.mark.timeout(600)]


@pytest.fixture
def screen(chromium: Browser, url: str, clinic: Clinic) -> Iterator[Screen]:
    opened = Screen(chromium, url)
    opened.sign_in(clinic.agent)
    yield opened
    opened.close()


def look(screen: Screen) -> None:
    screen.press("w")
    screen.page.get_by_role("tab", name="Waitlist").click()


def entries(clinic: Clinic) -> list[WaitlistEntry]:
    with practice_scope(clinic.practice.id):
        return list(WaitlistEntry.objects.order_by("created_at"))


def test_who_waits_and_what_is_on_offer_is_seen_and_taken_off(screen: Screen, clinic: Clinic) -> None:
    make_waitlist_offer(clinic)
    other = make_patient(practice=clinic.practice, first_name="Ben", last_name="Amadi")
    make_waiting(
        clinic, patient=other, part_of_day="morning", weekdays=["mon", "fri"], urgency="urgent",
        created_at=datetime.now(UTC) + timedelta(minutes=1),
    )  # fmt: skip
    page = screen.page
    look(screen)
    offered = page.locator("[data-opening]")
    expect(offered).to_contain_text("Dr Alice Lee")
    expect(offered.locator("[data-offer=open]")).to_contain_text("Asked")
    expect(offered.locator(".remaining")).to_contain_text(re.compile(r"\b1[0-4]:\d\d"))
    waits = page.locator("[data-waiting]")
    expect(waits).to_have_count(2)
    expect(waits.nth(1)).to_contain_text("Ben Amadi")
    expect(waits.nth(1)).to_contain_text("Mon, Fri · Mornings")
    expect(waits.nth(1)).to_contain_text("Urgent")
    assert screen.violations() == []

    # Asked once more, by keyboard, and given up at first.
    waits.nth(1).get_by_role("button", name="Take off the list").focus()
    screen.press("Enter")
    waits.nth(1).get_by_role("button", name="Keep waiting").click()
    expect(waits).to_have_count(2)
    waits.nth(1).get_by_role("button", name="Take off the list").click()
    screen.press("Enter")
    expect(waits).to_have_count(1)
    assert [entry.status for entry in entries(clinic)] == ["offered", "withdrawn"]

    offered.get_by_role("button").first.click()
    expect(page.get_by_role("region", name="Patient")).to_contain_text(clinic.patient.last_name)
    assert screen.errors == []


def test_what_somebody_else_adds_is_seen_without_asking(screen: Screen, clinic: Clinic) -> None:
    look(screen)
    expect(screen.page.get_by_text("Nobody waits. Add patients on their card.")).to_be_visible()
    body = {"patientId": public("pat", clinic.patient.id), "type": clinic.exam.code}
    assert Caller(clinic.agent, clinic.practice).post("/api/v2/waitlist", body).status_code == 201
    expect(screen.page.locator("[data-waiting]")).to_have_count(1)


def test_a_wish_is_added_on_the_patients_card(screen: Screen, clinic: Clinic) -> None:
    booked = Caller(clinic.agent, clinic.practice).book(clinic, slot=4).json()["appointmentId"]
    page = screen.page
    find(screen, clinic.patient)
    screen.press("p")
    card = page.get_by_role("dialog")
    card.get_by_role("tab", name="Waitlist").click()
    expect(card.get_by_text("Waits for no time.")).to_be_visible()
    assert screen.violations() == []

    form = card.get_by_role("form", name="Add to the waitlist")
    form.get_by_label("Part of the day").select_option("Mornings")
    form.get_by_label("Tue").check()
    form.get_by_role("button", name="Add to the waitlist").click()
    expect(card.locator("[data-waiting]")).to_contain_text("Tue · Mornings")
    expect(form.get_by_role("status")).to_have_text("Added")

    form.get_by_label("Waits for").select_option(booked)
    form.get_by_role("button", name="Add to the waitlist").click()
    expect(card.locator("[data-waiting]")).to_have_count(2)
    first, second = entries(clinic)
    assert (first.part_of_day, first.weekdays, first.appointment_id) == ("morning", ["tue"], None)
    assert public("appt", second.appointment_id) == booked
    assert screen.errors == []


def test_days_in_the_wrong_order_are_said_and_nothing_is_added(screen: Screen, clinic: Clinic) -> None:
    page = screen.page
    find(screen, clinic.patient)
    screen.press("p")
    card = page.get_by_role("dialog")
    card.get_by_role("tab", name="Waitlist").click()
    form = card.get_by_role("form", name="Add to the waitlist")
    form.get_by_label("Not before").fill("2027-02-01")
    form.get_by_label("Not after").fill("2027-01-01")
    form.get_by_role("button", name="Add to the waitlist").click()
    expect(form.get_by_role("alert")).to_be_visible()
    assert entries(clinic) == []
