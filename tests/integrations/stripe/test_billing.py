"""Managers are sent to Stripe's pages; the practice's customer is made once, before anything is paid."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import stripe as sdk
from django.db import connection

from integrations.stripe import billing
from mybcat.ids import public_id
from mybcat.models import AuditEntry
from mybcat.principal import Role
from mybcat.tenancy import platform_scope, practice_scope
from practices.models import FOREVER, Practice, Subscription
from tests.api.refusals import assert_forbidden, assert_refused
from tests.api.rows import changes
from tests.callers import Caller, together
from tests.factories import Clinic, make_member
from tests.integrations.stripe.telling import change_practice
from tests.standins.server import Answer, hang_up
from tests.standins.stripe import Stripe

SUBSCRIPTION, CHECKOUT, PORTAL = (
    f"/api/v2/billing/{name}" for name in ("subscription", "checkout-session", "portal-session")
)
NOT_SET_UP = "Billing is not set up on this platform: ask its operators"
UNAVAILABLE = "Billing is not available at the moment. Try again later"
STANDARD = {"plan": "standard"}


@pytest.fixture(autouse=True)
def vendor(settings: Any) -> Iterator[Stripe]:
    stripe = Stripe()
    settings.STRIPE_API_URL, settings.STRIPE_SECRET_KEY = stripe.url, "sk_test_good"
    settings.PUBLIC_URL = "https://app.mybcat.example"
    with stripe.running():
        yield stripe


@pytest.fixture
def manager(clinic: Clinic) -> Caller:
    return Caller(make_member(practice=clinic.practice, role=Role.PRACTICE_MANAGER), clinic.practice)


def customer_of(clinic: Clinic) -> str | None:
    with practice_scope(clinic.practice.id):
        found: str | None = Practice.objects.get().stripe_customer_id
        return found


def subscribe(clinic: Clinic, **fields: Any) -> None:
    with practice_scope(clinic.practice.id):
        Subscription.objects.create(**{"stripe_id": "sub_1", "status": "active", "plan": "standard", **fields})


def unavailable(answer: Any) -> None:
    assert_refused(answer, status=503, code="billing_unavailable", sentence=UNAVAILABLE)
    assert answer.headers["Retry-After"] == "30"


def test_a_checkout_makes_the_customer_and_leads_to_stripe(manager: Caller, clinic: Clinic, vendor: Stripe) -> None:
    with changes(practices_practice=0, mybcat_epoch=1, mybcat_auditentry=1):
        answer = manager.post(CHECKOUT, STANDARD)
    assert (answer.status_code, answer.json()) == (201, {"url": "https://checkout.stripe.com/c/pay/cs_test_1"})
    assert customer_of(clinic) == "cus_1"
    named = public_id("prac", clinic.practice.id)
    assert vendor.sessions == [
        {
            "mode": "subscription",
            "customer": "cus_1",
            "client_reference_id": named,
            "line_items[0][price]": "price_standard",
            "line_items[0][quantity]": "1",
            "subscription_data[metadata][practice]": named,
            "success_url": "https://app.mybcat.example/settings/billing?checkout=done",
            "cancel_url": "https://app.mybcat.example/settings/billing",
        }
    ]


def test_the_plan_decides_the_price(manager: Caller, vendor: Stripe) -> None:
    manager.post(CHECKOUT, {"plan": "enterprise"})
    assert vendor.sessions[0]["line_items[0][price]"] == "price_enterprise"


def test_many_managers_at_once_make_one_customer(manager: Caller, clinic: Clinic, vendor: Stripe) -> None:
    answers = together(6, lambda number: manager.post(CHECKOUT, STANDARD, key=f"a-key-{number}").status_code)
    assert answers == [201] * 6
    assert list(vendor.customers) == [customer_of(clinic)]


def test_the_same_key_is_the_same_page(manager: Caller, vendor: Stripe) -> None:
    for _ in range(2):
        assert manager.post(CHECKOUT, STANDARD, key="a-click").status_code == 201
    manager.post(CHECKOUT, STANDARD, key="another-click")
    assert len(vendor.sessions) == 2


def test_an_answer_that_was_lost_makes_no_second_customer(manager: Caller, vendor: Stripe) -> None:
    """The SDK asks again with the key with which it asked at first."""
    vendor.drop_next = 1
    assert manager.post(CHECKOUT, STANDARD).status_code == 201
    assert len(vendor.customers) == 1


@pytest.mark.parametrize("fields", [{}, {"status": "past_due", "grace_until": datetime(2026, 1, 1, tzinfo=UTC)}])
def test_whoever_subscribes_already_is_not_charged_twice(
    manager: Caller, clinic: Clinic, vendor: Stripe, fields: dict[str, Any]
) -> None:
    subscribe(clinic, **fields)
    with changes():
        answer = manager.post(CHECKOUT, STANDARD)
    assert (answer.status_code, answer.json()["code"]) == (409, "already_subscribed")
    assert vendor.asked == []


@pytest.mark.parametrize("status", ["canceled", "incomplete_expired", "incomplete", "unpaid"])
def test_whoever_does_not_pay_any_more_may_begin_anew(manager: Caller, clinic: Clinic, status: str) -> None:
    subscribe(clinic, status=status)
    assert manager.post(CHECKOUT, STANDARD).status_code == 201


def test_the_portal_is_for_customers(manager: Caller, clinic: Clinic, vendor: Stripe) -> None:
    with changes():
        answer = manager.post(PORTAL, {})
    assert (answer.status_code, answer.json()["code"]) == (409, "no_billing_account")
    manager.post(CHECKOUT, STANDARD)
    with changes(mybcat_auditentry=1):
        answer = manager.post(PORTAL, {})
    assert (answer.status_code, answer.json()) == (201, {"url": "https://billing.stripe.com/p/session/test_1"})
    assert vendor.sessions[-1] == {"customer": "cus_1", "return_url": "https://app.mybcat.example/settings/billing"}


@pytest.mark.parametrize("plan", ["gold", "", None, 7])
def test_an_unknown_plan_is_refused(manager: Caller, vendor: Stripe, plan: Any) -> None:
    with changes():
        answer = manager.post(CHECKOUT, {"plan": plan})
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (400, "#/plan")
    assert vendor.asked == []


@pytest.mark.parametrize(
    "mood", [hang_up, lambda _: Answer(500, {}), lambda _: Answer(402, {"error": {"message": "Ada"}})]
)
def test_stripe_s_trouble_is_not_the_manager_s(manager: Caller, clinic: Clinic, vendor: Stripe, mood: Any) -> None:
    vendor.mood = mood
    with changes(mybcat_auditentry=1):
        unavailable(manager.post(CHECKOUT, STANDARD))
    assert customer_of(clinic) is None


def test_without_key_or_price_there_is_no_billing(manager: Caller, vendor: Stripe, settings: Any) -> None:
    told = {"status": 409, "code": "billing_not_set_up", "sentence": NOT_SET_UP}
    settings.STRIPE_PRICES = {}
    assert_refused(manager.post(CHECKOUT, STANDARD), **told)
    settings.STRIPE_SECRET_KEY = ""
    assert_refused(manager.post(CHECKOUT, STANDARD), **told)
    assert vendor.asked == []


def test_a_key_that_stripe_does_not_take_is_ours_to_mend(manager: Caller, settings: Any) -> None:
    settings.STRIPE_SECRET_KEY = "sk_test_revoked"
    answer = manager.post(CHECKOUT, STANDARD)
    unavailable(answer)
    assert "sk_test" not in answer.content.decode()


def test_no_transaction_waits_for_stripe(manager: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []
    asked = billing._asked
    monkeypatch.setattr(billing, "_asked", lambda call: (seen.append(connection.in_atomic_block), asked(call))[1])
    manager.post(CHECKOUT, STANDARD)
    manager.post(PORTAL, {})
    assert seen == [False, False, False]


def test_the_stand_in_minds_keys_as_stripe_does(vendor: Stripe) -> None:
    """The same key with other words is refused, and the package knows why."""
    http = sdk.RequestsClient()
    client = sdk.StripeClient(
        "sk_test_good", base_addresses={"api": vendor.url}, http_client=http, max_network_retries=0
    )
    client.v1.customers.create({"name": "One"}, {"idempotency_key": "k"})
    assert client.v1.customers.create({"name": "One"}, {"idempotency_key": "k"}).id == "cus_1"
    with pytest.raises(sdk.IdempotencyError):
        client.v1.customers.create({"name": "Two"}, {"idempotency_key": "k"})
    http.close()


def shown(manager: Caller) -> dict[str, Any]:
    answer = manager.get(SUBSCRIPTION)
    assert answer.status_code == 200
    body: dict[str, Any] = answer.json()
    return body


def test_before_there_was_a_subscription_the_trial_is_shown(manager: Caller, clinic: Clinic) -> None:
    until = datetime.now(UTC).replace(microsecond=0) + timedelta(days=3)
    change_practice(clinic.practice, trial_ends_at=until, entitled_until=until)
    body = shown(manager)
    assert (body["status"], body["plan"], body["bookingAllowed"]) == ("none", "standard", True)
    assert datetime.fromisoformat(body["trialEndsAt"]) == datetime.fromisoformat(body["bookingAllowedUntil"]) == until


def test_a_running_subscription_is_shown_rather_than_an_ended_one(manager: Caller, clinic: Clinic) -> None:
    end = datetime(2030, 1, 1, tzinfo=UTC)
    subscribe(clinic, stripe_id="sub_1", current_period_end=end, cancel_at_period_end=True)
    subscribe(clinic, stripe_id="sub_2", status="canceled")
    change_practice(clinic.practice, entitled_until=FOREVER)
    body = shown(manager)
    assert (body["status"], body["bookingAllowed"], body["bookingAllowedUntil"]) == ("active", True, None)
    assert (datetime.fromisoformat(body["currentPeriodEnd"]), body["cancelAtPeriodEnd"]) == (end, True)


@pytest.mark.parametrize("days", [3, -3])
def test_grace_and_its_end_are_shown(manager: Caller, clinic: Clinic, days: int) -> None:
    until = datetime.now(UTC).replace(microsecond=0) + timedelta(days=days)
    subscribe(clinic, status="past_due", grace_until=until)
    change_practice(clinic.practice, trial_ends_at=None, entitled_until=until)
    body = shown(manager)
    assert (body["status"], body["bookingAllowed"]) == ("past_due", days > 0)
    assert datetime.fromisoformat(body["graceUntil"]) == until


@pytest.mark.parametrize("role", [Role.SCHEDULING_AGENT, Role.PRACTITIONER])
def test_it_is_the_managers_matter(clinic: Clinic, vendor: Stripe, role: Role) -> None:
    caller = Caller(make_member(practice=clinic.practice, role=role), clinic.practice)
    for answer in (caller.get(SUBSCRIPTION), caller.post(CHECKOUT, STANDARD), caller.post(PORTAL, {})):
        assert_forbidden(answer)
    assert vendor.asked == []


def test_who_was_sent_there_is_on_record(manager: Caller, clinic: Clinic) -> None:
    manager.post(CHECKOUT, STANDARD)
    manager.post(PORTAL, {})
    with platform_scope(reason="test"):
        acts = AuditEntry.objects.filter(action__startswith="billing.").order_by("id")
        assert [(act.action, act.practice_id) for act in acts] == [
            ("billing.checkout", clinic.practice.id),
            ("billing.portal", clinic.practice.id),
        ]
