"""Bulk jobs: accepted at once, polled, paused, resumed, cancelled, and told what failed."""

from http import HTTPStatus
from typing import Any, ClassVar

import orjson
from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from integrations.bulk import bodies, jobs, serializers
from integrations.bulk.models import BulkMessageJob
from mybcat import audit
from mybcat.errors import UnknownId
from mybcat.gateway.endpoint import Endpoint
from mybcat.gateway.inputs import Input, read_body
from mybcat.gateway.lists import each, listed, page_of, read_query
from mybcat.gateway.tiers import Tier
from mybcat.ids import internal_id
from mybcat.principal import Permission, Role
from mybcat.spreadsheets import spreadsheet

FAILED_NUMBERS = 1000


class BulkEndpoint(Endpoint):
    """Knows the caller's jobs; a manager sees all of the practice's in v2."""

    def job(self, job_id: str, *, lock: bool = False) -> BulkMessageJob:
        """Raises UnknownJob, Forbidden."""
        try:
            value = internal_id("job", job_id)
        except UnknownId:
            raise jobs.UnknownJob(None) from None
        return jobs.get_job(value, by=self.principal, managed=self.request.version == "v2", lock=lock)

    def audit(self, action: str, job: BulkMessageJob) -> None:
        """Failed numbers are patients' numbers."""
        audit.record(principal=self.principal, action=action, object_kind="job", object_ids=[job.id], now=self.now)


class BulkMessages(BulkEndpoint):
    parser_classes = [bodies.BulkParser]
    permissions = {"POST": Permission.MESSAGE_WRITE}
    tiers = {"POST": Tier.T2}
    idempotent = {"POST": "accepted"}

    @extend_schema(
        operation_id="submitBulkMessages",
        versions=["v1"],
        request=serializers.BulkMessagesInput,
        responses={202: serializers.SubmittedV1Output},
    )
    @extend_schema(
        operation_id="submitBulkMessages",
        versions=["v2"],
        request=serializers.BulkMessagesInput,
        responses={202: serializers.SubmittedV2Output},
    )
    def post(self, request: Request) -> Response:
        """Up to 1,000,000 texts, sent by workers; the answer says where to ask how far they are."""
        job = jobs.submit(batches=bodies.given(request.data), by=self.principal, now=self.now)
        shown = serializers.show_submitted(job, version=request.version or "v2")
        return Response(shown, status=HTTPStatus.ACCEPTED, headers={"Location": shown["statusUrl"]})

    def replayed(self, answer: HttpResponse) -> HttpResponse:
        if answer.status_code == HTTPStatus.ACCEPTED:
            answer["Location"] = orjson.loads(answer.content)["statusUrl"]
        return answer


class BulkJobs(Endpoint):
    permissions = {"GET": Permission.MESSAGE_READ}
    tiers = {"GET": Tier.T4}

    @listed("listBulkJobs", v1=serializers.BulkMessageJobOutput, v2=serializers.BulkMessageJobOutput)
    def get(self, request: Request) -> Response:
        """The caller's jobs, the newest first; a manager's list is the practice's."""
        rows = BulkMessageJob.objects.all()
        if self.principal.role != Role.PRACTICE_MANAGER:
            rows = rows.filter(principal_id=self.principal.id)
        show = each(serializers.show_job)
        return page_of(rows, request=request, query=read_query(request), order=("-created_at", "-id"), show_all=show)


class BulkStatus(BulkEndpoint):
    permissions = {"GET": Permission.MESSAGE_READ}
    tiers = {"GET": Tier.T4}

    @extend_schema(operation_id="getBulkStatus", versions=["v1"], responses=serializers.BulkStatusV1Output)
    @extend_schema(operation_id="getBulkStatus", versions=["v2"], responses=serializers.BulkStatusV2Output)
    def get(self, request: Request, job_id: str) -> Response:
        """How far the job is; once it has ended, the first numbers that failed."""
        job = self.job(job_id)
        shown = serializers.show_status(job, version=request.version or "v2")
        if job.ended_at is not None:
            shown["failedNumbers"] = jobs.failed_numbers(job, most=FAILED_NUMBERS)
            self.audit("bulk_message_job.failures", job)
        return Response(shown)


class BulkFailures(BulkEndpoint):
    permissions = {"GET": Permission.MESSAGE_READ}
    tiers = {"GET": Tier.T2}

    @extend_schema(
        operation_id="getBulkFailures",
        responses={(200, "text/csv"): OpenApiTypes.STR},
    )
    def get(self, request: Request, job_id: str) -> HttpResponse:
        """All numbers that failed so far, each with the code that says why."""
        job = self.job(job_id)
        self.audit("bulk_message_job.failures", job)
        return spreadsheet(name=f"{job_id}.csv", head=("number", "code"), rows=jobs.failures(job))


class BulkChange(BulkEndpoint):
    """POST of nothing."""

    permissions = {"POST": Permission.MESSAGE_WRITE}
    tiers = {"POST": Tier.T3}
    change: ClassVar[Any]

    def changed(self, request: Request, job_id: str) -> Response:
        """The job as it is after the change."""
        if request.data:
            read_body(Input, request)
        job = self.job(job_id, lock=True)
        type(self).change(job=job, by=self.principal, now=self.now)
        return Response(serializers.show_job(job))


class PauseBulk(BulkChange):
    change = staticmethod(jobs.pause)

    @extend_schema(operation_id="pauseBulk", request=None, responses=serializers.BulkMessageJobOutput)
    def post(self, request: Request, job_id: str) -> Response:
        """Send no more until the job is resumed."""
        return self.changed(request, job_id)


class ResumeBulk(BulkChange):
    change = staticmethod(jobs.resume)

    @extend_schema(operation_id="resumeBulk", request=None, responses=serializers.BulkMessageJobOutput)
    def post(self, request: Request, job_id: str) -> Response:
        """Go on where the job was paused."""
        return self.changed(request, job_id)


class CancelBulk(BulkChange):
    change = staticmethod(jobs.cancel)

    @extend_schema(operation_id="cancelBulk", request=None, responses=serializers.BulkMessageJobOutput)
    def post(self, request: Request, job_id: str) -> Response:
        """Send no more, ever. What was sent stays sent."""
        return self.changed(request, job_id)
