"""A worker's work on long files: one after the other, each under a lease, each in one transaction."""

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

import structlog
from django.db import connection

from integrations.imports import services
from integrations.imports.kinds import IMPORTERS
from integrations.imports.models import Import
from integrations.imports.sheets import read_sheet
from mybcat.correlation import correlated
from mybcat.errors import DomainError
from mybcat.principal import Permission
from mybcat.tenancy import platform_scope, practice_scope
from practices.memberships import member_now

logger = structlog.get_logger(__name__)

# A file that has killed its worker so often is given up.
MAX_ATTEMPTS = 3

# Longer than a task may last: two workers never have the same.
_CLAIM = """
    UPDATE integrations_import SET status = 'in_progress', attempts = attempts + 1,
        leased_until = now() + interval '120 seconds'
    WHERE id = (
        SELECT id FROM integrations_import
        WHERE status = 'queued' OR (status = 'in_progress' AND leased_until <= now())
        ORDER BY created_at LIMIT 1 FOR UPDATE SKIP LOCKED
    )
    RETURNING practice_id, id, attempts, correlation_id
"""


def work_off(*, clock: Callable[[], datetime]) -> bool:
    """Take over the file that has waited longest; False when none waits."""
    with platform_scope(reason="claim an import"), connection.cursor() as cursor:
        cursor.execute(_CLAIM)
        claimed = cursor.fetchone()
    if claimed is None:
        return False
    practice_id, import_id, attempt, correlation = claimed
    with correlated(correlation), practice_scope(practice_id):
        _carry_out(import_id, attempt=attempt, now=clock())
    return True


def _carry_out(import_id: UUID, *, attempt: int, now: datetime) -> None:
    job = Import.objects.select_for_update(no_key=True).get(id=import_id)
    if job.attempts != attempt or job.status != Import.Status.IN_PROGRESS:
        logger.warning("An import was overtaken", importId=str(import_id))
        return
    by = member_now(user_id=job.principal_id)
    if attempt > MAX_ATTEMPTS:
        services.end(job=job, code="gave_up", now=now)
        job.save()
    elif by is None or not by.may(Permission.DATA_IMPORT):
        services.end(job=job, code="not_granted", now=now)
        job.save()
    else:
        importer = IMPORTERS[job.kind]
        sheet = read_sheet(job.content, columns=importer.columns, most=importer.most)
        try:
            services.carry_out(job=job, sheet=sheet, by=by, now=now)
        except DomainError as refusal:
            services.end(job=job, code=refusal.code, now=now)
            job.save()
