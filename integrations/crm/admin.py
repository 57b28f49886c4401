"""Practices' CRM connections, for operators to look at: only a practice decides what its CRM may know."""

from typing import ClassVar

from django.contrib import admin

from integrations.crm.models import CrmConnection
from mybcat.operators.filters import PracticeFilter
from mybcat.operators.model_admin import ReadOnlyAdmin


@admin.register(CrmConnection)
class CrmConnectionAdmin(ReadOnlyAdmin):
    """Never the token."""

    list_display = ("practice", "share_name", "share_email", "share_phone", "checked_at", "last_error")
    list_filter = (PracticeFilter,)
    list_select_related = ("practice",)
    search_help_text = "A practice's id, prac_…"
    id_columns: ClassVar[dict[str, str]] = {"prac": "practice_id"}
    fields = (*list_display, "business_associate_agreement", "prepared_at", "created_at")
