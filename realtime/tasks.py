"""What beat asks of this room."""

from datetime import UTC, datetime
from typing import Any

from celery import shared_task
from django.db import connection

from mybcat.tenancy import platform_scope

# Where clinicians were, and where those of visits that are over were last.
_FORGET = """
    DELETE FROM realtime_visitposition AS gone USING practices_practice AS practice
    LEFT JOIN realtime_visitpolicy AS policy ON policy.practice_id = practice.id
    WHERE gone.practice_id = practice.id
      AND gone.at < %(now)s - make_interval(days => coalesce(policy.trail_days, 30));
    DELETE FROM realtime_visitlocation AS gone USING realtime_visit AS visit
    LEFT JOIN realtime_visitpolicy AS policy ON policy.practice_id = visit.practice_id
    WHERE gone.practice_id = visit.practice_id AND gone.visit_id = visit.id AND visit.status = 'done'
      AND gone.at < %(now)s - make_interval(days => coalesce(policy.trail_days, 30));
"""


@shared_task(name="realtime.tasks.forget_trails")  # type: ignore[untyped-decorator]
def forget_trails(**kwargs: Any) -> None:
    """Forget positions that are older than their practice keeps them."""
    with platform_scope(reason="visit trails"), connection.cursor() as cursor:
        for statement in _FORGET.split(";")[:-1]:
            cursor.execute(statement, {"now": datetime.now(UTC)})
