"""Sign-ins that are over are kept for a month, to be looked at, and then forgotten; the audit record stays."""

from datetime import datetime, timedelta

from mybcat.retention import forget

# From their end on, as long as deliveries unless their retention is set otherwise.
KEPT = timedelta(days=30)

# By id, which begins with the time, as of deliveries. A token of a family that is over is refused by its end alone, as
# it is when there is no family: nothing is let in, nor missed, by forgetting it.
_FORGET = """
    DELETE FROM practices_refreshfamily WHERE id = ANY(ARRAY(
        SELECT id FROM practices_refreshfamily WHERE id < %(before)s AND expires_at < %(until)s
        ORDER BY id LIMIT %(limit)s FOR UPDATE SKIP LOCKED
    ))
"""


def forget_old_sign_ins(*, now: datetime) -> int:
    """Delete families whose time ended long ago, revoked before or not, a batch a transaction; how many."""
    return forget(statement=_FORGET, until=now - KEPT, reason="forget old sign-ins")
