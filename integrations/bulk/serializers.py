"""What goes in and out of the routes of bulk jobs."""

from typing import Any

from rest_framework import serializers

from integrations.bulk.bodies import MAX_MESSAGES, MAX_NUMBER, MAX_TEXT
from integrations.bulk.models import BulkMessageJob
from mybcat.gateway.inputs import Input
from mybcat.ids import public_id

# v1 knows no pause: for whoever polls, a paused job is one that goes on later.
V1_STATUS = {status: status.upper() for status in BulkMessageJob.Status.values} | {"paused": "IN_PROGRESS"}
V1_STATUSES = sorted(set(V1_STATUS.values()))


class BulkMessageInput(Input):
    to = serializers.CharField(max_length=MAX_NUMBER, help_text="a phone number, best as E.164")
    body = serializers.CharField(max_length=MAX_TEXT)


class BulkMessagesInput(Input):
    """Describes what `bodies.py` reads."""

    messages = serializers.ListField(child=BulkMessageInput(), min_length=1, max_length=MAX_MESSAGES)


class SubmittedV1Output(serializers.Serializer[Any]):
    jobId = serializers.CharField()
    status = serializers.ChoiceField(choices=V1_STATUSES)
    statusUrl = serializers.CharField()


class SubmittedV2Output(SubmittedV1Output):
    status = serializers.ChoiceField(choices=BulkMessageJob.Status.values)


class BulkStatusV1Output(serializers.Serializer[Any]):
    jobId = serializers.CharField()
    status = serializers.ChoiceField(choices=V1_STATUSES)
    processed = serializers.IntegerField()
    total = serializers.IntegerField()
    failed = serializers.IntegerField()
    failedNumbers = serializers.ListField(
        child=serializers.CharField(), required=False, help_text="once it has ended: the first 1,000"
    )
    completedAt = serializers.DateTimeField(required=False, help_text="once it has ended")


class BulkMessageJobOutput(serializers.Serializer[Any]):
    jobId = serializers.CharField()
    status = serializers.ChoiceField(choices=BulkMessageJob.Status.values)
    code = serializers.CharField(allow_blank=True, help_text="why the job failed")
    total = serializers.IntegerField()
    processed = serializers.IntegerField()
    sent = serializers.IntegerField()
    failed = serializers.IntegerField()
    createdAt = serializers.DateTimeField()
    startedAt = serializers.DateTimeField(allow_null=True)
    completedAt = serializers.DateTimeField(allow_null=True)
    erasedAt = serializers.DateTimeField(allow_null=True, help_text="when numbers and texts were removed")


class BulkStatusV2Output(BulkMessageJobOutput):
    failedNumbers = serializers.ListField(
        child=serializers.CharField(), required=False, help_text="once it has ended: the first 1,000"
    )


def show_submitted(job: BulkMessageJob, *, version: str) -> dict[str, Any]:
    """The answer to a job that was accepted."""
    job_id = public_id("job", job.id)
    return {
        "jobId": job_id,
        "status": _status(job, version),
        "statusUrl": f"/api/{version}/bulk-messages/{job_id}/status",
    }


def show_status(job: BulkMessageJob, *, version: str) -> dict[str, Any]:
    """How far it is; without the numbers that failed."""
    if version != "v1":
        return show_job(job)
    shown = {
        "jobId": public_id("job", job.id),
        "status": _status(job, version),
        "processed": job.processed,
        "total": job.total,
        "failed": job.failed,
    }
    return {**shown, "completedAt": job.ended_at.isoformat()} if job.ended_at else shown


def show_job(job: BulkMessageJob) -> dict[str, Any]:
    """A job in v2."""
    times = {
        "createdAt": job.created_at,
        "startedAt": job.started_at,
        "completedAt": job.ended_at,
        "erasedAt": job.erased_at,
    }
    return {
        "jobId": public_id("job", job.id),
        "status": job.status,
        "code": job.code,
        "total": job.total,
        "processed": job.processed,
        "sent": job.processed - job.failed,
        "failed": job.failed,
        **{name: time.isoformat() if time else None for name, time in times.items()},
    }


def _status(job: BulkMessageJob, version: str) -> str:
    return V1_STATUS[job.status] if version == "v1" else job.status
