"""Celery tasks of the calendar."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import structlog
from celery import shared_task
from celery.exceptions import SoftTimeLimitExceeded

from appointments.schedules import due_practitioners, extend_horizon
from mybcat.tenancy import platform_scope, practice_scope
from practices.models import Practice, Practitioner

logger = structlog.get_logger(__name__)


@shared_task(name="appointments.tasks.extend_horizons")  # type: ignore[untyped-decorator]
def extend_horizons(**kwargs: Any) -> None:
    """Make each practice's slots up to its horizon. What fails or finds no time is done the next time."""
    now = datetime.now(UTC)
    with platform_scope(reason="extend slot horizons"):
        practices = list(Practice.objects.order_by("id").values_list("id", flat=True))
    for practice_id in practices:
        try:
            _extend(practice_id, now)
        except SoftTimeLimitExceeded:
            raise
        except Exception:
            logger.exception("Slot horizon not extended", practiceId=str(practice_id))


def _extend(practice_id: UUID, now: datetime) -> None:
    with practice_scope(practice_id):
        due = due_practitioners(now=now)
    # A scope each: locks are short, and a practice with many new people never outlasts the time limit.
    for practitioner_id in due:
        with practice_scope(practice_id):
            practitioner = Practitioner.objects.select_related("practice").get(id=practitioner_id)
            change = extend_horizon(practitioner=practitioner, now=now)
        logger.info("Slot horizon extended", practitionerId=str(practitioner_id), opened=change.opened)
