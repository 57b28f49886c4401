"""Who sends which batch: leases in rows, practices in turn.

A worker may die at any moment. Its lease runs out by PostgreSQL's clock, and the next one finds each
message as it was committed last.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection

from mybcat.ids import new_uuid
from mybcat.tenancy import platform_scope, practice_scope

# Renewed with each chunk; a chunk takes 30 s at worst.
LEASE = timedelta(seconds=60)

# The practice that has waited longest, its job that has waited longest, that job's first open batch.
_CLAIM = """
    WITH active AS (
        SELECT id, practice_id, served_at, (
            -- Of ended jobs, too: a practice with many small ones has been served all the same.
            SELECT max(served_at) FROM integrations_bulkmessagejob other WHERE other.practice_id = job.practice_id
        ) AS practice_served_at
        FROM integrations_bulkmessagejob job WHERE status IN ('queued', 'in_progress') AND not_before <= now()
    ), next AS MATERIALIZED (
        SELECT batch.id, batch.job_id
        FROM (SELECT * FROM active ORDER BY practice_served_at, served_at) job
        CROSS JOIN LATERAL (
            SELECT id, job_id FROM integrations_bulkmessagebatch
            WHERE practice_id = job.practice_id AND job_id = job.id AND status IN ('pending', 'leased')
              AND next_attempt_at <= now() AND (status = 'pending' OR leased_until <= now())
            ORDER BY number LIMIT 1 FOR UPDATE SKIP LOCKED
        ) batch
        LIMIT 1
    ), served AS (
        UPDATE integrations_bulkmessagejob job
        SET served_at = clock_timestamp(), started_at = coalesce(started_at, now()), status = 'in_progress'
        FROM next WHERE job.id = next.job_id AND job.status IN ('queued', 'in_progress')
    )
    UPDATE integrations_bulkmessagebatch batch
    SET status = 'leased', lease = %(lease)s, leased_until = now() + %(duration)s
    FROM next, integrations_bulkmessagejob job, practices_practice practice
    WHERE batch.id = next.id AND job.id = next.job_id AND practice.id = job.practice_id
    RETURNING batch.id, batch.practice_id, batch.job_id, batch.number, batch.lease, practice.time_zone,
              practice.country, job.correlation_id
"""
_RENEW = """
    UPDATE integrations_bulkmessagebatch SET leased_until = now() + %s
    WHERE practice_id = %s AND id = %s AND status = 'leased' AND lease = %s
"""
_RELEASE = """
    UPDATE integrations_bulkmessagebatch
    SET status = %(status)s, lease = NULL, leased_until = NULL, next_attempt_at = now() + %(wait)s
    WHERE practice_id = %(practice)s AND id = %(batch)s AND status = 'leased' AND lease = %(lease)s
"""


@dataclass(frozen=True, slots=True)
class Claim:
    """A batch under lease, and what its worker must know."""

    batch_id: UUID
    practice_id: UUID
    job_id: UUID
    number: int
    lease: UUID
    time_zone: str
    country: str
    correlation_id: str


class LeaseLost(Exception):
    """Another worker has the batch by now; nothing of ours was written."""


def claim(*, lease: timedelta = LEASE) -> Claim | None:
    """The batch whose turn it is, leased to the caller; None when nothing is due."""
    parameters: dict[str, Any] = {"lease": new_uuid(), "duration": lease}
    with platform_scope(reason="claim a bulk batch"), connection.cursor() as cursor:
        cursor.execute(_CLAIM, parameters)
        row = cursor.fetchone()
    return Claim(*row) if row else None


def renew(claimed: Claim) -> None:
    """Hold the batch for as long again, in the scope and transaction of what is done with it. Raises LeaseLost."""
    parameters: list[Any] = [LEASE, claimed.practice_id, claimed.batch_id, claimed.lease]
    with connection.cursor() as cursor:
        cursor.execute(_RENEW, parameters)
        if cursor.rowcount != 1:
            raise LeaseLost


def release(claimed: Claim, *, wait: timedelta = timedelta(), done: bool = False) -> None:
    """Give the batch up: for `wait`, or because it is `done`. Without the lease, nothing happens."""
    parameters: dict[str, Any] = {
        "status": "done" if done else "pending",
        "wait": wait,
        "practice": claimed.practice_id,
        "batch": claimed.batch_id,
        "lease": claimed.lease,
    }
    with practice_scope(claimed.practice_id), connection.cursor() as cursor:
        cursor.execute(_RELEASE, parameters)


def wait_for_morning(claimed: Claim, *, morning: datetime) -> None:
    """Let the whole job rest until then."""
    with practice_scope(claimed.practice_id), connection.cursor() as cursor:
        cursor.execute(
            "UPDATE integrations_bulkmessagejob SET not_before = %s WHERE practice_id = %s AND id = %s",
            [morning, claimed.practice_id, claimed.job_id],
        )
    release(claimed)
