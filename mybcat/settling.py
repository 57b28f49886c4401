"""Marking how attempts ended: arrived, to be tried again, or dead; and letting go what waited behind them."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import orjson
import structlog
from django.db import OperationalError, connection

from mybcat import circuits, pauses
from mybcat.claims import LEASE
from mybcat.correlation import correlated
from mybcat.deliveries import lock_in_order, release
from mybcat.ids import new_uuid
from mybcat.listeners import (
    DeliveryError,
    DeliveryFailed,
    DeliveryPostponed,
    DeliveryRefused,
    Listener,
    Response,
    Settled,
)
from mybcat.metrics import deliveries_settled
from mybcat.models import Delivery
from mybcat.tenancy import platform_scope

logger = structlog.get_logger(__name__)

# Waits are stretched by up to a tenth, so that what failed together does not return together.
JITTER = 0.1
# A vendor that asks for more is no longer asking for patience.
LONGEST_RETRY_AFTER = timedelta(hours=24)
_DEADLOCK, _TRIES = "40P01", 3

_SETTLE = """
    UPDATE mybcat_delivery AS delivery
    SET status = ended.status, lease = NULL, leased_until = NULL, last_error = ended.error,
        attempts = delivery.attempts - ended.uncounted,
        lost = CASE WHEN ended.status = 'pending' THEN delivery.lost ELSE 0 END,
        delivered_at = CASE WHEN ended.status = 'delivered' THEN now() END,
        next_attempt_at = CASE WHEN ended.status = 'pending' THEN greatest(
            CASE WHEN %(from_first)s THEN delivery.first_attempt_at ELSE now() END + ended.offset_, now() + ended.least
        ) ELSE delivery.next_attempt_at END
    FROM json_to_recordset(%(ended)s::json)
        AS ended(id uuid, lease uuid, status text, error text, uncounted int, offset_ interval, least interval)
    WHERE delivery.id = ended.id AND delivery.status = 'leased' AND delivery.lease = ended.lease
    RETURNING delivery.id
"""
_KEEP = """
    INSERT INTO mybcat_deliveryattempt
        (id, practice_id, delivery_id, attempt, trigger, succeeded, error, response_status, response_excerpt,
         started_at, duration_ms)
    SELECT * FROM json_to_recordset(%s::json)
        AS made(id uuid, practice_id uuid, delivery_id uuid, attempt int, trigger text, succeeded bool, error text,
                response_status int, response_excerpt text, started_at timestamptz, duration_ms int)
"""
_LOST = """
    WITH gone AS MATERIALIZED (
        SELECT id, leased_until FROM mybcat_delivery
        WHERE listener = %(listener)s AND status = 'leased' AND leased_until <= now()
        ORDER BY id FOR UPDATE SKIP LOCKED
    )
    UPDATE mybcat_delivery AS delivery
    SET lease = NULL, leased_until = NULL, last_error = 'worker_lost', lost = lost + 1,
        next_attempt_at = now(), status = CASE WHEN attempts >= %(attempts)s THEN 'dead' ELSE 'pending' END
    FROM gone WHERE delivery.id = gone.id RETURNING delivery.*, gone.leased_until AS gone_since
"""


@dataclass(frozen=True, slots=True)
class Attempted:
    """What came of one attempt."""

    delivery: Delivery
    error: Exception | None
    response: Response | None
    started_at: datetime
    duration: timedelta


@dataclass(frozen=True, slots=True)
class _End:
    outcome: str
    status: str
    # From the first attempt or from now, as the listener's schedule counts; and from now, at least.
    offset: timedelta = timedelta()
    least: timedelta = timedelta()
    uncounted: int = 0


def settle(*, listener: Listener, attempted: Sequence[Attempted]) -> list[str]:
    """Mark claimed deliveries `delivered`, `retried` or `dead`; `lost` where another worker holds one by now.

    The lease decides: whoever was overtaken changes nothing. Raises OperationalError when PostgreSQL is away.
    """
    for left in reversed(range(_TRIES)):
        try:
            with platform_scope(reason="settle deliveries"):
                outcomes = _settle(listener, attempted)
            break
        except OperationalError as error:
            if not left or getattr(error.__cause__, "sqlstate", "") != _DEADLOCK:
                raise
    for one, outcome in zip(attempted, outcomes, strict=True):
        _tell(listener, one, outcome)
    return outcomes


def recover_lost(*, listener: Listener) -> int:
    """Make due again, or give up after the last attempt, what vanished workers had; how many were given up."""
    with platform_scope(reason="recover lost deliveries"):
        lost: list[Any] = list(Delivery.objects.raw(_LOST, {"listener": listener.name, "attempts": listener.attempts}))
        dead = [row for row in lost if row.status == Delivery.Status.DEAD]
        error = DeliveryRefused("worker_lost")
        # How long it had been under way when its worker died, nobody knows.
        _keep([Attempted(row, error, None, row.gone_since - LEASE, timedelta()) for row in lost])
        if dead:
            release([row.id for row in dead])
            if listener.settled:
                listener.settled([Settled(row, "dead", error) for row in dead])
    if dead:
        deliveries_settled.labels(listener.name, "dead").inc(len(dead))
        logger.error("Deliveries are dead", listener=listener.name, code="worker_lost", count=len(dead))
    return len(dead)


def _settle(listener: Listener, attempted: Sequence[Attempted]) -> list[str]:
    failed = [each.delivery.id for each in attempted if _is_away(each.error)]
    alive = any(_is_there(each.error) for each in attempted)
    away = circuits.note(listener=listener, failed=failed, alive=alive)
    ends = [_end(listener, each, away=away) for each in attempted]
    lock_in_order([each.delivery.id for each in attempted])
    marked = _mark(listener, attempted, ends)
    settled = [(each, end) for each, end in zip(attempted, ends, strict=True) if each.delivery.id in marked]
    if ended := [each.delivery.id for each, end in settled if end.status != Delivery.Status.PENDING]:
        release(ended)
    pauses.note(listener=listener, ended=[(each.delivery, each.error) for each, _ in settled])
    _keep([each for each, _ in settled if each.error or listener.keeps_attempts])
    if listener.settled:
        listener.settled([Settled(each.delivery, end.outcome, each.error) for each, end in settled])
    return [end.outcome if each.delivery.id in marked else "lost" for each, end in zip(attempted, ends, strict=True)]


def _is_away(error: Exception | None) -> bool:
    """Whether the attempt ended as if the vendor were."""
    return isinstance(error, DeliveryFailed) and not error.answered


def _is_there(error: Exception | None) -> bool:
    """Whether somebody answered. A postponed attempt asked nobody, and our own mistakes say nothing."""
    return error is None or isinstance(error, DeliveryRefused) or (isinstance(error, DeliveryFailed) and error.answered)


def _end(listener: Listener, one: Attempted, *, away: bool) -> _End:
    error, attempts = one.error, one.delivery.attempts
    if error is None:
        return _End("delivered", Delivery.Status.DELIVERED)
    if isinstance(error, DeliveryPostponed):
        return _End("retried", Delivery.Status.PENDING, least=error.wait, uncounted=1)
    if away and _is_away(error):
        return _End("retried", Delivery.Status.PENDING, least=circuits.PROBE, uncounted=1)
    if isinstance(error, DeliveryRefused) or attempts >= listener.attempts:
        return _End("dead", Delivery.Status.DEAD)
    least = timedelta()
    if isinstance(error, DeliveryFailed) and error.retry_after:
        least = min(error.retry_after, LONGEST_RETRY_AFTER)
    offset = listener.schedule[attempts - 1] * (1 + random.uniform(0, JITTER))
    return _End("retried", Delivery.Status.PENDING, offset=offset, least=least)


def _mark(listener: Listener, attempted: Sequence[Attempted], ends: Sequence[_End]) -> set[Any]:
    ended = [
        {
            "id": each.delivery.id,
            "lease": each.delivery.lease,
            "status": str(end.status),
            "error": _code(each.error),
            "uncounted": end.uncounted,
            "offset_": f"{end.offset.total_seconds()} seconds",
            "least": f"{end.least.total_seconds()} seconds",
        }
        for each, end in zip(attempted, ends, strict=True)
    ]
    with connection.cursor() as cursor:
        cursor.execute(_SETTLE, {"from_first": listener.from_first, "ended": _json(ended)})
        return {row[0] for row in cursor.fetchall()}


def _keep(attempted: Sequence[Attempted]) -> None:
    """As JSON: the ORM took longer to write a row than the attempt had taken to sign."""
    if not attempted:
        return
    made = [
        {
            "id": new_uuid(),
            "practice_id": each.delivery.practice_id,
            "delivery_id": each.delivery.id,
            "attempt": each.delivery.attempts,
            "trigger": "manual" if each.delivery.replayed_at and each.delivery.attempts == 1 else "scheduled",
            "succeeded": each.error is None,
            "error": _code(each.error),
            "response_status": each.response.status if each.response else None,
            "response_excerpt": each.response.excerpt if each.response else "",
            "started_at": each.started_at,
            "duration_ms": round(each.duration / timedelta(milliseconds=1)),
        }
        for each in attempted
    ]
    with connection.cursor() as cursor:
        cursor.execute(_KEEP, [_json(made)])


def _json(rows: list[dict[str, Any]]) -> str:
    return orjson.dumps(rows).decode()


def _tell(listener: Listener, one: Attempted, outcome: str) -> None:
    deliveries_settled.labels(listener.name, outcome).inc()
    if outcome == "delivered":
        return
    with correlated(one.delivery.event.correlation_id):
        logger.warning(
            "Delivery did not succeed",
            deliveryId=str(one.delivery.id),
            practiceId=str(one.delivery.practice_id),
            listener=listener.name,
            outcome=outcome,
            code=_code(one.error),
            attempt=one.delivery.attempts,
        )


def _code(error: Exception | None) -> str:
    """The class of what our code did not expect: its message may quote a patient."""
    return error.code if isinstance(error, DeliveryError) else type(error).__name__ if error else ""
