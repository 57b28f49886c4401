"""Many dead deliveries at once: all of them, or none."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from mybcat import deliveries
from mybcat.errors import UnknownId
from mybcat.models import Delivery
from mybcat.principal import Principal


def replay(*, delivery_ids: Sequence[UUID], by: Principal, now: datetime) -> int:
    """Replay them, earlier events first; how many. Raises UnknownId, NotDead."""
    rows = _rows(delivery_ids)
    if deliveries.replay_together(deliveries=rows, by=by, now=now) < len(rows):
        raise deliveries.NotDead
    return len(rows)


def discard(*, delivery_ids: Sequence[UUID], because: str, by: Principal, now: datetime) -> int:
    """Want them no more, for a reason that stays with them; how many. Raises UnknownId, NotDead."""
    rows = _rows(delivery_ids)
    for delivery in rows:
        deliveries.discard(delivery=delivery, because=because, by=by, now=now)
    return len(rows)


def _rows(delivery_ids: Sequence[UUID]) -> list[Delivery]:
    found = {row.id: row for row in Delivery.objects.filter(id__in=delivery_ids)}
    for delivery_id in delivery_ids:
        if delivery_id not in found:
            raise UnknownId(prefix="whd", value=delivery_id)
    return sorted(found.values(), key=lambda row: (row.seq, row.id))
