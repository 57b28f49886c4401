"""Taking deliveries to work on: by lease, fair between targets, and not more than may be tried now."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db import connection

from mybcat import circuits
from mybcat.ids import new_uuid
from mybcat.listeners import Listener
from mybcat.models import Delivery, Event
from mybcat.rows import columns, rows_of
from mybcat.tenancy import platform_scope

# A task's hard limit: a lease runs out only when its worker is gone.
LEASE = timedelta(seconds=60)
# Whoever was lost with so many workers may be what killed them: it is tried alone from then on.
SUSPECT = 2
UNLIMITED = 1_000_000
# A target that has had something for so long may be hanging: it gets a part of its share until that has ended. One that
# answers fast is sent much at once, and ten that hang leave the threads to others.
SLOW, SLOW_PART = timedelta(seconds=1), 8

# `now()` is PostgreSQL's, here and below: workers' clocks may differ. Targets one by one, since the
# due deliveries of one that hangs may be thousands: others' would be found only behind them. Of each the first, then of
# each the second: where all of ten that hang is due again at once, an eleventh does not wait behind it. Events last and
# each for itself (OFFSET 0): a join may be planned as a reading of all of them. So may one with what is due, of which
# the plan that is kept for any LIMIT expects a tenth of a backlog: therefore arrays, each id of which is looked up.
_CLAIM = f"""
    WITH RECURSIVE target AS (
        (SELECT target_id FROM mybcat_delivery WHERE listener = %(listener)s AND status = 'pending'
         ORDER BY target_id LIMIT 1)
        UNION ALL
        SELECT (SELECT following.target_id FROM mybcat_delivery AS following
                WHERE following.listener = %(listener)s AND following.status = 'pending'
                    AND following.target_id > target.target_id
                ORDER BY following.target_id LIMIT 1)
        FROM target WHERE target.target_id IS NOT NULL
    ), due AS MATERIALIZED (
        SELECT found.id FROM target CROSS JOIN LATERAL (
            SELECT delivery.id, delivery.next_attempt_at,
                row_number() OVER (ORDER BY delivery.next_attempt_at) AS turn
            FROM mybcat_delivery AS delivery
            WHERE delivery.listener = %(listener)s AND delivery.target_id = target.target_id
                AND delivery.status = 'pending' AND delivery.next_attempt_at <= now()
                AND (delivery.lost >= %(suspect)s) = %(suspects)s
                AND NOT EXISTS (
                    SELECT FROM mybcat_targetpause AS pause
                    WHERE pause.listener = %(listener)s AND pause.target_id = target.target_id AND pause.until > now()
                )
            ORDER BY delivery.next_attempt_at
            LIMIT greatest(0, (
                SELECT CASE WHEN min(busy.leased_until) < now() + %(duration)s - %(slow)s
                    THEN %(per_slow)s ELSE %(per_target)s END - count(*)
                FROM mybcat_delivery AS busy
                WHERE busy.listener = %(listener)s AND busy.target_id = target.target_id
                    AND busy.status = 'leased' AND busy.leased_until > now()
            ))
        ) AS found
        ORDER BY found.turn, found.next_attempt_at LIMIT %(limit)s
    ), free AS MATERIALIZED (
        SELECT id FROM mybcat_delivery WHERE id = ANY(ARRAY(SELECT id FROM due)) AND status = 'pending'
        FOR NO KEY UPDATE SKIP LOCKED
    ), claimed AS (
        UPDATE mybcat_delivery AS delivery
        SET status = 'leased', lease = %(lease)s, leased_until = now() + %(duration)s, attempts = attempts + 1,
            first_attempt_at = coalesce(first_attempt_at, now())
        WHERE delivery.id = ANY(ARRAY(SELECT id FROM free)) RETURNING delivery.*
    )
    SELECT {columns(Delivery, "claimed")}, {columns(Event, "event")}
    FROM claimed CROSS JOIN LATERAL (
        SELECT * FROM mybcat_event WHERE mybcat_event.id = claimed.event_id OFFSET 0
    ) AS event
    ORDER BY claimed.next_attempt_at, claimed.id
"""  # noqa: S608 - of our own columns


@dataclass(frozen=True, slots=True)
class Claimed:
    """Deliveries leased to the caller; where something is due that may not be tried yet, how long that is."""

    deliveries: list[Delivery]
    wait: timedelta | None = None


def claim(*, listener: Listener, limit: int, suspects: bool = False, lease: timedelta = LEASE) -> Claimed:
    """Lease up to `limit` deliveries that are due; whoever claims starts all of them at once.

    The attempt counts from here, so that a delivery that kills its worker each time ends too.
    `suspects` are those that were lost with workers: the others are claimed without them.
    """
    # A claim that PostgreSQL forgets in a crash is claimed again.
    with platform_scope(reason="claim deliveries", forgettable=True):
        admission = circuits.admit(listener=listener, wanted=limit)
        if not admission.limit:
            return Claimed([], admission.wait)
        parameters = {
            "listener": listener.name,
            # Where targets may hang, never all that is free, and the less is free, the less for each.
            "limit": max(1, admission.limit // 2) if listener.per_target else admission.limit,
            "per_target": min(listener.per_target, max(1, limit // 4)) if listener.per_target else UNLIMITED,
            "per_slow": max(1, listener.per_target // SLOW_PART) if listener.per_target else UNLIMITED,
            "slow": SLOW,
            "suspect": SUSPECT,
            "suspects": suspects,
            "lease": new_uuid(),
            "duration": lease,
        }
        rows = _leased(parameters)
        circuits.claimed(listener=listener, count=len(rows), probe=admission.probe and bool(rows))
        if rows and listener.prepare:
            listener.prepare(rows)
    return Claimed(rows)


def _leased(parameters: dict[str, Any]) -> list[Delivery]:
    """What has been due longest first, each with its event."""
    with connection.cursor() as cursor:
        cursor.execute(_CLAIM, parameters)
        found = [rows_of((Delivery, Event), row) for row in cursor.fetchall()]
    for delivery, event in found:
        delivery.event = event
    return [delivery for delivery, _ in found]
