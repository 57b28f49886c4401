"""One of a listener's many targets that asked for patience: nothing is tried there until then, whatever is due.

Without it a receiver that answers 429 to one delivery is sent the next at once, and all of them in turn.
"""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from django.db import connection

from mybcat.listeners import DeliveryFailed, Listener
from mybcat.models import Delivery, TargetPause

# The delivery that was answered waits as long as it was told, the others not for ever on its account.
LONGEST = timedelta(hours=1)

_NOTE = """
    INSERT INTO mybcat_targetpause AS known (listener, target_id, until)
    SELECT %(listener)s, asked.target_id, now() + max(asked.wait)
    FROM unnest(%(targets)s::uuid[], %(waits)s::interval[]) AS asked(target_id, wait)
    GROUP BY asked.target_id ORDER BY asked.target_id
    ON CONFLICT (listener, target_id) DO UPDATE SET until = greatest(known.until, EXCLUDED.until)
"""


def note(*, listener: Listener, ended: Sequence[tuple[Delivery, Exception | None]]) -> None:
    """Note what the receivers of these attempts asked for (`Retry-After`), in the transaction that marks them."""
    if listener.per_target is None:
        return
    asked = [
        (delivery.target_id, min(error.retry_after, LONGEST))
        for delivery, error in ended
        if isinstance(error, DeliveryFailed) and error.retry_after
    ]
    if asked:
        targets, waits = zip(*asked, strict=True)
        with connection.cursor() as cursor:
            cursor.execute(_NOTE, {"listener": listener.name, "targets": list(targets), "waits": list(waits)})


def lift(*, listener: str, target_id: UUID) -> None:
    """Nothing is known any more of what this target asked for: it is another address now, or none."""
    TargetPause.objects.filter(listener=listener, target_id=target_id).delete()
