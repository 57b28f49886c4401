"""A practice that Stripe knows, and Stripe itself to send what happened to it."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from django.test import Client

from practices.models import Practice
from tests.factories import Clinic
from tests.integrations.stripe.telling import change_practice
from tests.standins import stripe


@pytest.fixture(autouse=True)
def _endpoint(settings: Any) -> None:
    settings.STRIPE_WEBHOOK_SECRETS = [stripe.SECRET]
    settings.STRIPE_PRICES = stripe.PRICES
    settings.STRIPE_LIVEMODE = False


@pytest.fixture
def customer(clinic: Clinic) -> Practice:
    """A practice whose trial is over, and which is cus_1 to Stripe."""
    return change_practice(
        clinic.practice, stripe_customer_id="cus_1", trial_ends_at=None, entitled_until=None, plan="standard"
    )


@pytest.fixture
def send(client: Client) -> Callable[..., Any]:
    """Posts an event, or any bytes, to our webhook, signed now unless told otherwise."""

    def post(event: dict[str, Any] | bytes, **headers: str) -> Any:
        body = event if isinstance(event, bytes) else stripe.body_of(event)
        at = int(datetime.now(UTC).timestamp())
        given = {"Stripe-Signature": stripe.signature(body, at=at), **headers}
        return client.generic("POST", "/webhooks/stripe", body, "application/json", headers=given)

    return post
