"""Where Stripe's webhooks arrive: checked over the raw bytes, stored, answered."""

from datetime import datetime
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST
from prometheus_client import Counter
from rest_framework.exceptions import ParseError

from integrations.stripe import inbound
from integrations.stripe.signature import verify
from mybcat.errors import DomainError
from mybcat.gateway.bodies import parsed
from mybcat.gateway.problems import problem_response

webhooks_received = Counter("mybcat_stripe_webhooks", "Webhooks that claim to be Stripe's, by our answer", ["outcome"])

# Stripe's largest events are a tenth of this.
MAX_BYTES = 256 * 1024


class EventTooLarge(DomainError):
    code = "body_too_large"
    status = 413
    sentence = "The request body is larger than 256 KiB"


class NotAnEvent(DomainError):
    """Signed, and yet no event as Stripe documents them."""

    code = "not_an_event"
    status = 400
    sentence = "The body is not an event"


class WrongMode(DomainError):
    """A test event for a live system, or the other way round: the endpoint is set up in the wrong place."""

    code = "wrong_mode"
    status = 400
    sentence = "The event is of the other mode, live or test"


@csrf_exempt
@require_POST
def webhook(request: HttpRequest) -> HttpResponse:
    """200 once the event is stored, whether now or before; anything else and Stripe sends it again."""
    try:
        outcome = _received(request, now=timezone.now())
    except DomainError as refusal:
        webhooks_received.labels(refusal.code).inc()
        return problem_response(refusal, request=request)
    webhooks_received.labels(outcome).inc()
    return JsonResponse({"received": True}, headers={"Cache-Control": "no-store"})


def _received(request: HttpRequest, *, now: datetime) -> str:
    # Before the signature: hashing what nobody would store is work for an attacker to ask for.
    if int(request.META.get("CONTENT_LENGTH") or 0) > MAX_BYTES:
        raise EventTooLarge
    body = request.body
    verify(
        body=body,
        header=request.headers.get("Stripe-Signature", ""),
        secrets=settings.STRIPE_WEBHOOK_SECRETS,
        now=now,
    )
    event = _event(body)
    if event["livemode"] != settings.STRIPE_LIVEMODE:
        raise WrongMode
    return "stored" if inbound.store(event=event, body=body, now=now) else "duplicate"


def _event(body: bytes) -> dict[str, Any]:
    try:
        event = parsed(body)
    except ParseError as error:
        raise NotAnEvent from error
    members = {"id": str, "type": str, "created": int, "livemode": bool, "data": dict}
    if not isinstance(event, dict) or any(type(event.get(name)) is not kind for name, kind in members.items()):
        raise NotAnEvent
    fits = 0 < len(event["id"]) <= 255 and 0 < len(event["type"]) <= 100 and 0 <= event["created"] < 2**36
    if not fits or not isinstance(event["data"].get("object"), dict):
        raise NotAnEvent
    return event
