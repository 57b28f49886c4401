"""Stripe's own pages for managers: paying for the first time, and everything after it."""

from collections.abc import Callable
from typing import Any, TypeVar
from uuid import UUID

import structlog
from django.conf import settings

from mybcat.errors import DomainError
from mybcat.ids import public_id
from mybcat.tenancy import practice_scope
from practices.models import FOREVER, Practice, Subscription

logger = structlog.get_logger(__name__)

T = TypeVar("T")

# A manager waits; Stripe answers in well under a second, and once more is tried.
TIMEOUT_SECONDS, RETRIES = 8.0, 1


class BillingUnavailable(DomainError):
    """Stripe is away or refuses us: nothing that the manager could change."""

    code = "billing_unavailable"
    status = 503
    sentence = "Billing is not available at the moment. Try again later"

    def __init__(self) -> None:
        super().__init__()
        self.headers = {"Retry-After": "30"}


class BillingNotSetUp(DomainError):
    """Without a key, or a price for the plan, trying again would not help."""

    code = "billing_not_set_up"
    status = 409
    sentence = "Billing is not set up on this platform: ask its operators"


class AlreadySubscribed(DomainError):
    code = "already_subscribed"
    status = 409
    sentence = "The practice has a subscription already: change it in the billing portal"


class NoBillingAccount(DomainError):
    code = "no_billing_account"
    status = 409
    sentence = "The practice has never subscribed: begin with a checkout"


def running(practice: Practice) -> Subscription | None:
    """The subscription that carries the practice, else the newest; None before there was any."""
    rows = list(Subscription.objects.filter(practice=practice).order_by("id"))
    return max(rows, key=lambda row: (row.entitled_until is not None, row.id), default=None)


def refuse_second(*, practice: Practice) -> None:
    """Raises AlreadySubscribed where a checkout would make the practice pay twice."""
    current = running(practice)
    if current is not None and (current.entitled_until == FOREVER or current.grace_until is not None):
        raise AlreadySubscribed


def checkout(*, practice: Practice, plan: str, email: str, key: str) -> str:
    """The address of a page of Stripe's on which the practice subscribes to `plan`. Outside any scope.

    The customer is made and kept first, so that every event about the subscription finds its practice.
    `key`: the same again within a day is the same page. Raises BillingUnavailable, BillingNotSetUp.
    """
    prices = {plan: price for price, plan in settings.STRIPE_PRICES.items()}
    if plan not in prices:
        raise BillingNotSetUp
    customer = practice.stripe_customer_id or _customer(practice, email=email)
    named = public_id("prac", practice.id)
    session = _asked(
        lambda stripe: stripe.v1.checkout.sessions.create(
            {
                "mode": "subscription",
                "customer": customer,
                "client_reference_id": named,
                "line_items": [{"price": prices[plan], "quantity": 1}],
                "subscription_data": {"metadata": {"practice": named}},
                "success_url": f"{settings.PUBLIC_URL}/settings/billing?checkout=done",
                "cancel_url": f"{settings.PUBLIC_URL}/settings/billing",
            },
            {"idempotency_key": f"checkout-{named}-{key}"},
        )
    )
    return str(session.url)


def portal(*, customer: str) -> str:
    """The address of Stripe's portal for cards, invoices and plan. Outside any scope. Raises as `checkout`."""
    session = _asked(
        lambda stripe: stripe.v1.billing_portal.sessions.create(
            {"customer": customer, "return_url": f"{settings.PUBLIC_URL}/settings/billing"}
        )
    )
    return str(session.url)


def _customer(practice: Practice, *, email: str) -> str:
    """One customer for each practice, however often and by how many managers at once it is asked for."""
    named = public_id("prac", practice.id)
    made = _asked(
        lambda stripe: stripe.v1.customers.create(
            {"name": practice.name, "email": email, "metadata": {"practice": named}},
            {"idempotency_key": f"customer-{named}"},
        )
    )
    return _kept(practice.id, str(made.id))


def _kept(practice_id: UUID, customer: str) -> str:
    with practice_scope(practice_id):
        Practice.objects.filter(id=practice_id, stripe_customer_id=None).update(stripe_customer_id=customer)
        return str(Practice.objects.get().stripe_customer_id)


def _asked(call: Callable[[Any], T]) -> T:
    # Imported here: it takes a quarter of a second and 30 MB, which only whoever bills should pay.
    import stripe  # noqa: PLC0415

    if not settings.STRIPE_SECRET_KEY:
        raise BillingNotSetUp
    http = stripe.RequestsClient(timeout=TIMEOUT_SECONDS)
    client = stripe.StripeClient(
        settings.STRIPE_SECRET_KEY,
        base_addresses={"api": settings.STRIPE_API_URL},
        http_client=http,
        max_network_retries=RETRIES,
    )
    try:
        return call(client)
    except stripe.StripeError as error:
        logger.error("Stripe refused", code=error.code or type(error).__name__, status=error.http_status)
        raise BillingUnavailable from None
    finally:
        # Managers come here once a month: nothing is kept open for them.
        http.close()  # type: ignore[no-untyped-call]
