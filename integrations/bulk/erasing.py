"""Numbers and texts are kept no longer than someone may ask about them; a job's counters stay."""

from datetime import datetime, timedelta

from django.db import connection

from integrations.bulk.models import BulkMessageJob
from mybcat.tenancy import platform_scope

RETENTION = timedelta(days=30)
# A transaction holds locks until its end, and a statement has 5 s.
ROWS = 10_000

_DELETE = """
    WITH doomed AS MATERIALIZED (
        SELECT id FROM integrations_bulkmessage WHERE practice_id = %s AND job_id = %s LIMIT %s
    )
    DELETE FROM integrations_bulkmessage WHERE id = ANY(ARRAY(SELECT id FROM doomed))
"""
_DELETE_BATCHES = "DELETE FROM integrations_bulkmessagebatch WHERE practice_id = %s AND job_id = %s"


def erase_old(*, now: datetime) -> int:
    """Erase each job that ended before the retention; how many. May be stopped and started again."""
    with platform_scope(reason="bulk jobs to erase"):
        old = BulkMessageJob.objects.filter(ended_at__lt=now - RETENTION, erased_at=None)
        jobs = list(old.order_by("ended_at"))
    for job in jobs:
        while _erase_some(job):
            pass
        with platform_scope(reason="erase a bulk job"), connection.cursor() as cursor:
            cursor.execute(_DELETE_BATCHES, [job.practice_id, job.id])
            BulkMessageJob.objects.filter(id=job.id).update(erased_at=now)
    return len(jobs)


def _erase_some(job: BulkMessageJob) -> bool:
    with platform_scope(reason="erase a bulk job"), connection.cursor() as cursor:
        cursor.execute(_DELETE, [job.practice_id, job.id, ROWS])
        return cursor.rowcount == ROWS
