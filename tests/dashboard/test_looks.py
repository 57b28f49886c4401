"""The desk's parts wide and in the dark, on a tablet and in Spanish: nothing is cut off, and nobody is left out."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from tests.dashboard.answering import find
from tests.dashboard.browsing import Screen
from tests.dashboard.morning import begin, known, taken
from tests.dashboard.test_desk import tomorrow
from tests.factories import Clinic, make_inbound_message, make_waiting, make_waitlist_offer

pytestmark = [pytest.mark.processes, pytest.mark.timeout(600)]

LOOKS: dict[str, dict[str, Any]] = {
    "wide-dark": {"viewport": {"width": 1920, "height": 1080}, "color_scheme": "dark"},
    "tablet": {"viewport": {"width": 820, "height": 1180}},
    # 400 % of 1280 pixels (WCAG 1.4.10).
    "narrow": {"viewport": {"width": 320, "height": 640}},
    "spanish": {},
}


@pytest.fixture(params=LOOKS)
def look(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


@pytest.fixture
def given(clinic: Clinic) -> str:
    """An appointment; besides, everything that the desk can show has something to show."""
    morning = begin(clinic)
    booked = taken(morning, known(morning, "Ruth Okonkwo"), slot=2)
    make_inbound_message(clinic, body="Can I come half an hour later on Monday? The bus is late on that day.")
    make_inbound_message(clinic, body="", media_count=1)
    make_waitlist_offer(clinic)
    make_waiting(clinic, patient=known(morning, "Felix Smith"), part_of_day="morning", weekdays=["mon", "fri"])
    return booked


@pytest.fixture
def screen(chromium: Browser, url: str, clinic: Clinic, given: str, look: str) -> Iterator[Screen]:
    opened = Screen(chromium, url, reduced_motion="reduce", **LOOKS[look])
    opened.sign_in(clinic.agent)
    if look == "spanish":
        opened.page.get_by_label("Language").select_option("es")
    yield opened
    assert opened.errors == []
    opened.close()


def seen(screen: Screen, look: str, name: str) -> None:
    expect(screen.page.locator("[role=status].mantine-Stack-root")).to_have_count(0)
    screen.picture(f"look-{name}-{look}")
    assert screen.page.evaluate("document.documentElement.scrollWidth <= innerWidth"), name
    assert screen.violations() == [], name


def test_a_call_from_the_questions_to_the_offers(screen: Screen, clinic: Clinic, given: str, look: str) -> None:
    page = screen.page
    tomorrow(screen)
    find(screen, clinic.patient)
    screen.press("n")
    expect(page.locator(".offer").first).to_be_focused()
    screen.press("h")
    expect(page.locator(".held.mine").first).to_be_visible()
    screen.press("Enter")
    seen(screen, look, "holds")
    screen.press("q")
    expect(page.get_by_role("checkbox").first).to_be_visible()
    screen.press("1", "3")
    seen(screen, look, "questions")
    screen.press("Enter")
    expect(page.locator(".mantine-Alert-root[role=status]")).to_be_visible()
    page.locator(f'[data-appointment="{given}"]').focus()
    screen.press("Enter")
    expect(page.get_by_role("dialog")).to_contain_text("Ruth Okonkwo")
    expect(page.get_by_role("dialog").locator(":focus")).to_have_count(1)
    seen(screen, look, "appointment")
    screen.press("e")
    seen(screen, look, "wrong-patient")
    # Kept, and its keys are heard as before.
    screen.press("Tab", "Enter", "o")
    expect(page.get_by_role("dialog").get_by_role("combobox")).to_be_focused()
    seen(screen, look, "overbooking")


def test_what_opens_over_the_desk(screen: Screen, clinic: Clinic, look: str) -> None:
    page = screen.page
    dialog = page.get_by_role("dialog")
    find(screen, clinic.patient)
    screen.press("g")
    dialog.get_by_role("button", name=re.compile("Find times|Buscar horas")).click()
    expect(dialog.get_by_role("radio").nth(5)).to_be_visible()
    seen(screen, look, "family")
    screen.press("Escape")
    expect(dialog).to_have_count(0)
    screen.press("y")
    # When nobody sees patients, on whichever day.
    dialog.locator("[name=time]").fill("03:00")
    dialog.get_by_role("button", name=re.compile("Why not|Por qué no")).click()
    expect(dialog.locator(".mantine-Alert-root")).to_be_visible()
    against = re.compile(r" (no )?atiende " if look == "spanish" else " is (not )?in ")
    expect(dialog.get_by_role("list").get_by_role("listitem").filter(has_text=against)).to_have_count(1)
    seen(screen, look, "why-not")
    screen.press("Escape")
    expect(dialog).to_have_count(0)
    screen.press("p")
    expect(dialog.get_by_role("tab").first).to_be_focused()
    for place in range(dialog.get_by_role("tab").count()):
        dialog.get_by_role("tab").nth(place).click()
        seen(screen, look, f"card-{place}")
    screen.press("Escape")
    expect(dialog).to_have_count(0)
    screen.press("a")
    expect(dialog.get_by_role("textbox").first).to_be_focused()
    seen(screen, look, "new-patient")
    screen.press("Escape")
    expect(dialog).to_have_count(0)
    screen.press("?")
    expect(dialog.get_by_role("table")).to_have_count(2)
    seen(screen, look, "keys")


def test_what_is_worked_off_between_calls(screen: Screen, clinic: Clinic, look: str) -> None:
    page = screen.page
    screen.press("w")
    written = page.locator("[data-inbound=open]")
    expect(written).to_have_count(2)
    seen(screen, look, "inbox")
    heard = written.filter(has_text="half an hour later")
    heard.get_by_role("button", name=re.compile("Answer|Responder")).click()
    expect(heard.locator("[data-said=in]").first).to_be_visible()
    # It stands in the conversation, and nowhere else.
    expect(heard.get_by_text("half an hour later")).to_have_count(1)
    seen(screen, look, "thread")
    page.get_by_role("tab", name=re.compile("Waitlist|Lista de espera")).click()
    expect(page.locator("[data-waiting]")).to_have_count(2)
    seen(screen, look, "waitlist")
