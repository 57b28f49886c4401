"""Celery's part of Stripe's events."""

from datetime import UTC, datetime
from typing import Any

from celery import shared_task

from integrations.stripe import inbound, retention


# Early acknowledgement: beat asks again within seconds for whatever is still due.
@shared_task(  # type: ignore[untyped-decorator]
    name="integrations.stripe.tasks.handle_stripe_events", acks_late=False, retry_on_worker_lost=False
)
def handle_stripe_events(**kwargs: Any) -> None:
    """Work off what Stripe has told us."""
    while inbound.work_off(clock=_now):
        pass


@shared_task(name="integrations.stripe.tasks.forget_stripe_events")  # type: ignore[untyped-decorator]
def forget_stripe_events(**kwargs: Any) -> None:
    """Delete what Stripe told us and was handled long ago."""
    retention.forget_handled(now=_now())


def _now() -> datetime:
    return datetime.now(UTC)
