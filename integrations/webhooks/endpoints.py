"""What managers do with endpoints."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from integrations.addresses import AddressRefused, addresses_of, target_of
from integrations.webhooks import health
from integrations.webhooks.models import WebhookEndpoint
from integrations.webhooks.signing import new_secret
from mybcat import audit, deliveries, events, pauses
from mybcat.errors import DomainError, InvalidInput, UnknownId
from mybcat.events import EventType
from mybcat.ids import public_id
from mybcat.models import Delivery, Event
from mybcat.principal import Principal

# How long the old secret signs as well.
OVERLAP = timedelta(hours=24)
MOST_ENDPOINTS = 50
MOST_REPLAYED = 1000

_WHY = {
    "malformed": "This is no address",
    "scheme": "Only https is served",
    "credentials": "No name and password in the address",
    "fragment": "No fragment in the address",
    "host": "A full name in DNS, not a number or a short name",
    "port": "Port 443 or 8443",
    "unresolvable": "The name is not known to DNS",
    "private": "The name leads to an address that is not public",
}


class TooManyEndpoints(DomainError):
    code = "too_many_endpoints"
    status = 409
    sentence = f"A practice has at most {MOST_ENDPOINTS} webhook endpoints"


class EndpointDisabled(DomainError):
    code = "endpoint_disabled"
    status = 409
    sentence = "The endpoint is disabled: enable it first"


def create_endpoint(
    *, url: str, enabled_events: Sequence[str], description: str, by: Principal, now: datetime
) -> WebhookEndpoint:
    """A new endpoint with a secret of its own. Raises InvalidInput for its address, TooManyEndpoints."""
    check_address(url)
    if WebhookEndpoint.objects.count() >= MOST_ENDPOINTS:
        raise TooManyEndpoints
    endpoint = WebhookEndpoint(
        url=url, enabled_events=list(enabled_events), description=description, secret=new_secret(), created_at=now
    )
    endpoint.save()
    _record("webhook_endpoint.created", endpoint, by=by, now=now)
    return endpoint


def change_endpoint(*, endpoint_id: UUID, changes: dict[str, Any], by: Principal, now: datetime) -> WebhookEndpoint:
    """Change address, events, description or status. Raises UnknownId, and InvalidInput for the address.

    A disabled endpoint's deliveries end as dead, and can be replayed when it is enabled again.
    """
    if "url" in changes:
        get_endpoint(endpoint_id)
        # Before the lock, on which whoever marks this and others' attempts would wait for the customer's DNS.
        check_address(changes["url"])
    endpoint = get_endpoint(endpoint_id, lock=True)
    for name, value in changes.items():
        setattr(endpoint, name, value)
    if changes.get("status") == WebhookEndpoint.Status.DISABLED:
        endpoint.disabled_because = endpoint.disabled_because or WebhookEndpoint.DisabledBecause.ASKED
        health.end_deliveries(endpoint.id)
    if changes.get("status") == WebhookEndpoint.Status.ENABLED:
        endpoint.disabled_because, endpoint.failing_since = "", None
    if {"url", "status"} & changes.keys():
        pauses.lift(listener="webhooks", target_id=endpoint.id)
    endpoint.save()
    _record("webhook_endpoint.changed", endpoint, by=by, now=now)
    return endpoint


def delete_endpoint(*, endpoint_id: UUID, by: Principal, now: datetime) -> None:
    """Forget the endpoint and its secret. Raises UnknownId.

    What waits for it and what is dead is discarded; one that is on its way may still arrive. The log of its
    deliveries stays for as long as any other.
    """
    endpoint = get_endpoint(endpoint_id, lock=True)
    health.discard_deliveries(endpoint.id, because="endpoint deleted")
    pauses.lift(listener="webhooks", target_id=endpoint.id)
    _record("webhook_endpoint.deleted", endpoint, by=by, now=now)
    endpoint.delete()


def rotate_secret(*, endpoint_id: UUID, by: Principal, now: datetime) -> WebhookEndpoint:
    """A new secret; the old one signs as well for 24 hours more. Raises UnknownId."""
    endpoint = get_endpoint(endpoint_id, lock=True)
    endpoint.previous_secret, endpoint.previous_secret_until = endpoint.secret, now + OVERLAP
    endpoint.secret = new_secret()
    endpoint.save()
    _record("webhook_endpoint.secret_rotated", endpoint, by=by, now=now)
    return endpoint


def send_test_event(*, endpoint_id: UUID, by: Principal, now: datetime) -> Event:
    """An event for this endpoint alone, whatever it subscribes to. Raises UnknownId, EndpointDisabled."""
    endpoint = get_endpoint(endpoint_id)
    if endpoint.status != WebhookEndpoint.Status.ENABLED:
        raise EndpointDisabled
    data = {"webhookEndpointId": public_id("whep", endpoint.id)}
    _record("webhook_endpoint.tested", endpoint, by=by, now=now)
    return events.publish(type=EventType.WEBHOOK_ENDPOINT_TEST, subject_id=endpoint.id, data=data, by=by, now=now)


def replay_dead(*, endpoint_id: UUID, by: Principal, now: datetime) -> int:
    """Replay the endpoint's dead deliveries, the oldest MOST_REPLAYED; how many. Raises UnknownId, EndpointDisabled."""
    endpoint = get_endpoint(endpoint_id)
    if endpoint.status != WebhookEndpoint.Status.ENABLED:
        raise EndpointDisabled
    dead = Delivery.objects.filter(target_id=endpoint.id, status=Delivery.Status.DEAD).order_by("seq")[:MOST_REPLAYED]
    return deliveries.replay_together(deliveries=list(dead), by=by, now=now)


def get_endpoint(endpoint_id: UUID, *, lock: bool = False) -> WebhookEndpoint:
    """The practice's endpoint. Raises UnknownId."""
    rows = WebhookEndpoint.objects.filter(id=endpoint_id)
    endpoint: WebhookEndpoint | None = (rows.select_for_update(no_key=True) if lock else rows).first()
    if endpoint is None:
        raise UnknownId(prefix="whep", value=endpoint_id)
    return endpoint


def check_address(url: str) -> None:
    """Judge the address, as DNS has it now. Raises InvalidInput saying what is wrong."""
    try:
        addresses_of(target_of(url))
    except AddressRefused as refused:
        raise InvalidInput(fields={"url": [_WHY[refused.code]]}) from None


def _record(action: str, endpoint: WebhookEndpoint, *, by: Principal, now: datetime) -> None:
    audit.record(principal=by, action=action, object_kind="whep", object_ids=[endpoint.id], now=now)
