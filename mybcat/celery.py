"""Celery executes; the truth of what is due stands in PostgreSQL."""

import logging
import os
from typing import Any

import structlog
from celery import Celery, signals

from mybcat.correlation import accepted_or_new, correlate, correlation_id

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mybcat.settings")

logger = structlog.get_logger(__name__)

_CORRELATION = "mybcat_correlation_id"

app = Celery("mybcat")
app.config_from_object("mybcat.celeryconfig")
app.autodiscover_tasks()

# Its lines quote the exception, and a database error's message quotes the row, and so the patient.
logging.getLogger("celery.app.trace").setLevel(logging.CRITICAL)
# Two lines a second about what beat has sent.
logging.getLogger("celery.beat").setLevel(logging.WARNING)
# A line per nudge says nothing: deliveries are logged and counted where they are made.
logging.getLogger("celery.worker.strategy").setLevel(logging.WARNING)


@signals.setup_logging.connect  # type: ignore[untyped-decorator]
def _keep_logging(**kwargs: Any) -> None:
    """A receiver stops Celery from configuring logging: settings.py has done it."""


@signals.before_task_publish.connect  # type: ignore[untyped-decorator]
def _send_correlation(*, headers: dict[str, Any], **kwargs: Any) -> None:
    headers.setdefault(_CORRELATION, correlation_id())


@signals.task_prerun.connect  # type: ignore[untyped-decorator]
def _begin_correlation(*, task: Any, **kwargs: Any) -> None:
    """The id of whoever asked for the task; beat's tasks, which nobody asked for, get one of their own."""
    correlate(accepted_or_new(task.request.get(_CORRELATION)))


@signals.task_postrun.connect  # type: ignore[untyped-decorator]
def _end_correlation(**kwargs: Any) -> None:
    correlate("")


@signals.task_failure.connect  # type: ignore[untyped-decorator]
def _log_failure(*, sender: Any, task_id: str, exception: BaseException, **kwargs: Any) -> None:
    logger.error("Task failed", task=sender.name, taskId=task_id, exc_info=exception)
