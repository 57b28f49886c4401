"""What beat asks of this room."""

import time
from datetime import UTC, datetime
from typing import Any

from celery import shared_task
from django.db import connection

from mybcat.tenancy import platform_scope

# Rows of one transaction: PostgreSQL gives a statement of ours five seconds.
BATCH = 20_000
# Of the 45 s that a task has. The next hour goes on.
BUDGET_SECONDS = 25.0

# Where clinicians were. By their places in the table, or each batch would read all of it; nobody changes these rows.
_TRAIL = """
    DELETE FROM realtime_visitposition WHERE ctid = ANY(ARRAY(
        SELECT position.place FROM practices_practice AS practice
        LEFT JOIN realtime_visitpolicy AS policy ON policy.practice_id = practice.id
        CROSS JOIN LATERAL (
            SELECT ctid AS place FROM realtime_visitposition
            WHERE practice_id = practice.id
              AND at < %(now)s - make_interval(days => coalesce(policy.trail_days, 30))
            ORDER BY at LIMIT %(limit)s
        ) AS position
        LIMIT %(limit)s
    ))
"""
# Where they were last: of visits that are over, and of those that nobody has ended, which are under way no more.
_LAST = """
    DELETE FROM realtime_visitlocation WHERE id = ANY(ARRAY(
        SELECT location.id FROM realtime_visitlocation AS location
        JOIN realtime_visit AS visit ON visit.practice_id = location.practice_id AND visit.id = location.visit_id
        LEFT JOIN realtime_visitpolicy AS policy ON policy.practice_id = visit.practice_id
        WHERE location.at < %(now)s - make_interval(days => coalesce(policy.trail_days, 30))
          AND (visit.status = 'done' OR location.at < %(now)s - interval '1 day')
        LIMIT %(limit)s
    ))
"""


@shared_task(name="realtime.tasks.forget_trails")  # type: ignore[untyped-decorator]
def forget_trails(**kwargs: Any) -> None:
    """Forget positions that are older than their practice keeps them."""
    end = time.monotonic() + BUDGET_SECONDS
    for statement in (_TRAIL, _LAST):
        while _forget(statement) == BATCH and time.monotonic() < end:
            pass


def _forget(statement: str) -> int:
    """A batch a transaction, so that nobody waits for it; how many."""
    with platform_scope(reason="visit trails"), connection.cursor() as cursor:
        cursor.execute(statement, {"now": datetime.now(UTC), "limit": BATCH})
        return cursor.rowcount
