"""Celery tasks of the platform itself."""

from datetime import UTC, datetime
from typing import Any

import structlog
from celery import shared_task

from mybcat import idempotency_keys, listeners, lockout, retention, working
from mybcat.nudges import Publisher
from mybcat.operators import sessions

logger = structlog.get_logger(__name__)


# Early acknowledgement: a drain that kills its worker would come back and kill the next, while the
# relay asks again anyway for what is due.
@shared_task(  # type: ignore[untyped-decorator]
    name="mybcat.tasks.drain", acks_late=False, retry_on_worker_lost=False
)
def drain(*, listener: str, **kwargs: Any) -> None:
    """Work off what is due for one listener; where that was a full load, ask for another worker."""
    known = listeners.find(listener)
    if known is None:
        # During a deployment, a new relay may nudge an old worker.
        logger.warning("No such listener in this worker", listener=listener)
        return
    if working.work_off(listener=known, clock=_now):
        with Publisher() as publisher:
            publisher.nudge(known)


@shared_task(name="mybcat.tasks.forget_idempotency_keys")  # type: ignore[untyped-decorator]
def forget_idempotency_keys(**kwargs: Any) -> None:
    """Delete the answers that need not be repeated any more."""
    idempotency_keys.forget_expired(now=_now())


@shared_task(name="mybcat.tasks.forget_failed_sign_ins")  # type: ignore[untyped-decorator]
def forget_failed_sign_ins(**kwargs: Any) -> None:
    """Delete counts of failed sign-ins that lock nobody any more."""
    lockout.forget_expired(now=_now())


@shared_task(name="mybcat.tasks.forget_old_deliveries")  # type: ignore[untyped-decorator]
def forget_old_deliveries(**kwargs: Any) -> None:
    """Delete what has long been delivered or discarded, with its attempts."""
    retention.forget_old_deliveries(now=_now())


@shared_task(name="mybcat.tasks.forget_operators_sessions")  # type: ignore[untyped-decorator]
def forget_operators_sessions(**kwargs: Any) -> None:
    """Delete operators' sessions of the admin that are over."""
    sessions.forget_expired(now=_now())


def _now() -> datetime:
    return datetime.now(UTC)
