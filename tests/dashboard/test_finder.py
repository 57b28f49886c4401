"""Who calls is found while one types, however late the answers are."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Locator, Route, expect

from tests.dashboard.browsing import Screen
from tests.factories import Clinic, make_patient

pytestmark = [pytest.mark.processes, pytest.mark.timeout(600)]


@pytest.fixture
def screen(chromium: Browser, url: str, clinic: Clinic) -> Iterator[Screen]:
    opened = Screen(chromium, url)
    opened.sign_in(clinic.agent)
    yield opened
    opened.close()


def people(screen: Screen) -> Locator:
    return screen.page.get_by_role("listbox", name="Find patient").get_by_role("option")


@pytest.mark.parametrize("several", [False, True])
def test_enter_before_the_answer_takes_who_is_found_alone(screen: Screen, clinic: Clinic, *, several: bool) -> None:
    if several:
        make_patient(practice=clinic.practice, last_name=clinic.patient.last_name, first_name="Zelda")
    name, waiting, answered = clinic.patient.last_name.lower(), [], []
    screen.page.route("**/api/v2/patients?*", lambda route: route.continue_() if answered else waiting.append(route))
    screen.press("/")
    with screen.page.expect_request(lambda request: f"search={name}&" in f"{request.url}&"):
        screen.type(name)
        # And goes on at once.
        screen.press("Enter", "n")
    answered.append(True)
    for search in waiting:
        search.continue_()
    if several:
        # One has to look first.
        expect(people(screen)).to_have_count(2)
        expect(screen.page.get_by_role("region", name="Patient")).to_have_count(0)
        expect(screen.page.get_by_label("Find patient").first).to_be_focused()
        expect(screen.page.get_by_label("Find patient").first).to_have_value(name)
        expect(screen.page.locator(".offer")).to_have_count(0)
    else:
        expect(screen.page.get_by_role("region", name="Patient")).to_contain_text(clinic.patient.last_name)
        expect(screen.page.locator(".offer").first).to_be_focused()


@pytest.fixture
def late(screen: Screen, clinic: Clinic) -> list[Route]:
    """Three of a name are listed; two of them are typed on for, and the answer to that is kept back here."""
    for first_name, last_name in (("Ann", "Quillan"), ("Ben", "Quillby"), ("Cyd", "Quillby")):
        make_patient(practice=clinic.practice, first_name=first_name, last_name=last_name)
    screen.press("/")
    screen.type("quill")
    expect(people(screen)).to_have_count(3)
    kept: list[Route] = []
    # Playwright takes no method of a built-in.
    screen.page.route("**/api/v2/patients?search=quillb&*", lambda route: kept.append(route))  # noqa: PLW0108
    with screen.page.expect_request("**/api/v2/patients?search=quillb&*"):
        screen.type("b")
    expect(screen.page.get_by_role("listbox", name="Find patient")).to_have_attribute("aria-busy", "true")
    return kept


def test_who_is_clicked_is_taken_though_a_newer_answer_is_on_its_way(screen: Screen, late: list[Route]) -> None:
    people(screen).filter(has_text="Cyd").click()
    expect(screen.page.get_by_role("region", name="Patient")).to_contain_text("Cyd Quillby")
    for search in late:
        search.abort()


def test_who_is_pointed_at_stays_so_in_a_newer_answer(screen: Screen, late: list[Route]) -> None:
    wanted = people(screen).filter(has_text="Ben")
    pointed = re.compile("true")
    for _ in range(3):
        screen.press("ArrowDown")
        if wanted.get_attribute("data-combobox-selected"):
            break
    expect(wanted).to_have_attribute("data-combobox-selected", pointed)
    for search in late:
        search.continue_()
    expect(people(screen)).to_have_count(2)
    expect(screen.page.get_by_role("listbox", name="Find patient")).to_have_attribute("aria-busy", "false")
    expect(wanted).to_have_attribute("data-combobox-selected", pointed)
    screen.press("Enter")
    expect(screen.page.get_by_role("region", name="Patient")).to_contain_text("Ben Quillby")
