"""Which endpoint hears of which event."""

from collections.abc import Iterable
from uuid import UUID

from integrations.webhooks.models import WebhookEndpoint
from mybcat.events import Batch, EventType
from mybcat.models import Event

# Between us and one endpoint; nobody subscribes to them.
_OURS = {EventType.WEBHOOK_ENDPOINT_TEST}
OFFERED = sorted(str(event_type) for event_type in EventType if event_type not in _OURS)
PATTERNS = ["*", *sorted({f"{name.partition('.')[0]}.*" for name in OFFERED}), *OFFERED]


def matches(event_type: str, patterns: Iterable[str]) -> bool:
    """Whether one of the patterns names the type: itself, `noun.*` or `*`."""
    return event_type in OFFERED and not {"*", f"{event_type.partition('.')[0]}.*", event_type}.isdisjoint(patterns)


def endpoints_for(event: Event, *, batch: Batch) -> list[UUID]:
    """The enabled endpoints of its practice that hear of `event`, in platform scope."""
    if event.type == EventType.WEBHOOK_ENDPOINT_TEST:
        return [event.subject_id]
    known = batch.once(_enabled).get(event.practice_id, [])
    return [endpoint.id for endpoint in known if matches(event.type, endpoint.enabled_events)]


def _enabled(events: list[Event]) -> dict[UUID, list[WebhookEndpoint]]:
    found: dict[UUID, list[WebhookEndpoint]] = {}
    practices = {event.practice_id for event in events}
    rows = WebhookEndpoint.objects.filter(practice_id__in=practices, status=WebhookEndpoint.Status.ENABLED)
    for endpoint in rows.only("practice_id", "enabled_events").order_by("id"):
        found.setdefault(endpoint.practice_id, []).append(endpoint)
    return found
