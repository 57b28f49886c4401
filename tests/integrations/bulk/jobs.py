"""Jobs over HTTP, and their rows as they stand."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from django.db.models import F
from django.db.models.functions import Now

from integrations.models import BulkMessage, BulkMessageBatch, BulkMessageJob
from mybcat.tenancy import platform_scope
from tests.callers import Caller, public


def number(place: int) -> str:
    return f"+1212{place:07d}"


def texts(count: int, *, first: int = 0) -> list[dict[str, str]]:
    return [{"to": number(first + place), "body": f"We are open on Saturday. {place}"} for place in range(count)]


def submit(caller: Caller, messages: list[dict[str, str]], *, version: str = "v1", key: str | None = None) -> Any:
    return caller.post(f"/api/{version}/bulk-messages", {"messages": messages}, key=key)


def submitted(caller: Caller, messages: list[dict[str, str]]) -> str:
    """The public id of a job."""
    answer = submit(caller, messages)
    assert answer.status_code == 202, answer.content
    job_id: str = answer.json()["jobId"]
    return job_id


def with_a_failure(caller: Caller) -> str:
    """The public id of a job, one of whose numbers has failed."""
    job_id = submitted(caller, texts(1))
    with platform_scope(reason="test"):
        job = BulkMessageJob.objects.order_by("created_at").last()
        BulkMessage.objects.create(
            practice_id=job.practice_id, job=job, batch=0, to="12", body="x", status="failed", code="invalid_number"
        )
    return job_id


def status(caller: Caller, job_id: str, *, version: str = "v1") -> Any:
    answer = caller.get(f"/api/{version}/bulk-messages/{job_id}/status")
    assert answer.status_code == 200, answer.content
    return answer.json()


def counts(caller: Caller, job_id: str) -> tuple[str, int, int, int]:
    """Status, processed, total, failed."""
    shown = status(caller, job_id)
    return shown["status"], shown["processed"], shown["total"], shown["failed"]


def public_patient(patient: Any) -> str:
    return public("pat", patient.id)


def the_job() -> BulkMessageJob:
    with platform_scope(reason="test"):
        job: BulkMessageJob = BulkMessageJob.objects.get()
        return job


def statuses() -> dict[str, str]:
    """Of each message, by its number."""
    with platform_scope(reason="test"):
        return dict(BulkMessage.objects.values_list("to", "status"))


def codes() -> dict[str, str]:
    with platform_scope(reason="test"):
        return dict(BulkMessage.objects.exclude(code="").values_list("to", "code"))


def change_messages(**values: Any) -> None:
    with platform_scope(reason="test"):
        BulkMessage.objects.update(**values)


def change_job(**values: Any) -> None:
    with platform_scope(reason="test"):
        BulkMessageJob.objects.update(**values)


def hurry() -> None:
    """All that waits for a later attempt is due; what was attempted was so long ago that the provider knows it."""
    past = Now() - timedelta(seconds=1)
    with platform_scope(reason="test"):
        BulkMessageBatch.objects.update(next_attempt_at=past)
        BulkMessageBatch.objects.filter(status="leased").update(leased_until=past)
        BulkMessage.objects.update(attempted_at=F("attempted_at") - timedelta(minutes=3))


def batches() -> list[BulkMessageBatch]:
    with platform_scope(reason="test"):
        return list(BulkMessageBatch.objects.order_by("job_id", "number"))


def rows_of(numbers: Iterable[str]) -> list[BulkMessage]:
    with platform_scope(reason="test"):
        return list(BulkMessage.objects.filter(to__in=list(numbers)).order_by("id"))
