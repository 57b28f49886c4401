"""Deliveries that have ended are kept for a while, to be looked at, and then forgotten with their attempts."""

from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import connection

from mybcat.ids import earliest_uuid
from mybcat.tenancy import platform_scope

BATCH = 5000

# By id, which begins with the time: the primary key finds the oldest without an index that each delivery pays for.
# Arrays, here and in the other statements for `forget`: PostgreSQL expects behind a LIMIT that it does not know a tenth
# of the table, and would join by reading all of it, once a batch.
# Dead ones wait for a decision, however long it takes, and what is still on its way is not history.
_FORGET = """
    WITH old AS MATERIALIZED (
        SELECT id, practice_id FROM mybcat_delivery
        WHERE id < %(before)s AND status IN ('delivered', 'discarded')
        ORDER BY id LIMIT %(limit)s FOR UPDATE SKIP LOCKED
    ), attempt AS (
        DELETE FROM mybcat_deliveryattempt WHERE id = ANY(ARRAY(
            SELECT attempt.id FROM old CROSS JOIN LATERAL (
                SELECT id FROM mybcat_deliveryattempt
                WHERE practice_id = old.practice_id AND delivery_id = old.id OFFSET 0
            ) AS attempt
        ))
    )
    DELETE FROM mybcat_delivery WHERE id = ANY(ARRAY(SELECT id FROM old))
"""


def forget_old_deliveries(*, now: datetime) -> int:
    """Delete what was owed before the retention and has arrived or was discarded; how many."""
    return forget(statement=_FORGET, until=now - settings.DELIVERY_RETENTION, reason="forget old deliveries")


def forget(*, statement: str, until: datetime, reason: str) -> int:
    """Delete by `statement` until it finds no more; how many. It names `until`, `before` (the first id then), `limit`.

    A batch a transaction, so that nobody waits for it and a stop in between does no harm.
    """
    parameters: dict[str, Any] = {"before": earliest_uuid(at=until), "until": until, "limit": BATCH}
    total = 0
    while True:
        with platform_scope(reason=reason), connection.cursor() as cursor:
            cursor.execute(statement, parameters)
            total += cursor.rowcount
            if cursor.rowcount < BATCH:
                return total
