"""Mails that a sweep sends, each marked as soon as it has left: whoever is killed sends one of them again, not all."""

import time
from collections.abc import Callable, Iterable
from typing import TypeVar

import structlog
from django.core.mail import EmailMessage
from django.db import models

logger = structlog.get_logger(__name__)

Row = TypeVar("Row", bound=models.Model)

# Of the 45 s that a task has: the last mail may take the rest. The next sweep goes on.
BUDGET_SECONDS = 20.0


def send_each(
    rows: Iterable[Row],
    *,
    written: Callable[[Row], EmailMessage],
    sent: Callable[[Row], None],
    failure: str,
    named: str,
) -> int:
    """Send what `written` makes of each row, outside any scope, and tell `sent`, which marks it; how many.

    One that cannot leave, whatever the reason, is logged as `failure`, its id `named` so, and stops no other.
    """
    count, end = 0, time.monotonic() + BUDGET_SECONDS
    for row in rows:
        try:
            written(row).send()
        except Exception as error:  # a name that no header can hold, as well as a server that is away
            logger.error(failure, **{named: str(row.pk)}, exc_info=error)
        else:
            sent(row)
            count += 1
        if time.monotonic() >= end:
            break
    return count
