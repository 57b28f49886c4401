"""How endpoints fare: since when one fails, when it is given up, and what managers are told of it."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from django.db import connection
from django.db.models import F
from django.db.models.functions import Coalesce, Now

from integrations.notices.services import notify
from integrations.webhooks.models import WebhookEndpoint
from integrations.webhooks.sending import DISABLED, GONE
from mybcat.listeners import DeliveryError, Settled
from mybcat.models import Delivery
from mybcat.tenancy import platform_scope

DEAD, GIVEN_UP = "webhook.dead", "webhook.disabled"
# Svix' rule: an endpoint that takes nothing for so long has been forgotten by its owner.
FORGOTTEN = timedelta(days=5)
# An endpoint that takes everything need not be told so each time.
_SUCCEEDED = """
    UPDATE integrations_webhookendpoint SET failing_since = NULL, last_success_at = now()
    WHERE id = ANY(%s)
        AND (failing_since IS NOT NULL OR last_success_at IS NULL OR last_success_at < now() - interval '1 minute')
"""


def note(settled: Sequence[Settled]) -> None:
    """Told by the engine, in the transaction that marks the deliveries (platform scope)."""
    arrived = {each.delivery.target_id for each in settled if each.outcome == "delivered"}
    failed = {each.delivery.target_id for each in settled if _code(each) not in ("", DISABLED)} - arrived
    if arrived:
        _succeeded(arrived)
    if failed:
        WebhookEndpoint.objects.filter(id__in=failed).update(failing_since=Coalesce(F("failing_since"), Now()))
    gone = {each.delivery.target_id: each.delivery.practice_id for each in settled if _code(each) == f"http_{GONE}"}
    for endpoint_id, practice_id in gone.items():
        give_up(endpoint_id=endpoint_id, practice_id=practice_id, because=WebhookEndpoint.DisabledBecause.GONE)
    dead = Counter(
        (each.delivery.practice_id, each.delivery.target_id)
        for each in settled
        if each.outcome == "dead" and _code(each) not in (DISABLED, f"http_{GONE}")
    )
    for (practice_id, endpoint_id), count in dead.items():
        notify(kind=DEAD, practice_id=practice_id, endpoint_id=endpoint_id, count=count)


def give_up(*, endpoint_id: UUID, practice_id: UUID, because: str) -> bool:
    """Disable an endpoint for its own fault and tell the managers; False where it is disabled already."""
    enabled = WebhookEndpoint.objects.filter(id=endpoint_id, status=WebhookEndpoint.Status.ENABLED)
    if not enabled.update(status=WebhookEndpoint.Status.DISABLED, disabled_because=because):
        return False
    end_deliveries(endpoint_id)
    notify(kind=GIVEN_UP, practice_id=practice_id, endpoint_id=endpoint_id, count=1)
    return True


def end_deliveries(endpoint_id: UUID) -> None:
    """Let what waits for a disabled endpoint come up now, to end as dead; what is locked ends when it is due."""
    waiting = Delivery.objects.filter(listener="webhooks", target_id=endpoint_id, status=Delivery.Status.PENDING)
    unlocked = waiting.filter(next_attempt_at__gt=Now()).select_for_update(skip_locked=True, no_key=True)
    Delivery.objects.filter(id__in=list(unlocked.values_list("id", flat=True))).update(next_attempt_at=Now())


def discard_deliveries(endpoint_id: UUID, *, because: str) -> None:
    """Nobody waits any more for what has not arrived at this endpoint, but for what is being tried."""
    ended = (Delivery.Status.HELD, Delivery.Status.PENDING, Delivery.Status.DEAD)
    rows = Delivery.objects.filter(listener="webhooks", target_id=endpoint_id, status__in=ended)
    # By ascending id, as everyone locks them.
    locked = rows.order_by("id").select_for_update(no_key=True).values_list("id", flat=True)
    Delivery.objects.filter(id__in=list(locked)).update(status=Delivery.Status.DISCARDED, discarded_because=because)


def give_up_forgotten(*, now: datetime) -> int:
    """Disable endpoints that have taken nothing for five days; how many."""
    with platform_scope(reason="endpoints that fail"):
        forgotten = WebhookEndpoint.objects.filter(
            status=WebhookEndpoint.Status.ENABLED, failing_since__lte=now - FORGOTTEN
        )
        return sum(
            give_up(endpoint_id=each.id, practice_id=each.practice_id, because=WebhookEndpoint.DisabledBecause.FAILING)
            for each in forgotten.only("id", "practice_id")
        )


def _succeeded(endpoints: set[UUID]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(_SUCCEEDED, [list(endpoints)])


def _code(settled: Settled) -> str:
    error = settled.error
    return error.code if isinstance(error, DeliveryError) else type(error).__name__ if error else ""
