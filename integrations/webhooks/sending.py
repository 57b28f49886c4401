"""One attempt: the event, signed, to the endpoint's address."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import cached_property

import orjson
from django.db import connection

from integrations import guarded
from integrations.addresses import AddressRefused
from integrations.webhooks.models import WebhookEndpoint
from integrations.webhooks.signing import signed_headers
from mybcat.correlation import correlation_id
from mybcat.ids import public_id
from mybcat.listeners import DeliveryFailed, DeliveryRefused, Response
from mybcat.models import Delivery, Event
from mybcat.rows import columns, row_of

USER_AGENT = "MyBCAT-Webhooks/1"
# What an endpoint asks for that is too busy, or whose proxy finds nobody, and does not say for how long
# (Standard Webhooks: throttle). Not long: it may be a limit of so many a second.
PATIENCE = {429: timedelta(seconds=1), 502: timedelta(seconds=5), 503: timedelta(seconds=5), 504: timedelta(seconds=5)}
GONE = 410
DISABLED = "endpoint_disabled"


_ENABLED = f"""
    SELECT {columns(WebhookEndpoint, "endpoint")} FROM integrations_webhookendpoint AS endpoint
    WHERE id = ANY(%s) AND status = 'enabled'
"""  # noqa: S608 - of our own columns


class Receiver:
    """An enabled endpoint as attempts need it: its secrets are opened once for all of a claim's."""

    def __init__(self, endpoint: WebhookEndpoint) -> None:
        self.url = endpoint.url
        self._endpoint = endpoint

    def keys(self, *, now: datetime) -> list[str]:
        """What signs now, the newest first. Raises Unreadable, for each attempt by itself."""
        secret, previous = self._secrets
        until = self._endpoint.previous_secret_until
        return [secret, previous] if previous and until and until > now else [secret]

    @cached_property
    def _secrets(self) -> tuple[str, str | None]:
        return self._endpoint.secret, self._endpoint.previous_secret


def prepare(deliveries: Sequence[Delivery]) -> None:
    """Give each delivery its endpoint, in platform scope: attempts need no database."""
    with connection.cursor() as cursor:
        cursor.execute(_ENABLED, [list({delivery.target_id for delivery in deliveries})])
        found = [row_of(WebhookEndpoint, row) for row in cursor.fetchall()]
    receivers = {endpoint.id: Receiver(endpoint) for endpoint in found if endpoint}
    for delivery in deliveries:
        delivery.receiver = receivers.get(delivery.target_id)


def send(*, delivery: Delivery, now: datetime) -> Response:
    """The handler of `webhooks`: done when the endpoint has answered 2xx.

    Raises DeliveryRefused for an endpoint that is disabled or answers 410, DeliveryFailed for anything else.
    """
    receiver: Receiver | None = delivery.receiver
    if receiver is None:
        raise DeliveryRefused(DISABLED)
    body = body_of(delivery.event)
    signed = signed_headers(
        message_id=public_id("evt", delivery.event_id), body=body, keys=receiver.keys(now=now), now=now
    )
    headers = {
        "Content-Type": "application/json",
        "User-Agent": USER_AGENT,
        "X-Correlation-Id": correlation_id(),
        **signed,
    }
    try:
        answer = guarded.post(url=receiver.url, body=body, headers=headers)
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
