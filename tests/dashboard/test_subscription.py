"""The practice's subscription, as managers read and change it."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Browser, expect

from mybcat.principal import Role
from mybcat.tenancy import practice_scope
from practices.models import FOREVER, Subscription
from tests.dashboard.browsing import Screen, product
from tests.factories import Clinic, make_member
from tests.integrations.stripe.telling import change_practice
from tests.standins.stripe import PRICES, Stripe

pytestmark = [pytest.mark.processes, pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def url(_migrated: None) -> Iterator[str]:
    stripe = Stripe()
    with pytest.MonkeyPatch.context() as environment, stripe.running():
        environment.setenv("STRIPE_API_URL", stripe.url)
        environment.setenv("STRIPE_SECRET_KEY", "sk_test_good")
        for price, plan in PRICES.items():
            environment.setenv(f"STRIPE_PRICE_{plan.upper()}", price)
        with product() as address:
            yield address


@pytest.fixture
def screen(chromium: Browser, url: str, clinic: Clinic) -> Iterator[Screen]:
    opened = Screen(chromium, url)
    opened.sign_in(make_member(practice=clinic.practice, role=Role.PRACTICE_MANAGER))
    opened.page.get_by_role("link", name="Manage").click()
    yield opened
    opened.close()


def test_a_practice_subscribes_and_comes_back_before_stripe_has_told_us(
    screen: Screen, clinic: Clinic, url: str
) -> None:
    now = timezone.now()
    change_practice(clinic.practice, trial_ends_at=now - timedelta(days=1), entitled_until=now - timedelta(days=1))
    page = screen.page
    page.get_by_role("link", name="Subscription").click()
    expect(page.locator("[data-subscription]")).to_have_text("The trial is over")
    expect(page.get_by_text("Booking has stopped.")).to_be_visible()
    expect(page.get_by_role("button", name="Open billing portal")).to_have_count(0)
    assert screen.violations() == []
    page.route("https://checkout.stripe.com/**", lambda route: route.fulfill(body="paid"))
    page.get_by_label("Plan", exact=True).select_option("enterprise")
    page.get_by_role("button", name="Subscribe").click()
    page.wait_for_url("https://checkout.stripe.com/c/pay/*")
    page.goto(f"{url}/settings/billing?checkout=done")
    expect(page.get_by_text("Stripe is telling us of your payment.")).to_be_visible()
    with practice_scope(clinic.practice.id):
        Subscription.objects.create(
            stripe_id="sub_1", status="active", plan="enterprise", current_period_end=now + timedelta(days=30)
        )
    change_practice(clinic.practice, plan="enterprise", entitled_until=FOREVER)
    expect(page.locator("[data-subscription]")).to_have_text("Active")
    expect(page.get_by_text("Stripe is telling us of your payment.")).to_have_count(0)
    expect(page.get_by_text("Booking works.")).to_be_visible()
    expect(page.get_by_role("button", name="Subscribe")).to_have_count(0)
    page.route("https://billing.stripe.com/**", lambda route: route.fulfill(body="portal"))
    page.get_by_role("button", name="Open billing portal").click()
    page.wait_for_url("https://billing.stripe.com/p/session/*")
    assert screen.errors == []


def test_a_failed_payment_says_until_when_all_works(screen: Screen, clinic: Clinic) -> None:
    with practice_scope(clinic.practice.id):
        Subscription.objects.create(
            stripe_id="sub_1", status="past_due", plan="standard", grace_until=timezone.now() + timedelta(days=3)
        )
    page = screen.page
    page.get_by_role("link", name="Subscription").click()
    expect(page.locator("[data-subscription]")).to_have_text("A payment failed")
    expect(page.get_by_text("If nothing is paid by then, appointments can be seen, but not booked.")).to_be_visible()
    expect(page.get_by_role("button", name="Subscribe")).to_have_count(0)
    assert screen.violations() == []
    # Nobody has paid by way of us: there is no customer of Stripe's to open the portal for.
    page.get_by_role("button", name="Open billing portal").click()
    expect(page.get_by_role("alert")).to_contain_text("The practice has never subscribed")


def test_what_of_the_plan_is_used_is_said_in_words_beside_the_bar(screen: Screen, clinic: Clinic) -> None:
    page = screen.page
    told: dict[str, Any] = {"limit": 10_000, "used": 8_250, "refillsAt": "2030-01-02T00:00:00Z"}
    usage = page.get_by_role("region", name="What of the plan is used")
    page.get_by_role("link", name="Subscription").click()
    # The product's own count: no program of this practice has asked for anything.
    expect(usage.locator("[data-usage]")).to_contain_text(" of ")
    expect(usage.locator("[data-usage]")).to_contain_text("(0%) There is room.")
    expect(usage.get_by_text("It refills")).to_be_visible()
    assert screen.violations() == []

    page.route(
        "**/api/v2/billing/usage",
        lambda route: route.fulfill(json={"plan": "standard", "requestsToday": told}),
    )
    page.reload()
    expect(usage.get_by_role("progressbar", name="Requests of programs today: 8,250 of 10,000 (82%)")).to_be_visible()
    expect(usage.locator("[data-usage=near]")).to_have_text("8,250 of 10,000 (82%) Nearly used up.")
    assert screen.violations() == []
    told["used"] = 10_000
    page.reload()
    expect(usage.locator("[data-usage=over]")).to_contain_text("Used up: programs are refused until it refills.")
    told["used"] = None
    page.reload()
    expect(usage.get_by_text("Not known for now, of 10,000")).to_be_visible()
    expect(usage.get_by_role("progressbar")).to_have_count(0)
    page.get_by_label("Language").select_option("es")
    expect(page.get_by_text("Por ahora no se sabe, de 10.000")).to_be_visible()
    assert screen.violations() == []
    assert screen.errors == []
