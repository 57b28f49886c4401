"""Practices' webhook endpoints, for operators: where to, how they fare; never the secret or the path."""

from django.contrib import admin

from integrations.notices.models import Notice
from integrations.webhooks.models import WebhookEndpoint
from mybcat.operators.filters import PracticeFilter, RecordedFilter
from mybcat.operators.model_admin import ReadOnlyAdmin


@admin.register(WebhookEndpoint)
class WebhookEndpointAdmin(ReadOnlyAdmin):
    list_display = ("public_id", "practice", "place", "status", "disabled_because", "failing_since", "last_success_at")
    list_filter = ("status", PracticeFilter, RecordedFilter)
    list_select_related = ("practice",)
    fields = (
        "public_id", "practice", "place", "description", "enabled_events", "status", "disabled_because",
        "failing_since", "last_success_at", "previous_secret_until", "created_at",
    )  # fmt: skip

    @admin.display(description="host")
    def place(self, endpoint: WebhookEndpoint) -> str:
        return endpoint.url.split("/")[2]


@admin.register(Notice)
class NoticeAdmin(ReadOnlyAdmin):
    list_display = ("public_id", "practice", "kind", "count", "first_at", "last_at", "mailed_at", "acknowledged_at")
    list_filter = ("kind", PracticeFilter, RecordedFilter)
    list_select_related = ("practice",)
    fields = (
        "public_id", "practice", "kind", "endpoint_id", "count", "first_at", "last_at", "mailed_at", "acknowledged_at",
    )  # fmt: skip
