"""Stripe: what it sends to our webhook, and the part of its API that we ask.

Held against the `stripe` package 16.1: signatures are made by its own `WebhookSignature`, the API is asked
through its client (tests/integrations/stripe/test_billing.py), so forms, paths, ids, `Idempotency-Key` and
error bodies are as it expects them. From the documentation: events tell time to the second and come in any
order, several times; an invoice names its subscription at the top before version 2025-03-31 and in `parent`
since; a key that comes again with other parameters is refused with 400 and `idempotency_error`.
"""

import itertools
import json
from typing import Any
from urllib.parse import parse_qsl

from stripe import WebhookSignature

from tests.standins.server import Answer, Asked, Standin

SECRET = "whsec_ourendpointssecret"
PRICES = {"price_standard": "standard", "price_enterprise": "enterprise"}

_numbers = itertools.count(1)


def subscription(
    *,
    id: str = "sub_1",  # noqa: A002
    customer: str = "cus_1",
    status: str = "active",
    price: str = "price_standard",
    period_end: int = 1_900_000_000,
    **members: Any,
) -> dict[str, Any]:
    """As version 2025-03-31 and later has it: the period is the item's."""
    item = {"id": "si_1", "object": "subscription_item", "current_period_end": period_end, "price": {"id": price}}
    return {
        "id": id,
        "object": "subscription",
        "customer": customer,
        "status": status,
        "cancel_at_period_end": False,
        "items": {"object": "list", "data": [item], "has_more": False},
        "metadata": {},
        **members,
    }


def invoice(*, of: str | None = "sub_1", customer: str = "cus_1", **members: Any) -> dict[str, Any]:
    details = {"subscription": of, "metadata": {}}
    return {
        "id": f"in_{next(_numbers)}",
        "object": "invoice",
        "customer": customer,
        "billing_reason": "subscription_cycle",
        "amount_paid": 9900,
        "parent": {"type": "subscription_details", "subscription_details": details} if of else None,
        **members,
    }


def event(
    type: str,  # noqa: A002
    told: dict[str, Any],
    *,
    created: int,
    id: str | None = None,  # noqa: A002
    before: dict[str, Any] | None = None,
    livemode: bool = False,
) -> dict[str, Any]:
    data = {"object": told, **({"previous_attributes": before} if before else {})}
    return {
        "id": id or f"evt_{next(_numbers)}",
        "object": "event",
        "api_version": "2025-03-31.basil",
        "created": created,
        "livemode": livemode,
        "pending_webhooks": 1,
        "request": {"id": None, "idempotency_key": None},
        "type": type,
        "data": data,
    }


def body_of(event: dict[str, Any]) -> bytes:
    """Stripe sends indented JSON: whoever checks a signature over compact JSON fails."""
    return json.dumps(event, indent=2).encode()


def signature(body: bytes, *, at: int, secret: str = SECRET) -> str:
    return WebhookSignature.generate_signature_header(body.decode(), secret, timestamp=at)


class Stripe(Standin):
    """Customers, checkout sessions and portal sessions."""

    def __init__(self) -> None:
        super().__init__()
        self.customers: dict[str, dict[str, Any]] = {}
        self.sessions: list[dict[str, Any]] = []
        self._by_key: dict[str, tuple[str, Answer]] = {}

    def respond(self, asked: Asked) -> Answer:
        if asked.headers.get("authorization") != "Bearer sk_test_good":
            return _error(401, "invalid_request_error", "Invalid API Key provided: sk_test_***")
        key, sent = asked.headers.get("idempotency-key", ""), asked.body.decode()
        if key in self._by_key:
            before, answer = self._by_key[key]
            if before != sent:
                return _error(400, "idempotency_error", "Keys for idempotent requests can only be used with …")
            return Answer(answer.status, answer.body, {"Idempotent-Replayed": "true"})
        answer = self._made(asked.path, dict(parse_qsl(sent)))
        if key:
            self._by_key[key] = sent, answer
        return answer

    def _made(self, path: str, form: dict[str, str]) -> Answer:
        made = {"/v1/customers": self._customer, "/v1/checkout/sessions": self._checkout}
        made["/v1/billing_portal/sessions"] = self._portal
        if path not in made:
            return _error(404, "invalid_request_error", f"Unrecognized request URL (POST: {path}).")
        return made[path](form)

    def _customer(self, form: dict[str, str]) -> Answer:
        customer = {"id": f"cus_{len(self.customers) + 1}", "object": "customer", "name": form.get("name")}
        self.customers[customer["id"] or ""] = customer
        return Answer(200, customer)

    def _checkout(self, form: dict[str, str]) -> Answer:
        if form.get("line_items[0][price]") not in PRICES:
            return _error(400, "invalid_request_error", f"No such price: '{form.get('line_items[0][price]')}'")
        return self._session(form, kind="checkout.session", url="https://checkout.stripe.com/c/pay/cs_test_1")

    def _portal(self, form: dict[str, str]) -> Answer:
        return self._session(form, kind="billing_portal.session", url="https://billing.stripe.com/p/session/test_1")

    def _session(self, form: dict[str, str], *, kind: str, url: str) -> Answer:
        if form.get("customer") not in self.customers:
            return _error(400, "invalid_request_error", f"No such customer: '{form.get('customer')}'")
        self.sessions.append(form)
        return Answer(200, {"id": f"cs_test_{len(self.sessions)}", "object": kind, "url": url})


def _error(status: int, kind: str, message: str) -> Answer:
    return Answer(status, {"error": {"type": kind, "message": message}})
