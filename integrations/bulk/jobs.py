"""Jobs as their owners see them: asked for, looked at, paused, resumed, cancelled."""

from collections.abc import Iterator
from datetime import datetime
from uuid import UUID

from django.db import connection
from django.db.models import F, Q
from django.db.models.functions import Now

from integrations.bulk.bodies import Batches
from integrations.bulk.models import BulkMessage, BulkMessageJob
from mybcat import audit
from mybcat.correlation import accepted_or_new, correlation_id
from mybcat.errors import DomainError, Forbidden, UnknownId
from mybcat.ids import new_uuid
from mybcat.principal import Principal, Role

_ADD_BATCH = """
    INSERT INTO integrations_bulkmessagebatch (id, practice_id, job_id, number, payload, status, next_attempt_at)
    VALUES (%s, %s, %s, %s, %s, 'pending', %s)
"""
Status = BulkMessageJob.Status


class UnknownJob(UnknownId):
    """contracts.md §8 gives the sentence."""

    sentence = "Job not found"

    def __init__(self, value: UUID | None) -> None:
        super().__init__(prefix="job", value=value)


class JobEnded(DomainError):
    code = "job_ended"
    status = 409
    sentence = "This job has ended"


def submit(*, batches: Batches, by: Principal, now: datetime) -> BulkMessageJob:
    """Keep the job and its batches, whole. Workers find them when the caller's transaction commits."""
    job: BulkMessageJob = BulkMessageJob.objects.create(
        principal_kind=by.kind,
        principal_id=by.id,
        correlation_id=accepted_or_new(correlation_id()),
        total=batches.total,
        created_at=now,
        served_at=now,
        not_before=now,
    )
    with connection.cursor() as cursor:
        for number, payload in enumerate(batches.payloads()):
            cursor.execute(_ADD_BATCH, [new_uuid(), by.practice_id, job.id, number, payload, now])
    _trace("bulk_message_job.submitted", job, by=by, now=now)
    return job


def get_job(job_id: UUID, *, by: Principal, managed: bool = False, lock: bool = False) -> BulkMessageJob:
    """A job of the caller's own; `managed`: any of the practice, if a manager asks. Raises UnknownJob, Forbidden."""
    rows = BulkMessageJob.objects.select_for_update(no_key=True) if lock else BulkMessageJob.objects
    job: BulkMessageJob | None = rows.filter(id=job_id).first()
    if job is None:
        raise UnknownJob(job_id)
    if job.principal_id != by.id and not (managed and by.role == Role.PRACTICE_MANAGER):
        raise Forbidden
    return job


def pause(*, job: BulkMessageJob, by: Principal, now: datetime) -> None:
    """Send no more of a locked job until it is resumed; what is under way arrives. Raises JobEnded."""
    _change(job, Status.PAUSED, "bulk_message_job.paused", by=by, now=now)


def resume(*, job: BulkMessageJob, by: Principal, now: datetime) -> None:
    """Go on with a locked job where it was paused; nothing to do where it was not. Raises JobEnded."""
    started = Status.IN_PROGRESS if job.started_at else Status.QUEUED
    _change(job, started, "bulk_message_job.resumed", by=by, now=now)


def cancel(*, job: BulkMessageJob, by: Principal, now: datetime) -> None:
    """Send no more of a locked job, ever. Cancelling again changes nothing. Raises JobEnded."""
    if job.status != Status.CANCELLED:
        job.ended_at = now
        _change(job, Status.CANCELLED, "bulk_message_job.cancelled", by=by, now=now)


def failures(job: BulkMessageJob) -> Iterator[tuple[str, str]]:
    """Each number that was not sent to, as the request had it, and the code that says why."""
    rows = BulkMessage.objects.filter(job=job, status=BulkMessage.Status.FAILED).order_by("id")
    return iter(rows.values_list("to", "code").iterator(chunk_size=10_000))


def failed_numbers(job: BulkMessageJob, *, most: int) -> list[str]:
    """The first of them."""
    rows = BulkMessage.objects.filter(job=job, status=BulkMessage.Status.FAILED).order_by("id")
    return list(rows.values_list("to", flat=True)[:most])


def drop_waiting(*, phone: str) -> int:
    """Fail what still waits for a number that has opted out, in the practice in scope; how many."""
    waiting = BulkMessage.objects.filter(phone=phone, status=BulkMessage.Status.PENDING).order_by("job_id")
    rows = list(waiting.select_for_update().values_list("id", "job_id"))
    BulkMessage.objects.filter(id__in=[row[0] for row in rows]).update(status="failed", code="opted_out")
    for _, job_id in rows:
        BulkMessageJob.objects.filter(id=job_id).update(processed=F("processed") + 1, failed=F("failed") + 1)
    end_finished([job_id for _, job_id in rows])
    return len(rows)


def end_finished(job_ids: list[UUID]) -> None:
    """Mark those whose last message is settled."""
    open_jobs = BulkMessageJob.objects.filter(id__in=job_ids, processed=F("total"))
    open_jobs.filter(~Q(status__in=BulkMessageJob.ENDED)).update(status=Status.COMPLETED, ended_at=Now())


def _change(job: BulkMessageJob, status: str, action: str, *, by: Principal, now: datetime) -> None:
    if job.status in BulkMessageJob.ENDED:
        raise JobEnded
    job.status = status
    job.save(update_fields=("status", "ended_at"))
    _trace(action, job, by=by, now=now)


def _trace(action: str, job: BulkMessageJob, *, by: Principal, now: datetime) -> None:
    audit.record(principal=by, action=action, object_kind="job", object_ids=[job.id], now=now)
