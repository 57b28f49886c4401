"""The delivery engine: every event reaches each of its listeners at least once, or ends as dead.

What is due, who works on it and how often it was tried stands in PostgreSQL and is compared with
PostgreSQL's clock; Celery only carries hints. A worker may die between its work and the mark, so a
listener must be idempotent by event.
"""

import random
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import structlog
from django.db import connection
from django.db.models import prefetch_related_objects
from django.db.models.functions import Now

from mybcat import audit
from mybcat.correlation import correlated
from mybcat.errors import DomainError
from mybcat.ids import new_uuid
from mybcat.listeners import DeliveryError, DeliveryFailed, DeliveryRefused, Listener, registered
from mybcat.metrics import deliveries_settled
from mybcat.models import Delivery, Event
from mybcat.principal import Actor
from mybcat.tenancy import platform_scope, practice_scope

logger = structlog.get_logger(__name__)

# A task's hard limit: a lease runs out only when its worker is gone.
LEASE = timedelta(seconds=60)
# A worker starts no further delivery after 20 s, which leaves the last one 25 s until the soft limit.
WORK_BUDGET = timedelta(seconds=20)
WORK_LIMIT = 100
# Waits are stretched by up to a tenth, so that what failed together does not return together.
JITTER = 0.1
# A vendor that asks for more is no longer asking for patience.
LONGEST_RETRY_AFTER = timedelta(hours=24)

# `now()` is PostgreSQL's, here and below: workers' clocks may differ.
_DUE = """
    status IN ('pending', 'leased') AND next_attempt_at <= now() AND (status = 'pending' OR leased_until <= now())
"""


class NotDead(DomainError):
    """Only a dead delivery can be replayed; any other one is still on its way or has arrived."""

    code = "delivery_not_dead"
    status = 409
    sentence = "Only a delivery that was given up can be replayed."


def enqueue(*, event: Event, listener: Listener, now: datetime) -> None:
    """Owe `event` to `listener`, once however often this is called; due as soon as the caller's transaction commits."""
    delivery = Delivery(
        practice_id=event.practice_id, event=event, listener=listener.name, next_attempt_at=Now(), created_at=now
    )
    Delivery.objects.bulk_create([delivery], ignore_conflicts=True)


def due_listeners() -> list[Listener]:
    """Registered listeners for whom something is due, or was left by a worker that is gone."""
    by_name = {listener.name: listener for listener in registered()}
    query = f"""
        SELECT name FROM unnest(%s::text[]) AS name
        WHERE EXISTS (SELECT FROM mybcat_delivery WHERE listener = name AND {_DUE})
    """  # noqa: S608
    with platform_scope(reason="due deliveries"), connection.cursor() as cursor:
        cursor.execute(query, [list(by_name)])
        return [by_name[name] for (name,) in cursor.fetchall()]


def work_off(*, listener: Listener, clock: Callable[[], datetime]) -> bool:
    """Claim and attempt what is due, one delivery after the other; True when there may be more.

    One at a time, because a worker that dies takes what it has claimed with it: the delivery that
    killed it must not use up the attempts of others.
    """
    bury_lost(listener=listener)
    end = clock() + WORK_BUDGET
    for _ in range(WORK_LIMIT):
        delivery = claim(listener=listener)
        if delivery is None:
            return False
        with correlated(delivery.event.correlation_id):
            attempt(delivery=delivery, listener=listener, now=clock())
        if clock() >= end:
            break
    return True


def claim(*, listener: Listener, lease: timedelta = LEASE) -> Delivery | None:
    """The delivery that has been due longest, leased to the caller; None when nothing is due.

    The attempt counts from here, so that a delivery that kills its worker each time ends too.
    """
    # MATERIALIZED: a subquery in IN may be planned so that it runs, and locks, several times.
    query = f"""
        WITH due AS MATERIALIZED (
            SELECT id FROM mybcat_delivery WHERE listener = %(listener)s AND {_DUE} AND attempts < %(attempts)s
            ORDER BY next_attempt_at LIMIT 1 FOR UPDATE SKIP LOCKED
        )
        UPDATE mybcat_delivery AS delivery
        SET status = 'leased', lease = %(lease)s, leased_until = now() + %(duration)s, attempts = attempts + 1
        FROM due WHERE delivery.id = due.id RETURNING delivery.*
    """  # noqa: S608
    parameters = {
        "listener": listener.name,
        "attempts": listener.attempts,
        "lease": new_uuid(),
        "duration": lease,
    }
    with platform_scope(reason="claim a delivery"):
        claimed: list[Delivery] = list(Delivery.objects.raw(query, parameters))
        prefetch_related_objects(claimed, "event")
    return claimed[0] if claimed else None


def bury_lost(*, listener: Listener) -> int:
    """Give up deliveries whose worker vanished during the last attempt; how many."""
    with platform_scope(reason="bury lost deliveries"):
        lost = Delivery.objects.filter(
            listener=listener.name, status="leased", leased_until__lte=Now(), attempts__gte=listener.attempts
        )
        buried = lost.update(status="dead", lease=None, leased_until=None, last_error="worker_lost")
    if buried:
        deliveries_settled.labels(listener.name, "dead").inc(buried)
        logger.error("Deliveries are dead", listener=listener.name, code="worker_lost", count=buried)
    return buried


def attempt(*, delivery: Delivery, listener: Listener, now: datetime) -> None:
    """Do the listener's work outside any transaction, then mark how it ended. Raises only for PostgreSQL's absence."""
    error: Exception | None = None
    try:
        listener.handler(delivery=delivery, now=now)
    except DeliveryError as known:
        error = known
    except Exception as unknown:  # one listener's mistake must not stop its other deliveries
        error = unknown
        logger.error("A listener raised", deliveryId=str(delivery.id), listener=listener.name, exc_info=unknown)
    settle(delivery=delivery, listener=listener, error=error)


def settle(*, delivery: Delivery, listener: Listener, error: Exception | None) -> str:
    """Mark a claimed delivery `delivered`, `retried` or `dead`; `lost` where another worker holds it by now.

    The lease decides: whoever was overtaken changes nothing.
    """
    outcome, changes = _outcome(delivery, listener, error)
    with practice_scope(delivery.practice_id):
        held = Delivery.objects.filter(id=delivery.id, status="leased", lease=delivery.lease)
        if not held.update(lease=None, leased_until=None, **changes):
            outcome = "lost"
    deliveries_settled.labels(listener.name, outcome).inc()
    if outcome != "delivered":
        logger.warning(
            "Delivery did not succeed",
            deliveryId=str(delivery.id),
            practiceId=str(delivery.practice_id),
            listener=listener.name,
            outcome=outcome,
            code=_code(error),
            attempt=delivery.attempts,
        )
    return outcome


def replay(*, delivery: Delivery, by: Actor | None, now: datetime) -> None:
    """Try a dead delivery anew, with all its attempts, in the scope entered. Raises NotDead."""
    dead = Delivery.objects.filter(id=delivery.id, status=Delivery.Status.DEAD)
    if not dead.update(status=Delivery.Status.PENDING, attempts=0, next_attempt_at=Now()):
        raise NotDead
    audit.record(
        principal=by,
        action="delivery.replayed",
        object_kind="whd",
        object_ids=[delivery.id],
        now=now,
        practice_id=delivery.practice_id,
    )


def _outcome(delivery: Delivery, listener: Listener, error: Exception | None) -> tuple[str, dict[str, Any]]:
    if error is None:
        return "delivered", {"status": Delivery.Status.DELIVERED, "delivered_at": Now(), "last_error": ""}
    if isinstance(error, DeliveryRefused) or delivery.attempts >= listener.attempts:
        return "dead", {"status": Delivery.Status.DEAD, "last_error": _code(error)}
    wait = listener.schedule[delivery.attempts - 1] * (1 + random.uniform(0, JITTER))
    if isinstance(error, DeliveryFailed) and error.retry_after:
        wait = max(wait, min(error.retry_after, LONGEST_RETRY_AFTER))
    return "retried", {
        "status": Delivery.Status.PENDING,
        "next_attempt_at": Now() + wait,
        "last_error": _code(error),
    }


def _code(error: Exception | None) -> str:
    """The class of what our code did not expect: its message may quote a patient."""
    return error.code if isinstance(error, DeliveryError) else type(error).__name__ if error else ""
