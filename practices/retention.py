"""Sign-ins that are over are kept for a month, to be looked at, and then forgotten; the audit record stays."""

from datetime import datetime, timedelta
from typing import Any

from django.db import connection

from mybcat.ids import earliest_uuid
from mybcat.tenancy import platform_scope

# From their end on, as long as deliveries unless their retention is set otherwise.
KEPT = timedelta(days=30)
BATCH = 5000

# By id, which begins with the time, as of deliveries. A token of a family that is over is refused by its end alone, as
# it is when there is no family: nothing is let in, nor missed, by forgetting it.
_FORGET = """
    DELETE FROM practices_refreshfamily WHERE id IN (
        SELECT id FROM practices_refreshfamily WHERE id < %(before)s AND expires_at < %(at)s
        ORDER BY id LIMIT %(limit)s FOR UPDATE SKIP LOCKED
    )
"""


def forget_old_sign_ins(*, now: datetime) -> int:
    """Delete families whose time ended long ago, revoked before or not, a batch a transaction; how many."""
    at, total = now - KEPT, 0
    parameters: dict[str, Any] = {"before": earliest_uuid(at=at), "at": at, "limit": BATCH}
    while True:
        with platform_scope(reason="forget old sign-ins"), connection.cursor() as cursor:
            cursor.execute(_FORGET, parameters)
            total += cursor.rowcount
            if cursor.rowcount < BATCH:
                return total
