"""Celery executes; the truth of what is due stands in PostgreSQL."""

import logging
import os
from typing import Any

import structlog
from celery import Celery, signals

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mybcat.settings")

logger = structlog.get_logger(__name__)

app = Celery("mybcat")
app.config_from_object("mybcat.celeryconfig")
app.autodiscover_tasks()

# Its lines quote the exception, and a database error's message quotes the row, and so the patient.
logging.getLogger("celery.app.trace").setLevel(logging.CRITICAL)
# A line per nudge says nothing: deliveries are logged and counted where they are made.
logging.getLogger("celery.worker.strategy").setLevel(logging.WARNING)


@signals.setup_logging.connect  # type: ignore[untyped-decorator]
def _keep_logging(**kwargs: Any) -> None:
    """A receiver stops Celery from configuring logging: settings.py has done it."""


@signals.task_failure.connect  # type: ignore[untyped-decorator]
def _log_failure(*, sender: Any, task_id: str, exception: BaseException, **kwargs: Any) -> None:
    logger.error("Task failed", task=sender.name, taskId=task_id, exc_info=exception)
