"""Stripe's events: stored once, handled once, given up only after several attempts, replayed on demand."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import structlog
from django.db import transaction
from prometheus_client import Counter

from integrations.stripe import life_cycle
from integrations.stripe.models import InboundEvent
from mybcat import audit
from mybcat.correlation import accepted_or_new, correlated, correlation_id
from mybcat.errors import DomainError
from mybcat.principal import Actor
from mybcat.tenancy import platform_scope

logger = structlog.get_logger(__name__)

events_handled = Counter("mybcat_stripe_events_handled", "Events of Stripe's, by what became of them", ["outcome"])

# What fails is a mistake of ours or an event that is not as documented: time for a deployment, then an operator.
SCHEDULE = tuple(timedelta(seconds=seconds) for seconds in (5, 30, 120, 600, 3600, 21_600))
WORK_LIMIT = 100


class StillPending(DomainError):
    """What has not been handled yet need not be handled again."""

    code = "event_pending"
    status = 409
    sentence = "This event is still waiting to be handled."


def store(*, event: dict[str, Any], body: bytes, now: datetime) -> bool:
    """Keep `event` to be handled; False where it is known already. Committed when this returns."""
    row = InboundEvent(
        stripe_id=event["id"],
        type=event["type"],
        occurred_at=datetime.fromtimestamp(event["created"], UTC),
        body=body,
        received_at=now,
        correlation_id=accepted_or_new(correlation_id()),
        next_attempt_at=now,
    )
    with platform_scope(reason="stripe event"):
        InboundEvent.objects.bulk_create([row], ignore_conflicts=True)
        return bool(InboundEvent.objects.filter(id=row.id).exists())


def is_due(*, now: datetime) -> bool:
    """Whether something waits to be handled; what is being handled just now, too."""
    with platform_scope(reason="stripe events due"):
        return bool(InboundEvent.objects.filter(status="pending", next_attempt_at__lte=now).exists())


def work_off(*, clock: Callable[[], datetime]) -> bool:
    """Handle what is due, one event a transaction; True when there may be more."""
    return all(_handle_next(now=clock()) for _ in range(WORK_LIMIT))


def _handle_next(*, now: datetime) -> bool:
    with platform_scope(reason="stripe event"):
        due = InboundEvent.objects.select_for_update(skip_locked=True).filter(
            status=InboundEvent.Status.PENDING, next_attempt_at__lte=now
        )
        # The order in which they happened, as far as they are here; the rest is for the life cycle to sort out.
        event = due.order_by("occurred_at", "id").first()
        if event is not None:
            with correlated(event.correlation_id):
                _handle(event, now=now)
    return event is not None


def _handle(event: InboundEvent, *, now: datetime) -> None:
    try:
        with transaction.atomic():
            outcome = life_cycle.apply(event=orjson.loads(bytes(event.body)), now=now)
    except Exception as error:  # noqa: BLE001  # whatever it is, the other events must pass
        _put_off(event, error, now=now)
    else:
        event.status, event.outcome, event.handled_at, event.last_error = "handled", outcome, now, ""
        events_handled.labels(outcome).inc()
    event.save()


def _put_off(event: InboundEvent, error: Exception, *, now: datetime) -> None:
    event.attempts += 1
    # The class alone: a message may quote what Stripe sent.
    event.last_error = type(error).__name__
    if event.attempts > len(SCHEDULE):
        event.status = InboundEvent.Status.DEAD
        events_handled.labels("dead").inc()
    else:
        event.next_attempt_at = now + SCHEDULE[event.attempts - 1]
    logger.error("Stripe event could not be handled", eventId=event.stripe_id, type=event.type, exc_info=error)


def replay(*, event: InboundEvent, by: Actor, now: datetime) -> None:
    """Have an event handled anew, in platform scope. Harmless: what is newer still wins. Raises StillPending."""
    done = InboundEvent.objects.filter(id=event.id).exclude(status=InboundEvent.Status.PENDING)
    changes = {"status": "pending", "outcome": "", "handled_at": None, "attempts": 0, "last_error": ""}
    if not done.update(**changes, next_attempt_at=now):
        raise StillPending
    audit.record(
        principal=by, action="stripe_event.replayed", object_kind="inboundevent", object_ids=[event.id], now=now
    )
