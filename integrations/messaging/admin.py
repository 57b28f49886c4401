"""What patients wrote, for operators: that it came and what became of it, not what it says; and what practices say."""

from typing import ClassVar

from django.conf import settings
from django.contrib import admin

from integrations.messaging.models import InboundMessage, MessageTemplate, MessagingConnection
from mybcat.operators.filters import PracticeFilter, RecordedFilter
from mybcat.operators.masks import last_digits
from mybcat.operators.model_admin import ReadOnlyAdmin


@admin.register(InboundMessage)
class InboundMessageAdmin(ReadOnlyAdmin):
    """Number and text are masked, unless in development, whose patients are invented."""

    list_display = ("public_id", "practice", "number", "text", "meaning", "status", "received_at")
    list_filter = ("status", "meaning", PracticeFilter, RecordedFilter)
    list_select_related = ("practice",)
    search_help_text = "A message's id, imsg_…"
    id_columns: ClassVar[dict[str, str]] = {"prac": "practice_id"}
    fields = (
        "public_id", "practice", "number", "text", "said", "media_count", "meaning", "status", "provider_reference",
        "received_at", "acknowledged", "assigned_to", "handled_at", "handled_by",
    )  # fmt: skip

    @admin.display
    def number(self, message: InboundMessage) -> str:
        return message.phone if settings.DEVELOPMENT else last_digits(message.phone)

    @admin.display
    def text(self, message: InboundMessage) -> str:
        return message.body if settings.DEVELOPMENT else f"{len(message.body)} characters"

    @admin.display(description="answer")
    def said(self, message: InboundMessage) -> str:
        return (message.answer if settings.DEVELOPMENT else f"{len(message.answer)} characters") or "-"


@admin.register(MessageTemplate)
class MessageTemplateAdmin(ReadOnlyAdmin):
    """Only a practice words what it says; none of it is about a patient."""

    list_display = ("practice", "kind", "channel", "language", "body", "changed_at")
    list_filter = ("kind", "channel", "language", PracticeFilter)
    list_select_related = ("practice",)
    search_help_text = "A practice's id, prac_…"
    id_columns: ClassVar[dict[str, str]] = {"prac": "practice_id"}
    fields = ("practice", "kind", "channel", "language", "subject", "body", "changed_at", "changed_by")


@admin.register(MessagingConnection)
class MessagingConnectionAdmin(ReadOnlyAdmin):
    """Never the token."""

    list_display = ("practice", "account_sid", "number", "checked_at", "last_error")
    list_filter = (PracticeFilter,)
    list_select_related = ("practice",)
    search_help_text = "A practice's id, prac_…"
    id_columns: ClassVar[dict[str, str]] = {"prac": "practice_id"}
    fields = (*list_display, "created_at")
