"""Celery's hint to look after long files, and their retention."""

from datetime import UTC, datetime
from typing import Any

from celery import shared_task

from integrations.imports import working


# Early acknowledgement: the row is under a lease, and beat asks again within seconds.
@shared_task(  # type: ignore[untyped-decorator]
    name="integrations.imports.tasks.run_imports", acks_late=False, retry_on_worker_lost=False
)
def run_imports(**kwargs: Any) -> None:
    """Take one waiting file over; the next call takes the next."""
    working.work_off(clock=lambda: datetime.now(UTC))
