"""Feeds as operators see them; their addresses are nowhere."""

from typing import ClassVar

from django.contrib import admin

from integrations.calendar_feeds.models import CalendarFeed
from mybcat.operators.filters import PracticeFilter
from mybcat.operators.model_admin import ReadOnlyAdmin


@admin.register(CalendarFeed)
class CalendarFeedAdmin(ReadOnlyAdmin):
    list_display = ("public_id", "practice", "shows_patients", "number", "created_at", "revoked_at")
    list_filter = ("shows_patients", PracticeFilter)
    list_select_related = ("practice",)
    search_help_text = "A feed's id, feed_…"
    id_columns: ClassVar[dict[str, str]] = {"prac": "practice_id", "pract": "practitioner_id"}
    fields = (
        "public_id", "practice", "practitioner", "shows_patients", "number", "created_at", "created_by", "revoked_at",
    )  # fmt: skip
