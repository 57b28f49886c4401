"""Schedules, slots and appointments for operators to look at; they are changed by booking and by the hours alone."""

from datetime import datetime
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html

from appointments.blocks.models import AppointmentBlock, AppointmentCap
from appointments.calls.models import Call
from appointments.models import Appointment, HeldTime, Schedule, Slot
from appointments.waitlist.models import WaitlistEntry, WaitlistOffer
from appointments.wishes import WEEKDAYS
from mybcat.ids import public_id
from mybcat.operators.filters import PracticeFilter, RecordedFilter, StartsFilter
from mybcat.operators.model_admin import ReadOnlyAdmin
from practices.models import AppointmentType

IN_PRACTICE: dict[str, str] = {"prac": "practice_id"}


@admin.register(Schedule)
class ScheduleAdmin(ReadOnlyAdmin):
    list_display = ("practitioner", "practice", "generated_until")
    list_filter = (PracticeFilter,)
    list_select_related = ("practice", "practitioner")
    search_fields = ("practitioner__name",)
    id_columns: ClassVar[dict[str, str]] = {**IN_PRACTICE, "pract": "practitioner_id"}
    fields = ("practice", "practitioner", "generated_until")


@admin.register(Slot)
class SlotAdmin(ReadOnlyAdmin):
    list_display = ("public_id", "practice", "practitioner", "location", "starts", "status", "booking")
    list_filter = ("status", PracticeFilter, StartsFilter)
    list_select_related = ("practice", "practitioner", "location")
    search_help_text = "A slot's id, slot_…; choose a practice to filter by status and day."
    id_columns = IN_PRACTICE
    fields = ("public_id", "practice", "practitioner", "location", "starts", "ends", "status", "booking")

    def get_list_filter(self, request: HttpRequest) -> Any:
        # Slots are many and no index holds their status: across practices, a rare one is a scan of them all.
        return self.list_filter if request.GET.get("practice") else (PracticeFilter,)

    @admin.display(description="starts (local)")
    def starts(self, slot: Slot) -> str:
        return _local(slot.starts_at, slot)

    @admin.display(description="ends (local)")
    def ends(self, slot: Slot) -> str:
        return _local(slot.ends_at, slot)

    @admin.display(description="appointment")
    def booking(self, slot: Slot) -> str:
        return _link("appointments_appointment", "appt", slot.appointment_id) if slot.appointment_id else "-"


@admin.register(Appointment)
class AppointmentAdmin(ReadOnlyAdmin):
    list_display = ("public_id", "practice", "starts", "status", "practitioner", "appointment_type", "who")
    list_filter = ("status", "overbooked", PracticeFilter, StartsFilter, RecordedFilter)
    list_select_related = ("practice", "practitioner", "location", "appointment_type")
    search_help_text = "An appointment's id, appt_…, or its patient's, pat_…"
    id_columns: ClassVar[dict[str, str]] = {**IN_PRACTICE, "pat": "patient_id"}
    fields = (
        "public_id", "practice", "who", "practitioner", "location", "appointment_type", "starts", "ends", "status",
        "booked_by", "booked_at", "overbooking_reason", "changed_at", "group", "cancelled_by", "cancelled_at",
        "cancellation_reason",
    )  # fmt: skip

    @admin.display(description="patient")
    def who(self, appointment: Appointment) -> str:
        return _link("patients_patient", "pat", appointment.patient_id)

    @admin.display(description="starts (local)")
    def starts(self, appointment: Appointment) -> str:
        return _local(appointment.starts_at, appointment)

    @admin.display(description="ends (local)")
    def ends(self, appointment: Appointment) -> str:
        return _local(appointment.ends_at, appointment)


@admin.register(Call)
class CallAdmin(ReadOnlyAdmin):
    """Never the number that rang."""

    list_display = ("public_id", "practice", "opened_at", "ended_at", "outcome", "reason")
    list_filter = ("outcome", "reason", PracticeFilter, RecordedFilter)
    list_select_related = ("practice",)
    id_columns = IN_PRACTICE
    fields = ("public_id", "practice", "agent_id", "opened_at", "ended_at", "outcome", "reason")


@admin.register(WaitlistEntry)
class WaitlistEntryAdmin(ReadOnlyAdmin):
    list_display = ("public_id", "practice", "status", "urgency", "appointment_type", "created_at", "ended_at")
    list_filter = ("status", "urgency", PracticeFilter, RecordedFilter)
    list_select_related = ("practice", "appointment_type")
    id_columns = IN_PRACTICE
    fields = (
        "public_id", "practice", "status", "urgency", "appointment_type", "from_date", "until_date", "part_of_day",
        "weekdays", "created_by", "created_at", "ended_at",
    )  # fmt: skip


@admin.register(WaitlistOffer)
class WaitlistOfferAdmin(ReadOnlyAdmin):
    list_display = ("public_id", "practice", "opening", "batch", "status", "offered_at", "expires_at", "answered_at")
    list_filter = ("status", PracticeFilter, RecordedFilter)
    list_select_related = ("practice", "opening")
    id_columns: ClassVar[dict[str, str]] = {**IN_PRACTICE, "wait": "entry_id", "wopn": "opening_id"}
    fields = (
        "public_id", "practice", "entry", "opening", "batch", "status", "offered_at", "expires_at", "answered_at",
    )  # fmt: skip


@admin.register(AppointmentBlock)
class AppointmentBlockAdmin(ReadOnlyAdmin):
    """Clock times are those of the place."""

    list_display = (
        "public_id", "practice", "name", "practitioner", "location", "days", "starts", "ends", "release_hours",
    )  # fmt: skip
    list_filter = ("for_new_patients", PracticeFilter)
    list_select_related = ("practice", "practitioner", "location")
    id_columns: ClassVar[dict[str, str]] = {**IN_PRACTICE, "pract": "practitioner_id", "loc": "location_id"}
    search_help_text = "A block's id, blk_…, or that of its practitioner or location: pract_…, loc_…"
    fields = (
        "public_id", "practice", "name", "practitioner", "location", "days", "starts", "ends", "types",
        "for_new_patients", "release_hours", "valid_from", "valid_until",
    )  # fmt: skip

    @admin.display
    def days(self, block: AppointmentBlock) -> str:
        return ", ".join(WEEKDAYS[day] for day in block.weekdays)

    @admin.display
    def types(self, block: AppointmentBlock) -> str:
        named = AppointmentType.objects.filter(practice_id=block.practice_id, id__in=block.type_ids)
        return ", ".join(named.order_by("code").values_list("code", flat=True))


@admin.register(AppointmentCap)
class AppointmentCapAdmin(ReadOnlyAdmin):
    list_display = ("public_id", "practice", "appointment_type", "practitioner", "location", "most")
    list_filter = (PracticeFilter,)
    list_select_related = ("practice", "appointment_type", "practitioner", "location")
    id_columns: ClassVar[dict[str, str]] = {**IN_PRACTICE, "pract": "practitioner_id", "loc": "location_id"}
    search_help_text = "A cap's id, cap_…, or that of its practitioner or location: pract_…, loc_…"
    fields = ("public_id", "practice", "appointment_type", "practitioner", "location", "most")


@admin.register(HeldTime)
class HeldTimeAdmin(ReadOnlyAdmin):
    list_display = ("starts", "practice", "practitioner", "location", "kind", "holder", "expires")
    list_filter = (PracticeFilter,)
    list_select_related = ("practice", "practitioner", "location", "hold")
    id_columns: ClassVar[dict[str, str]] = {**IN_PRACTICE, "hold": "hold_id", "pract": "practitioner_id"}
    search_help_text = "A hold's id, hold_…, or a practitioner's, pract_…"
    fields = ("practice", "practitioner", "location", "starts", "ends", "kind", "holder", "expires")

    @admin.display(description="starts (local)")
    def starts(self, time: HeldTime) -> str:
        return _local(time.starts_at, time)

    @admin.display(description="ends (local)")
    def ends(self, time: HeldTime) -> str:
        return _local(time.ends_at, time)

    @admin.display
    def kind(self, time: HeldTime) -> str:
        return time.hold.kind

    @admin.display
    def holder(self, time: HeldTime) -> str:
        return f"{time.hold.holder_kind} {time.hold.holder_id}"

    @admin.display(description="expires (local)")
    def expires(self, time: HeldTime) -> str:
        return _local(time.hold.expires_at, time)


def _local(instant: datetime, row: Any) -> str:
    """As the clock at the row's location shows it."""
    return f"{instant.astimezone(ZoneInfo(row.location.time_zone)):%a %Y-%m-%d %H:%M %Z}"


def _link(page: str, prefix: str, value: Any) -> str:
    return format_html('<a href="{}">{}</a>', reverse(f"admin:{page}_change", args=[value]), public_id(prefix, value))
