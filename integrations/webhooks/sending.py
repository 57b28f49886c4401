"""One attempt: the event, signed, to the endpoint's address."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

import orjson

from integrations import guarded
from integrations.addresses import AddressRefused
from integrations.webhooks.models import WebhookEndpoint
from integrations.webhooks.signing import signed_headers
from mybcat.correlation import correlation_id
from mybcat.ids import public_id
from mybcat.listeners import DeliveryFailed, DeliveryRefused, Response
from mybcat.models import Delivery, Event

USER_AGENT = "MyBCAT-Webhooks/1"
# What an endpoint asks for that is too busy, or whose proxy finds nobody, and does not say for how long
# (Standard Webhooks: throttle). Not long: it may be a limit of so many a second.
PATIENCE = {429: timedelta(seconds=1), 502: timedelta(seconds=5), 503: timedelta(seconds=5), 504: timedelta(seconds=5)}
GONE = 410
DISABLED = "endpoint_disabled"


def prepare(deliveries: Sequence[Delivery]) -> None:
    """Give each delivery its endpoint, in platform scope: attempts need no database."""
    wanted = WebhookEndpoint.objects.filter(status=WebhookEndpoint.Status.ENABLED).in_bulk(
        {delivery.target_id for delivery in deliveries}
    )
    for delivery in deliveries:
        delivery.receiver = wanted.get(delivery.target_id)


def send(*, delivery: Delivery, now: datetime) -> Response:
    """The handler of `webhooks`: done when the endpoint has answered 2xx.

    Raises DeliveryRefused for an endpoint that is disabled or answers 410, DeliveryFailed for anything else.
    """
    endpoint: WebhookEndpoint | None = delivery.receiver
    if endpoint is None:
        raise DeliveryRefused(DISABLED)
    body = body_of(delivery.event)
    signed = signed_headers(
        message_id=public_id("evt", delivery.event_id), body=body, keys=_keys(endpoint, now), now=now
    )
    headers = {
        "Content-Type": "application/json",
        "User-Agent": USER_AGENT,
        "X-Correlation-Id": correlation_id(),
        **signed,
    }
    try:
        answer = guarded.post(url=endpoint.url, body=body, headers=headers)
    except AddressRefused as refused:
        raise DeliveryFailed(f"address_{refused.code}") from None
    except guarded.CallFailed as failed:
        raise DeliveryFailed(failed.code) from None
    return _judged(answer, now=now)


def body_of(event: Event) -> bytes:
    """The same bytes each time: ids alone, for whoever reads more must ask, and be on record."""
    return orjson.dumps(
        {
            "id": public_id("evt", event.id),
            "type": event.type,
            "timestamp": event.occurred_at.astimezone(UTC),
            "practiceId": public_id("prac", event.practice_id),
            "sequence": event.seq,
            "data": event.data,
        },
        option=orjson.OPT_UTC_Z,
    )


def retry_after(text: str, *, now: datetime) -> timedelta | None:
    """What the header asks for: seconds or a date; None where it asks for nothing that can be read."""
    if text.isascii() and text.isdigit():
        # Python refuses to read thousands of digits.
        return timedelta(seconds=min(int(text[:9]), 10**6))
    try:
        at = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    return max(at.replace(tzinfo=at.tzinfo or UTC) - now, timedelta())


def _keys(endpoint: WebhookEndpoint, now: datetime) -> list[str]:
    keys: list[str] = [endpoint.secret]
    if endpoint.previous_secret and endpoint.previous_secret_until and endpoint.previous_secret_until > now:
        keys.append(endpoint.previous_secret)
    return keys


def _judged(answer: guarded.Answer, *, now: datetime) -> Response:
    # PostgreSQL's text holds no NUL.
    response = Response(answer.status, answer.excerpt.decode(errors="replace").replace("\x00", "\ufffd"))
    if 200 <= answer.status < 300:
        return response
    code = f"http_{answer.status}"
    if answer.status == GONE:
        raise DeliveryRefused(code, response=response)
    asked = retry_after(answer.retry_after, now=now) or PATIENCE.get(answer.status)
    raise DeliveryFailed(code, retry_after=asked, response=response)
