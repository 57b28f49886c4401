"""Celery's hints to look after bulk jobs, and their retention."""

from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

from celery import shared_task
from kombu.exceptions import OperationalError

from integrations.bulk import erasing, working


# Early acknowledgement: the rows hold what is due, and beat asks again within seconds.
@shared_task(  # type: ignore[untyped-decorator]
    name="integrations.tasks.send_bulk", acks_late=False, retry_on_worker_lost=False
)
def send_bulk(**kwargs: Any) -> None:
    """Send what is due for as long as the budget lasts; where there is more, ask for another worker."""
    if working.work_off(clock=_now):
        with suppress(OperationalError):
            send_bulk.apply_async(queue="bulk", expires=60)


@shared_task(name="integrations.tasks.erase_bulk")  # type: ignore[untyped-decorator]
def erase_bulk(**kwargs: Any) -> None:
    """Remove numbers and texts of jobs that ended long ago."""
    erasing.erase_old(now=_now())


def _now() -> datetime:
    return datetime.now(UTC)
