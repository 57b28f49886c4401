"""Bulk jobs as operators may see them: how far they are, and none of their numbers and texts."""

from typing import ClassVar

from django.contrib import admin

from integrations.bulk.models import BulkMessageJob
from mybcat.operators.filters import PracticeFilter, RecordedFilter
from mybcat.operators.model_admin import ReadOnlyAdmin


@admin.register(BulkMessageJob)
class BulkMessageJobAdmin(ReadOnlyAdmin):
    list_display = ("public_id", "practice", "status", "processed", "failed", "total", "created_at", "not_before")
    list_filter = ("status", PracticeFilter, RecordedFilter)
    list_select_related = ("practice",)
    search_help_text = "A job's id, job_…"
    id_columns: ClassVar[dict[str, str]] = {"prac": "practice_id"}
    fields = (
        "public_id", "practice", "principal_kind", "principal_id", "status", "code", "processed", "failed", "total",
        "created_at", "started_at", "not_before", "served_at", "ended_at", "erased_at", "correlation_id",
    )  # fmt: skip
