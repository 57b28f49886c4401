"""Stripe's events that were handled are kept for a while, to be looked at and replayed, and then forgotten."""

from datetime import datetime

from django.conf import settings

from mybcat.retention import forget

# By id, which begins with the time, as of deliveries. What is pending or dead waits for us, and what came of a customer
# whom nobody knows for an operator, however long it takes. Who replays an event begins its time anew.
_FORGET = """
    DELETE FROM integrations_inboundevent WHERE id = ANY(ARRAY(
        SELECT id FROM integrations_inboundevent
        WHERE id < %(before)s AND status = 'handled' AND outcome <> 'unknown_customer' AND handled_at < %(until)s
        ORDER BY id LIMIT %(limit)s FOR UPDATE SKIP LOCKED
    ))
"""


def forget_handled(*, now: datetime) -> int:
    """Delete events that were handled before the retention, a batch a transaction; how many.

    One that Stripe sends once more after that is handled once more, and newer ones still win.
    """
    return forget(statement=_FORGET, until=now - settings.DELIVERY_RETENTION, reason="forget stripe events")
