"""Celery tasks of API clients."""

from datetime import UTC, datetime
from typing import Any

from celery import shared_task

from integrations.clients import assertions


@shared_task(name="integrations.clients.tasks.forget_client_assertions")  # type: ignore[untyped-decorator]
def forget_client_assertions(**kwargs: Any) -> None:
    """Delete the signatures that would be refused for their age anyway."""
    assertions.forget_expired(now=datetime.now(UTC))
