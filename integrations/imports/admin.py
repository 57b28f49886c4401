"""Imports as operators may see them: what came of them, and nothing of the files."""

from typing import ClassVar

from django.contrib import admin

from integrations.imports.models import Import
from mybcat.operators.filters import PracticeFilter, RecordedFilter
from mybcat.operators.model_admin import ReadOnlyAdmin


@admin.register(Import)
class ImportAdmin(ReadOnlyAdmin):
    list_display = ("public_id", "practice", "kind", "dry_run", "status", "code", "lines", "created", "created_at")
    list_filter = ("status", "kind", PracticeFilter, RecordedFilter)
    list_select_related = ("practice",)
    search_help_text = "An import's id, imp_…"
    id_columns: ClassVar[dict[str, str]] = {"prac": "practice_id"}
    fields = (
        "public_id", "practice", "principal_kind", "principal_id", "kind", "dry_run", "dates", "even_if_alike",
        "status", "code", "lines", "created", "known", "attempts", "created_at", "ended_at", "correlation_id",
    )  # fmt: skip
