"""Holds that have run out: their slots are free again for calendars and searches, and whoever watches is told."""

from collections import defaultdict
from datetime import datetime, timedelta
from uuid import UUID

from appointments.clock import Clock
from appointments.ending_holds import end_holds
from appointments.models import Hold
from mybcat.tenancy import platform_scope, practice_scope

# Nobody's right waits for this: whoever takes slots asks the database's clock (holds.py).
IDLE = timedelta(seconds=1)
MOST = 200


class Expiring:
    """A chore of the relay's process: PostgreSQL alone stands between a hold's end and its time being offered again."""

    def __call__(self, *, now: datetime) -> timedelta:
        """End what has run out, the oldest first; how long to wait."""
        due = _due()
        for practice_id, hold_ids in due.items():
            with practice_scope(practice_id):
                end_holds(hold_ids, now=now)
        return timedelta() if sum(map(len, due.values())) == MOST else IDLE


def _due() -> dict[UUID, list[UUID]]:
    """By practice."""
    found: dict[UUID, list[UUID]] = defaultdict(list)
    with platform_scope(reason="find holds that have run out"):
        rows = Hold.objects.filter(expires_at__lte=Clock()).order_by("expires_at")
        for practice_id, hold_id in rows.values_list("practice_id", "id")[:MOST]:
            found[practice_id].append(hold_id)
    return found
