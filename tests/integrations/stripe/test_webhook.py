"""Stripe's events at our door: stored once before the answer, or refused and not stored at all."""

import hmac
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test import Client

from integrations.stripe import inbound
from integrations.stripe.models import InboundEvent
from mybcat.tenancy import practice_scope
from practices.models import Practice
from tests.api.rows import changes
from tests.callers import together
from tests.integrations.stripe.telling import T, all_stored, standing
from tests.standins import stripe

Send = Callable[..., Any]
STORED = {"integrations_inboundevent": 1}
PAID = stripe.event("invoice.paid", stripe.invoice(), created=T, id="evt_paid")


def counted(client: Client, outcome: str) -> float:
    text = client.get("/metrics").content.decode()
    found = re.findall(rf'^mybcat_stripe_webhooks_total{{outcome="{outcome}"}} (\S+)$', text, re.MULTILINE)
    return float(found[0]) if found else 0.0


def refused(answer: Any, *, status: int, code: str) -> None:
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer.headers["Content-Type"] == "application/problem+json"


def test_an_event_is_stored_as_it_came_and_answered(send: Send, client: Client) -> None:
    before = counted(client, "stored")
    with changes(**STORED):
        answer = send(PAID, **{"X-Correlation-Id": "from-stripe-1"})
    assert (answer.status_code, answer.json()) == (200, {"received": True})
    (event,) = all_stored()
    assert (event.stripe_id, event.type, bytes(event.body)) == ("evt_paid", "invoice.paid", stripe.body_of(PAID))
    assert (event.occurred_at, event.status, event.correlation_id) == (
        datetime.fromtimestamp(T, UTC),
        "pending",
        "from-stripe-1",
    )
    assert counted(client, "stored") == before + 1


def test_it_is_committed_before_it_is_answered(send: Send, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []
    monkeypatch.setattr(
        "integrations.stripe.views.JsonResponse",
        lambda *args, **kwargs: seen.append((connection.in_atomic_block, len(all_stored()))) or 1 / 0,
    )
    assert send(PAID).status_code == 500
    assert seen == [(False, 1)]


def test_nothing_is_done_while_stripe_waits(send: Send, customer: Practice) -> None:
    send(PAID)
    assert standing(customer) == ("standard", [], None)


def test_the_same_event_again_is_answered_alike_and_stored_once(send: Send, client: Client) -> None:
    send(PAID)
    before = counted(client, "duplicate")
    with changes():
        answer = send({**PAID, "pending_webhooks": 0})
    assert (answer.status_code, answer.json()) == (200, {"received": True})
    assert counted(client, "duplicate") == before + 1


def test_the_same_event_from_many_sides_at_once_is_stored_once() -> None:
    event = stripe.event("invoice.paid", stripe.invoice(), created=T)
    now = datetime.now(UTC)
    results = together(8, lambda _: inbound.store(event=event, body=b"{}", now=now))
    assert sorted(results) == [False] * 7 + [True]
    assert len(all_stored()) == 1


@pytest.mark.parametrize(
    "header",
    ["", "t=1,v1=" + "0" * 64, stripe.signature(stripe.body_of(PAID), at=T, secret="whsec_wrong"), "\xff\x00"],
)
def test_a_bad_signature_leaves_no_more_than_a_count(send: Send, client: Client, header: str) -> None:
    before = counted(client, "bad_signature")
    with changes():
        refused(send(PAID, **{"Stripe-Signature": header}), status=400, code="bad_signature")
    assert counted(client, "bad_signature") == before + 1


def test_no_signature_at_all_is_a_bad_one(client: Client) -> None:
    with changes():
        answer = client.generic("POST", "/webhooks/stripe", stripe.body_of(PAID), "application/json")
    refused(answer, status=400, code="bad_signature")


@pytest.mark.parametrize("seconds", [-400, 400])
def test_what_is_too_old_or_of_the_future_is_refused(send: Send, seconds: int) -> None:
    body = stripe.body_of(PAID)
    at = int(datetime.now(UTC).timestamp()) + seconds
    with changes():
        refused(send(body, **{"Stripe-Signature": stripe.signature(body, at=at)}), status=400, code="bad_signature")


def test_a_captured_request_is_worth_nothing_after_five_minutes(send: Send) -> None:
    body = stripe.body_of(PAID)
    captured = stripe.signature(body, at=int(datetime.now(UTC).timestamp()))
    with time_machine.travel(datetime.now(UTC) + timedelta(minutes=6)), changes():
        refused(send(body, **{"Stripe-Signature": captured}), status=400, code="bad_signature")


def test_both_secrets_are_good_during_a_rotation(send: Send, settings: Any) -> None:
    settings.STRIPE_WEBHOOK_SECRETS = ["whsec_new", stripe.SECRET]
    now = int(datetime.now(UTC).timestamp())
    for number, secret in enumerate(settings.STRIPE_WEBHOOK_SECRETS):
        body = stripe.body_of({**PAID, "id": f"evt_{number}"})
        assert send(body, **{"Stripe-Signature": stripe.signature(body, at=now, secret=secret)}).status_code == 200
    settings.STRIPE_WEBHOOK_SECRETS = []
    refused(send(PAID), status=400, code="bad_signature")


def test_a_body_of_more_than_256_kib_is_not_even_hashed(send: Send, client: Client) -> None:
    whole = stripe.body_of({**PAID, "padding": ""})
    fits = whole.replace(b'"padding": ""', b'"padding": "' + b"x" * (256 * 1024 - len(whole)) + b'"')
    with changes():
        refused(send(fits + b" "), status=413, code="body_too_large")
    with changes(**STORED):
        assert send(fits).status_code == 200


@pytest.mark.parametrize("live_here", [True, False])
def test_an_event_of_the_other_mode_is_refused(send: Send, settings: Any, live_here: bool) -> None:
    settings.STRIPE_LIVEMODE = live_here
    with changes():
        refused(send({**PAID, "livemode": not live_here}), status=400, code="wrong_mode")
    with changes(**STORED):
        assert send({**PAID, "livemode": live_here}).status_code == 200


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"no json",
        b"[]",
        b"null",
        b'{"id": "evt_1"}',
        b"[" * 50_000,
        stripe.body_of({**PAID, "id": 7}),
        stripe.body_of({**PAID, "id": ""}),
        stripe.body_of({**PAID, "id": "e" * 256}),
        stripe.body_of({**PAID, "type": "t" * 101}),
        stripe.body_of({**PAID, "created": "now"}),
        stripe.body_of({**PAID, "created": True}),
        stripe.body_of({**PAID, "created": 2**60}),
        stripe.body_of({**PAID, "created": -1}),
        stripe.body_of({**PAID, "livemode": "false"}),
        stripe.body_of({**PAID, "data": {}}),
        stripe.body_of({**PAID, "data": {"object": []}}),
        stripe.body_of({**PAID, "name": "\x00"}),
    ],
)
def test_what_is_signed_and_no_event_is_refused(send: Send, body: bytes) -> None:
    with changes():
        refused(send(body), status=400, code="not_an_event")


def test_what_is_signed_and_no_text_is_refused(client: Client) -> None:
    """By hand: Stripe's package signs texts alone."""
    body, at = b"\xff", int(datetime.now(UTC).timestamp())
    digest = hmac.new(stripe.SECRET.encode(), f"{at}.".encode() + body, "sha256").hexdigest()
    headers = {"Stripe-Signature": f"t={at},v1={digest}"}
    with changes():
        answer = client.generic("POST", "/webhooks/stripe", body, "application/json", headers=headers)
    refused(answer, status=400, code="not_an_event")


def test_an_unknown_type_is_stored_too(send: Send) -> None:
    with changes(**STORED):
        assert send(stripe.event("radar.early_fraud_warning.created", {"id": "issfr_1"}, created=T)).status_code == 200


@pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "DELETE", "OPTIONS"])
def test_only_posts_are_taken(client: Client, method: str) -> None:
    with changes():
        answer = client.generic(method, "/webhooks/stripe")
    assert (answer.status_code, answer.headers["Allow"]) == (405, "POST")


def test_no_practice_s_scope_sees_what_stripe_sent(send: Send, customer: Practice) -> None:
    send(PAID)
    with practice_scope(customer.id):
        assert InboundEvent.objects.count() == 0
    assert InboundEvent.objects.count() == 0
    assert len(all_stored()) == 1
