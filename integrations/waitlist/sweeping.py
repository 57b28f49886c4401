"""Openings that are due: a chore of the relay's process, which needs PostgreSQL alone."""

from datetime import datetime, timedelta
from uuid import UUID

import structlog

from appointments.waitlist.models import WaitlistOpening
from integrations.waitlist.cascade import look
from mybcat.tenancy import platform_scope, practice_scope

logger = structlog.get_logger(__name__)

IDLE = timedelta(seconds=1)
MOST = 100
# An opening that could not be looked at must not keep the others waiting.
SET_ASIDE = timedelta(minutes=1)


class Cascading:
    """Safe in several processes: each opening is looked at under its own lock, in a transaction of its own."""

    def __call__(self, *, now: datetime) -> timedelta:
        """Look at what is due, the longest first; how long to wait."""
        due = _due(now)
        for practice_id, opening_id in due:
            _look(practice_id, opening_id, now=now)
        return timedelta() if len(due) == MOST else IDLE


def _due(now: datetime) -> list[tuple[UUID, UUID]]:
    with platform_scope(reason="find openings that are due"):
        rows = WaitlistOpening.objects.filter(status=WaitlistOpening.Status.OPEN, next_at__lte=now)
        return list(rows.order_by("next_at").values_list("practice_id", "id")[:MOST])


def _look(practice_id: UUID, opening_id: UUID, *, now: datetime) -> None:
    try:
        with practice_scope(practice_id):
            look(opening_id=opening_id, now=now)
    except Exception as error:
        logger.error("An opening could not be looked at", openingId=str(opening_id), exc_info=error)
        with practice_scope(practice_id):
            rows = WaitlistOpening.objects.filter(id=opening_id, status=WaitlistOpening.Status.OPEN)
            rows.update(next_at=now + SET_ASIDE)
