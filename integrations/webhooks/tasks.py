"""Celery's part of webhooks: what is done by the clock."""

from datetime import UTC, datetime
from typing import Any

from celery import shared_task

from integrations.notices import services as notices
from integrations.webhooks import health


@shared_task(name="integrations.webhooks.tasks.mail_notices")  # type: ignore[untyped-decorator]
def mail_notices(**kwargs: Any) -> None:
    """Tell managers what they have not been told yet."""
    notices.mail_notices(now=datetime.now(UTC))


@shared_task(name="integrations.webhooks.tasks.give_up_forgotten_endpoints")  # type: ignore[untyped-decorator]
def give_up_forgotten_endpoints(**kwargs: Any) -> None:
    """Disable endpoints that have taken nothing for days."""
    health.give_up_forgotten(now=datetime.now(UTC))
