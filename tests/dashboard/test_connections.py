"""The practice's own programs, as managers connect them: a real receiver, the real relay and worker."""

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Browser, Locator, expect

from integrations.listeners import WEBHOOKS
from integrations.notices.models import Notice
from integrations.webhooks.models import WebhookEndpoint
from mybcat.models import Delivery
from mybcat.principal import Role
from mybcat.tenancy import platform_scope, practice_scope
from practices.models import User
from tests.dashboard.browsing import Screen, product
from tests.factories import Clinic, make_member
from tests.mybcat.processes import wait_for, worker
from tests.receivers import Receiver, receiver, status

pytestmark = [pytest.mark.processes, pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def program() -> Iterator[Receiver]:
    """The practice's own program."""
    with receiver() as running:
        yield running


@pytest.fixture(scope="module")
def url(_migrated: None, program: Receiver) -> Iterator[str]:
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("OUTBOUND_EXCEPTIONS", program.place)
        with product() as address, worker(queue="webhooks"):
            yield address


@pytest.fixture
def customer(program: Receiver) -> Receiver:
    program.received.clear()
    program.answers(status(200, body=b"thanks"))
    return program


@pytest.fixture
def manager(clinic: Clinic) -> User:
    return make_member(practice=clinic.practice, role=Role.PRACTICE_MANAGER)


@pytest.fixture
def screen(chromium: Browser, url: str, manager: User) -> Iterator[Screen]:
    opened = Screen(chromium, url)
    opened.sign_in(manager)
    opened.page.get_by_role("link", name="Manage").click()
    opened.page.get_by_role("link", name="Webhooks").click()
    yield opened
    opened.close()


def create(screen: Screen, customer: Receiver) -> None:
    """Up to where its secret is stored."""
    page = screen.page
    page.get_by_role("button", name="New endpoint").click()
    page.get_by_label("Address").fill(f"{customer.url}/in")
    page.get_by_role("button", name="Create endpoint").click()
    page.get_by_role("button", name="I have stored it").click()


def endpoint_of(clinic: Clinic) -> WebhookEndpoint:
    with practice_scope(clinic.practice.id):
        found: WebhookEndpoint = WebhookEndpoint.objects.get()
        return found


def deliveries(screen: Screen) -> Locator:
    return screen.page.get_by_role("table", name="Deliveries").locator("tbody tr")


def die(screen: Screen, customer: Receiver) -> None:
    """A test event that is given up, after its last attempt."""
    customer.answers(status(500, body=b"no room"))
    before = counted(Delivery.Status.DEAD)
    screen.page.get_by_role("button", name="Send test event").click()
    wait_for(lambda: counted(Delivery.Status.PENDING, attempts=1), what="the first attempt")
    # However long the screen takes to say so.
    _put_off(next_attempt_at=timezone.now() + timedelta(hours=1))
    expect(screen.page.locator("[data-test-result]")).to_contain_text("Answered 500. It is tried again")
    _put_off(attempts=WEBHOOKS.attempts - 1, next_attempt_at=timezone.now())
    wait_for(lambda: counted(Delivery.Status.DEAD) > before, what="the last attempt")
    screen.page.get_by_role("button", name="Refresh").click()
    expect(screen.page.locator("[data-delivery=dead]")).to_have_count(before + 1)


def _put_off(**fields: Any) -> None:
    with platform_scope(reason="test"):
        Delivery.objects.filter(listener="webhooks", status=Delivery.Status.PENDING).update(**fields)


def counted(status: str, **fields: int) -> int:
    with platform_scope(reason="test"):
        return Delivery.objects.filter(listener="webhooks", status=status, **fields).count()


def test_an_endpoint_from_its_address_to_a_replayed_delivery(
    screen: Screen, clinic: Clinic, customer: Receiver
) -> None:
    page = screen.page
    expect(page.get_by_text("No program hears of this practice yet.")).to_be_visible()
    page.get_by_role("button", name="New endpoint").click()
    page.get_by_label("Everything").check()
    page.get_by_label("Address").fill(f"{customer.url}/in")
    page.get_by_role("button", name="Create endpoint").click()
    # The secret is shown this once.
    secret = page.get_by_label("Secret", exact=True)
    expect(secret).to_be_visible()
    made = endpoint_of(clinic)
    expect(secret).to_have_value(made.secret)
    assert (made.url, made.enabled_events) == (f"{customer.url}/in", ["*"])
    screen.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.get_by_role("button", name="Copy secret").click()
    expect(page.get_by_text("Copied", exact=True)).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == made.secret
    assert screen.violations() == []
    page.reload()
    expect(page.get_by_role("heading", level=2, name="Endpoint")).to_be_visible()
    expect(secret).to_have_count(0)

    page.get_by_role("button", name="Send test event").click()
    expect(page.locator("[data-test-result=delivered]")).to_contain_text("The test event arrived")
    assert [request.path for request in customer.received] == ["/in"]
    expect(deliveries(screen)).to_have_count(1)
    expect(deliveries(screen)).to_contain_text("Delivered")

    die(screen, customer)
    assert screen.violations() == []
    page.locator("[data-delivery=dead]").get_by_role("button", name="Test event").click()
    attempts = page.get_by_role("dialog").get_by_role("table", name="Attempts").locator("tbody tr")
    expect(attempts).to_have_count(2)
    expect(attempts.last).to_contain_text(re.compile(r"12.* ms500Answered 500no room"))
    assert screen.violations() == []
    screen.picture("webhooks-attempts")
    page.keyboard.press("Escape")

    customer.answers(status(200))
    count = len(customer.received)
    page.locator("[data-delivery=dead]").get_by_role("button", name="Replay").click()
    expect(page.locator("[data-delivery=delivered]")).to_have_count(2)
    assert len(customer.received) == count + 1
    assert customer.received[-1].headers["webhook-id"] == customer.received[-2].headers["webhook-id"]
    expect(page.get_by_role("button", name=re.compile("Replay all dead"))).to_have_count(0)
    page.get_by_label("Status", exact=True).select_option("dead")
    expect(page.get_by_text("None with this status.")).to_be_visible()
    assert screen.errors == []


def test_an_address_that_is_refused_says_why_and_nothing_is_made(screen: Screen, clinic: Clinic) -> None:
    page = screen.page
    page.get_by_role("button", name="New endpoint").click()
    page.get_by_label("Address").fill("https://localhost/in")
    page.get_by_label("Appointments: all").uncheck()
    expect(page.get_by_role("button", name="Create endpoint")).to_be_disabled()
    page.get_by_label("Everything").check()
    assert screen.violations() == []
    page.get_by_role("button", name="Create endpoint").click()
    expect(page.get_by_text("A full name in DNS, not a number or a short name")).to_be_visible()
    expect(page.get_by_label("Address")).to_have_attribute("aria-invalid", "true")
    with practice_scope(clinic.practice.id):
        assert not WebhookEndpoint.objects.exists()


def test_one_that_was_disabled_for_its_answers_says_what_to_do(
    screen: Screen, clinic: Clinic, customer: Receiver
) -> None:
    page = screen.page
    create(screen, customer)
    customer.answers(status(410))
    page.get_by_role("button", name="Send test event").click()
    expect(page.get_by_text("Its program answered 410 (gone), so it was disabled")).to_be_visible()
    expect(page.get_by_role("button", name="Send test event")).to_have_count(0)
    expect(page.get_by_role("button", name="Replay all dead (1)")).to_be_disabled()
    assert screen.violations() == []
    customer.answers(status(200))
    page.get_by_role("button", name="Enable").click()
    page.get_by_role("button", name="Replay all dead (1)").click()
    expect(page.get_by_text("Replayed: 1")).to_be_visible()
    expect(page.locator("[data-delivery=delivered]")).to_have_count(1)
    assert endpoint_of(clinic).status == "enabled"


def test_an_endpoint_is_changed_given_a_new_secret_and_deleted(
    screen: Screen, clinic: Clinic, customer: Receiver
) -> None:
    page = screen.page
    create(screen, customer)
    before = endpoint_of(clinic)
    page.get_by_role("button", name="Edit").click()
    page.get_by_label("Description").fill("The portal; call Ines")
    page.get_by_label("Appointments: all").uncheck()
    page.get_by_label("Moved", exact=False).first.check()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("The portal; call Ines")).to_be_visible()
    after = endpoint_of(clinic)
    assert (after.enabled_events, after.url) == (["appointment.moved"], before.url)

    page.get_by_role("button", name="New secret").click()
    expect(page.get_by_role("dialog")).to_contain_text("signed with both secrets for 24 hours")
    page.get_by_role("dialog").get_by_role("button", name="New secret").click()
    expect(page.get_by_text("The secret before this one is good until")).to_be_visible()
    rotated = endpoint_of(clinic)
    expect(page.get_by_label("Secret", exact=True)).to_have_value(rotated.secret)
    assert (rotated.previous_secret, rotated.secret) != (rotated.secret, before.secret)

    page.get_by_role("button", name="Disable").click()
    page.get_by_role("dialog").get_by_role("button", name="Disable").click()
    expect(page.get_by_text("Disabled by a manager")).to_be_visible()
    page.get_by_role("button", name="Delete").click()
    page.get_by_role("dialog").get_by_role("button", name="Close").last.click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    assert endpoint_of(clinic).status == "disabled"
    page.get_by_role("button", name="Delete").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(page.get_by_text("No program hears of this practice yet.")).to_be_visible()
    with practice_scope(clinic.practice.id):
        assert not WebhookEndpoint.objects.exists()
    assert screen.errors == []


def test_what_was_given_up_is_told_counted_looked_at_and_acknowledged(
    screen: Screen, clinic: Clinic, customer: Receiver
) -> None:
    page = screen.page
    expect(page.locator("[data-notices]")).to_have_count(0)
    create(screen, customer)
    die(screen, customer)
    page.reload()
    page.get_by_role("link", name="Notices: 1").click()
    notice = page.locator("[data-notice='webhook.dead']")
    expect(notice).to_contain_text(f"{customer.url}/in")
    expect(notice).to_contain_text("So far 1")
    assert screen.violations() == []
    notice.get_by_role("link", name="Look at it").click()
    expect(page.get_by_role("heading", level=2, name="Endpoint")).to_be_visible()
    expect(page.locator("[data-delivery=dead]")).to_be_visible()
    page.go_back()
    page.get_by_role("button", name="Acknowledge").click()
    expect(page.get_by_text("Nothing to tell.")).to_be_visible()
    expect(page.locator("[data-notices]")).to_have_count(0)
    with practice_scope(clinic.practice.id):
        assert Notice.objects.get().acknowledged_at is not None


def test_dead_letters_are_chosen_replayed_and_discarded_with_a_reason(
    screen: Screen, clinic: Clinic, customer: Receiver
) -> None:
    page = screen.page
    create(screen, customer)
    for _ in range(3):
        die(screen, customer)
    page.get_by_role("link", name="Dead letters").click()
    table = page.get_by_role("table", name="Dead letters")
    expect(table.locator("[data-letter]")).to_have_count(3)
    expect(table.locator("[data-letter]").first).to_contain_text("WebhooksTest event")
    expect(table.locator("[data-letter]").first).to_contain_text("Answered 500")
    expect(page.get_by_role("button", name="Replay (0)")).to_be_disabled()
    assert screen.violations() == []
    # By keyboard alone: the second and the third are discarded.
    boxes = table.get_by_role("checkbox")
    boxes.nth(2).focus()
    screen.press("Space")
    boxes.nth(3).focus()
    screen.press("Space")
    page.get_by_role("button", name="Discard (2)").focus()
    screen.press("Enter")
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("textbox", name="Reason")).to_be_focused()
    expect(dialog.get_by_role("button", name="Discard")).to_be_disabled()
    screen.type("tests only")
    assert screen.violations() == []
    screen.press("Enter")
    expect(page.get_by_text("Discarded: 2")).to_be_visible()
    expect(table.locator("[data-letter]")).to_have_count(1)
    customer.answers(status(200))
    page.get_by_role("checkbox", name="Choose all that are shown").check()
    page.get_by_role("button", name="Replay (1)").click()
    expect(page.get_by_text("Replayed: 1")).to_be_visible()
    expect(page.get_by_text("Nothing was given up.")).to_be_visible()
    with platform_scope(reason="test"):
        reasons = (
            Delivery.objects.filter(listener="webhooks").order_by("seq").values_list("discarded_because", flat=True)
        )
        assert list(reasons) == ["", "tests only", "tests only"]
    wait_for(lambda: counted(Delivery.Status.DELIVERED), what="the replayed one")
    page.get_by_label("For", exact=True).select_option("crm")
    expect(page.get_by_text("Check that HubSpot is still connected")).to_be_visible()
    assert screen.errors == []
