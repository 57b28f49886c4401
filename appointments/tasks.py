"""Celery tasks of the calendar."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import structlog
from celery import shared_task
from celery.exceptions import SoftTimeLimitExceeded

from appointments.calls.services import forget_numbers
from appointments.schedules import due_practitioners, extend_horizon
from appointments.waitlist.expiring import expire_entries
from appointments.waitlist.models import WaitlistEntry
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


@shared_task(name="appointments.tasks.forget_callers_numbers")  # type: ignore[untyped-decorator]
def forget_callers_numbers(**kwargs: Any) -> None:
    """Remove the numbers of callers whom nobody will ring back."""
    forget_numbers(now=datetime.now(UTC))


@shared_task(name="appointments.tasks.expire_waitlist")  # type: ignore[untyped-decorator]
def expire_waitlist(**kwargs: Any) -> None:
    """Take those off the waitlist whose days are over, practice by practice."""
    now = datetime.now(UTC)
    with platform_scope(reason="expire the waitlist"):
        waiting = WaitlistEntry.objects.filter(status=WaitlistEntry.Status.WAITING)
        practices = list(waiting.order_by("practice_id").values_list("practice_id", flat=True).distinct())
    for practice_id in practices:
        with practice_scope(practice_id):
            expire_entries(now=now)


def _extend(practice_id: UUID, now: datetime) -> None:
    with practice_scope(practice_id):
        due = due_practitioners(now=now)
    # A scope each: locks are short, and a practice with many new people never outlasts the time limit.
    for practitioner_id in due:
        with practice_scope(practice_id):
            practitioner = Practitioner.objects.select_related("practice").get(id=practitioner_id)
            change = extend_horizon(practitioner=practitioner, now=now)
        logger.info("Slot horizon extended", practitionerId=str(practitioner_id), opened=change.opened)
