"""What was sent to patients, for operators; in development also the inbox of the messages that went nowhere."""

from typing import ClassVar

from django.conf import settings
from django.contrib import admin

from integrations.bulk.admin import BulkMessageJobAdmin
from integrations.calendar_feeds.admin import CalendarFeedAdmin
from integrations.clients.admin import ApiClientAdmin
from integrations.crm.admin import CrmConnectionAdmin
from integrations.imports.admin import ImportAdmin
from integrations.messaging.admin import InboundMessageAdmin, MessageTemplateAdmin, MessagingConnectionAdmin
from integrations.models import Message
from integrations.stripe.admin import InboundEventAdmin
from integrations.webhooks.admin import NoticeAdmin, WebhookEndpointAdmin
from mybcat.ids import public_id
from mybcat.operators.filters import PracticeFilter, RecordedFilter
from mybcat.operators.masks import last_digits
from mybcat.operators.model_admin import ReadOnlyAdmin

__all__ = (
    "ApiClientAdmin",
    "BulkMessageJobAdmin",
    "CalendarFeedAdmin",
    "CrmConnectionAdmin",
    "ImportAdmin",
    "InboundEventAdmin",
    "InboundMessageAdmin",
    "MessageAdmin",
    "MessageTemplateAdmin",
    "MessagingConnectionAdmin",
    "NoticeAdmin",
    "WebhookEndpointAdmin",
)


@admin.register(Message)
class MessageAdmin(ReadOnlyAdmin):
    """Number and text are masked, unless in development, whose patients are invented."""

    list_display = (
        "created_at", "practice", "channel", "kind", "number", "text", "status", "receipt", "public_id", "patient_name",
    )  # fmt: skip
    list_display_links = ("public_id",)
    list_filter = ("status", "receipt", "kind", "channel", PracticeFilter, RecordedFilter)
    list_select_related = ("practice",)
    search_help_text = "A message's id, or a patient's, pat_…"
    id_columns: ClassVar[dict[str, str]] = {"prac": "practice_id", "pat": "patient_id"}
    fields = (
        "public_id", "practice", "patient_name", "channel", "kind", "number", "text", "status", "reason",
        "provider", "provider_reference", "receipt", "receipt_at", "error_code", "delivery_id", "created_at",
        "attempted_at", "sent_at",
    )  # fmt: skip

    @admin.display(description="patient")
    def patient_name(self, message: Message) -> str:
        return public_id("pat", message.patient_id)

    @admin.display
    def number(self, message: Message) -> str:
        return (message.to if settings.DEVELOPMENT else last_digits(message.to)) or "-"

    @admin.display
    def text(self, message: Message) -> str:
        return message.body if settings.DEVELOPMENT else f"{len(message.body)} characters"
