"""The manager's room: what is done there, in a browser, with all that stands behind it."""

import re
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Browser, Locator, expect

from integrations.bulk import working
from integrations.bulk.models import BulkMessageJob
from mybcat.principal import Role
from mybcat.tenancy import practice_scope
from patients.models import Patient
from practices.models import User
from tests.dashboard.browsing import Screen
from tests.factories import Clinic, make_member, make_patient
from tests.integrations.bulk.providers import Instant

pytestmark = [pytest.mark.processes, pytest.mark.timeout(600)]
NOON = datetime(2026, 3, 2, 12, tzinfo=ZoneInfo("America/New_York"))


@pytest.fixture
def manager(clinic: Clinic) -> User:
    return make_member(practice=clinic.practice, role=Role.PRACTICE_MANAGER)


@pytest.fixture
def screen(chromium: Browser, url: str, manager: User) -> Iterator[Screen]:
    opened = Screen(chromium, url)
    opened.sign_in(manager)
    opened.page.get_by_role("link", name="Manage").click()
    yield opened
    opened.close()


@pytest.fixture
def provider(settings: Any) -> Iterator[type[Instant]]:
    settings.MESSAGE_PROVIDER = f"{Instant.__module__}.{Instant.__qualname__}"
    yield Instant
    Instant.forget()


def go_to(screen: Screen, name: str) -> None:
    screen.page.get_by_role("navigation").get_by_role("link", name=name, exact=True).click()
    expect(screen.page.get_by_role("heading", level=2, name=name)).to_be_visible()


def jobs(clinic: Clinic) -> list[BulkMessageJob]:
    with practice_scope(clinic.practice.id):
        return list(BulkMessageJob.objects.order_by("created_at"))


def send(screen: Screen, numbers: str, message: str) -> None:
    page = screen.page
    page.get_by_role("button", name="New bulk text").click()
    page.get_by_label("Numbers, one a line").fill(numbers)
    page.get_by_label("Message").fill(message)
    page.get_by_role("button", name="Review and send").click()
    page.get_by_role("dialog").get_by_role("button", name=re.compile("^Send ")).click()


def state(screen: Screen) -> Locator:
    return screen.page.locator("[data-job-status]")


def test_a_bulk_text_from_its_first_word_to_the_last_failure(
    screen: Screen, clinic: Clinic, provider: type[Instant], tmp_path: Path
) -> None:
    page = screen.page
    expect(page.get_by_text("No bulk text was sent yet.")).to_be_visible()
    table = (
        "phone,first name\n(212) 555-0134,Ana\n212-555-0134,Ana again\n+1 212 555 0171,Luis\n5550000,Nobody\nhello,x"
    )
    page.get_by_role("button", name="New bulk text").click()
    page.get_by_label("Numbers, one a line").fill(table)
    page.get_by_label("Message").fill("{practice}: dear {frist name}, we are closed on Friday.")
    expect(page.get_by_text("No column is called: {frist name}")).to_be_visible()
    expect(page.get_by_role("button", name="Review and send")).to_be_disabled()
    page.get_by_label("Message").fill("{practice}: dear {first name}, we are closed on Friday.")
    expect(page.get_by_role("region", name="Preview")).to_contain_text(
        f"{clinic.practice.name}: dear Ana, we are closed on Friday."
    )
    expect(page.get_by_text("Left out: without a phone number 1, repeated 1")).to_be_visible()
    expect(page.get_by_text("Recipients: 3")).to_be_visible()
    page.get_by_role("button", name="Review and send").click()
    assert jobs(clinic) == []
    # The answer is lost, and whoever sends again sends once.
    page.route("**/api/v2/bulk-messages", lambda route: (route.fetch(), route.abort()))
    page.get_by_role("dialog").get_by_role("button", name="Send to 3").click()
    expect(page.get_by_text("Sending the same again is safe")).to_be_visible()
    page.unroute("**/api/v2/bulk-messages")
    page.get_by_role("button", name="Send again").click()
    expect(state(screen)).to_have_text("Waiting")
    assert len(jobs(clinic)) == 1

    _work()
    expect(state(screen)).to_have_text("Completed")
    assert sorted(body.split(", ")[0] for _, _, body in provider.sent) == [
        f"{clinic.practice.name}: dear {name}" for name in ("Ana", "Luis")
    ]
    page.get_by_role("button", name="Show failures (1)").click()
    expect(page.get_by_role("table", name="Failures")).to_contain_text("Not a phone number")
    with page.expect_download() as saved:
        page.get_by_role("button", name="Download failures as CSV").click()
    saved.value.save_as(tmp_path / "failures.csv")
    assert (tmp_path / "failures.csv").read_text().split() == ["number,code", "5550000,invalid_number"]
    # What has ended is asked about no more.
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if "/status" in request.url else None)
    page.wait_for_timeout(2500)
    assert asked == []
    screen.errors = [error for error in screen.errors if "ERR_FAILED" not in error]
    assert screen.errors == []


def test_a_bulk_text_is_paused_resumed_and_cancelled(screen: Screen, clinic: Clinic, provider: type[Instant]) -> None:
    page = screen.page
    send(screen, "2125550134\n2125550171", f"{clinic.practice.name} is closed on Friday.")
    page.get_by_role("button", name="Pause").click()
    expect(state(screen)).to_have_text("Paused")
    _work()
    page.get_by_role("button", name="Go on").click()
    expect(state(screen)).to_have_text("Waiting")
    page.get_by_role("button", name="Cancel the rest").click()
    expect(page.get_by_role("dialog")).to_contain_text("Not sent yet, and then never: 2")
    page.get_by_role("dialog").get_by_role("button", name="Cancel the rest").click()
    expect(state(screen)).to_have_text("Cancelled")
    _work()
    assert provider.sent == []
    page.get_by_role("button", name="All bulk texts").click()
    expect(page.get_by_role("table", name="Bulk texts")).to_contain_text("Cancelled")


def test_patients_who_agreed_are_an_audience(screen: Screen, clinic: Clinic) -> None:
    with practice_scope(clinic.practice.id):
        Patient.objects.update(sms_consent=False)
    ana = make_patient(practice=clinic.practice, first_name="Ana", last_name="O'Hara, Sr", sms_consent=True)
    page = screen.page
    page.get_by_role("button", name="New bulk text").click()
    page.get_by_text("Patients who agreed to texts").click()
    page.get_by_role("button", name="Load patients").click()
    expect(page.get_by_text("Recipients: 1")).to_be_visible()
    expect(page.get_by_text("Left out, not agreed or no phone: 1")).to_be_visible()
    page.get_by_label("Message").fill("{practice}: dear {first name} {last name}")
    expect(page.get_by_role("region", name="Preview")).to_contain_text(f"dear {ana.first_name} {ana.last_name}")


def test_agents_have_their_texts_and_no_more_and_practitioners_nothing(
    chromium: Browser, url: str, clinic: Clinic
) -> None:
    agent = Screen(chromium, url)
    agent.sign_in(clinic.agent)
    agent.page.get_by_role("link", name="Messages").click()
    expect(agent.page.get_by_role("heading", level=2, name="Bulk texts")).to_be_visible()
    agent.close()
    practitioner = Screen(chromium, url)
    practitioner.sign_in(make_member(practice=clinic.practice, role=Role.PRACTITIONER))
    practitioner.page.goto(f"{url}/manage/texts")
    expect(practitioner.page.get_by_role("alert")).to_contain_text("Your role does not include this.")
    practitioner.close()


def test_a_failure_says_what_to_do_and_by_which_number_it_is_found(screen: Screen) -> None:
    page = screen.page
    page.route("**/api/v2/bulk-jobs*", lambda route: route.fulfill(status=503, headers={"X-Correlation-Id": "corr-7"}))
    page.reload()
    expect(page.get_by_role("alert")).to_contain_text("corr-7")
    page.unroute("**/api/v2/bulk-jobs*")
    page.get_by_role("button", name="Try again").click()
    expect(page.get_by_text("No bulk text was sent yet.")).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nobody_is_left_out(chromium: Browser, url: str, manager: User, scheme: str) -> None:
    """axe finds nothing on any screen of the room, and nothing is cut off on a tablet in Spanish."""
    screen = Screen(
        chromium, url, color_scheme=scheme, reduced_motion="reduce", viewport={"width": 820, "height": 1180}
    )
    screen.sign_in(manager)
    screen.page.get_by_role("link", name="Manage").click()
    for link in screen.page.get_by_role("navigation").get_by_role("link").all():
        link.click()
        expect(screen.page.get_by_role("heading", level=2, name=link.inner_text())).to_be_visible()
        expect(screen.page.get_by_role("status", name="Loading")).to_have_count(0)
        assert screen.violations() == [], link.inner_text()
    screen.page.get_by_label("Language").select_option("es")
    for link in screen.page.get_by_role("navigation").get_by_role("link").all():
        link.click()
        assert screen.page.evaluate("document.documentElement.scrollWidth <= innerWidth"), link.inner_text()
    assert screen.errors == []
    screen.close()


def _work() -> None:
    """All that is due, as by a worker at noon in New York."""
    while working.work_off(clock=lambda: NOON):
        pass
