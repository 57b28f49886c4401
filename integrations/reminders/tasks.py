"""Celery's part of reminders: what is done by the clock."""

from datetime import UTC, datetime
from typing import Any

import structlog
from celery import shared_task
from celery.exceptions import SoftTimeLimitExceeded
from django.db.models import F

from integrations.reminders.sweeping import remind
from mybcat.tenancy import platform_scope
from practices.models import Practice

logger = structlog.get_logger(__name__)


@shared_task(name="integrations.tasks.publish_reminders")  # type: ignore[untyped-decorator]
def publish_reminders(**kwargs: Any) -> None:
    """Publish each practice's reminders; what fails or finds no time goes first the next time."""
    now = datetime.now(UTC)
    oldest = F("remindersettings__swept_until").asc(nulls_first=True)
    with platform_scope(reason="publish reminders"):
        practices = list(Practice.objects.order_by(oldest, "id").values_list("id", flat=True))
    for practice_id in practices:
        try:
            remind(practice_id=practice_id, now=now)
        except SoftTimeLimitExceeded:
            raise
        except Exception:
            logger.exception("Reminders not published", practiceId=str(practice_id))
