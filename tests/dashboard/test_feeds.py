"""Calendar feeds, as managers make them, replace their addresses and revoke them."""

from collections.abc import Iterator

import httpx
import pytest
from playwright.sync_api import Browser, Route, expect

from integrations.calendar_feeds.models import CalendarFeed
from mybcat.principal import Role
from mybcat.tenancy import practice_scope
from tests.dashboard.browsing import PATIENCE, Screen
from tests.factories import Clinic, make_feed, make_member

pytestmark = [pytest.mark.processes, pytest.mark.timeout(600)]


@pytest.fixture
def screen(chromium: Browser, url: str, clinic: Clinic) -> Iterator[Screen]:
    opened = Screen(chromium, url)
    enter(opened, clinic)
    yield opened
    opened.close()


def enter(screen: Screen, clinic: Clinic) -> None:
    screen.sign_in(make_member(practice=clinic.practice, role=Role.PRACTICE_MANAGER))
    screen.page.get_by_role("link", name="Manage").click()
    screen.page.get_by_role("link", name="Calendar feeds").click()
    expect(screen.page.get_by_role("heading", level=2, name="Calendar feeds")).to_be_focused()


def feeds(clinic: Clinic) -> list[CalendarFeed]:
    with practice_scope(clinic.practice.id):
        return list(CalendarFeed.objects.order_by("created_at"))


def fetched(address: str) -> int:
    """How a calendar program is answered that asks for it."""
    return httpx.get(address, timeout=PATIENCE / 1000).status_code


def test_an_address_from_its_making_to_its_end(screen: Screen, clinic: Clinic) -> None:
    page = screen.page
    expect(page.get_by_text("No calendar program shows anybody's appointments yet.")).to_be_visible()
    page.get_by_role("button", name="New calendar feed").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("button", name="Create feed")).to_be_disabled()
    expect(dialog.get_by_label("Practitioner")).to_be_focused()
    dialog.get_by_label("Practitioner").select_option(label=clinic.practitioner.name)
    assert screen.violations() == []
    dialog.get_by_role("button", name="Create feed").press("Enter")
    address = page.get_by_label("Secret address")
    expect(address).to_be_visible()
    expect(page.get_by_role("button", name="Copy address")).to_be_focused()
    expect(page.get_by_role("list", name="Where to paste it").get_by_role("listitem")).to_have_count(3)
    (made,) = feeds(clinic)
    assert (made.practitioner_id, made.shows_patients, made.number) == (clinic.practitioner.id, False, 1)
    first = address.input_value()
    assert fetched(first) == 200
    assert screen.violations() == []
    page.get_by_role("button", name="I have stored it").click()
    expect(address).to_have_count(0)

    page.get_by_role("button", name="New address for the feed of").click()
    dialog.get_by_role("button", name="New address").click()
    expect(address).to_be_visible()
    second = address.input_value()
    assert (fetched(first), fetched(second)) == (404, 200)

    page.get_by_role("button", name="Revoke the feed of").click()
    dialog.get_by_role("button", name="Revoke").click()
    expect(page.get_by_role("status").filter(has_text="is revoked: its address shows nothing any more")).to_be_visible()
    # What is good no more is shown to nobody.
    expect(address).to_have_count(0)
    assert fetched(second) == 404
    expect(page.get_by_text("No calendar program shows anybody's appointments yet.")).to_be_visible()
    assert screen.errors == []


def test_who_thinks_better_of_it_or_is_refused_changes_nothing(screen: Screen, clinic: Clinic) -> None:
    made = make_feed(clinic)
    page = screen.page
    page.reload()
    revoke = page.get_by_role("button", name="Revoke the feed of")
    revoke.click()
    dialog = page.get_by_role("dialog")
    # What is asked is answered by no, unless somebody says yes.
    expect(dialog.get_by_role("button", name="Close").last).to_be_focused()
    screen.press("Enter")
    expect(dialog).to_have_count(0)
    assert [each.revoked_at for each in feeds(clinic)] == [None]

    page.get_by_role("button", name="New calendar feed").click()
    dialog.get_by_label("Practitioner").select_option(label=clinic.practitioner.name)
    page.route("**/api/v2/calendar-feeds", cut_off)
    dialog.get_by_role("button", name="Create feed").click()
    expect(dialog.get_by_role("alert")).to_be_visible()
    expect(page.get_by_label("Secret address")).to_have_count(0)
    assert [each.id for each in feeds(clinic)] == [made.id]
    page.unroute("**/api/v2/calendar-feeds")
    dialog.get_by_label("Name the patients").check()
    dialog.get_by_role("button", name="Create feed").click()
    expect(page.get_by_label("Secret address")).to_be_visible()
    assert [each.shows_patients for each in feeds(clinic)] == [False, True]


def cut_off(route: Route) -> None:
    if route.request.method == "POST":
        route.abort()
    else:
        route.continue_()


def test_on_a_tablet_in_the_dark(chromium: Browser, url: str, clinic: Clinic) -> None:
    make_feed(clinic)
    tablet = {"width": 820, "height": 1180}
    screen = Screen(chromium, url, viewport=tablet, color_scheme="dark", reduced_motion="reduce")
    enter(screen, clinic)
    screen.page.get_by_role("button", name="New address for the feed of").click()
    screen.page.get_by_role("dialog").get_by_role("button", name="New address").click()
    expect(screen.page.get_by_label("Secret address")).to_be_visible()
    assert screen.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert screen.violations() == []
    screen.close()
