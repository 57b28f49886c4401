"""What decides which slots exist: whoever changes it here has the slots made anew in the same transaction."""

from calendar import day_name
from typing import Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponseRedirect
from django.utils import timezone

from appointments.hours.outside import still_with
from appointments.places.services import LocationInUse, refuse_in_use
from appointments.schedules import hours_changed, practice_hours_changed
from mybcat.operators.fields import PhoneField, TimeZoneField
from mybcat.operators.filters import PracticeFilter
from mybcat.operators.model_admin import OperatorAdmin
from mybcat.operators.tenant_admin import TenantAdmin, TenantForm
from practices.models import Location, Practice, Practitioner, TimeOff, WorkingHours
from practices.subscriptions import settle


class RegeneratingAdmin(OperatorAdmin):
    """Saving and deleting applies the new hours to everyone whom they concern."""

    # Whoever changes only other fields leaves the slots alone; None: each field decides.
    deciding: ClassVar[frozenset[str] | None] = None

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        changed = set(form.changed_data)
        if not change or self.deciding is None or changed & self.deciding:
            self.regenerate(obj, everyone=change and "practitioner" in changed)

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        super().delete_model(request, obj)
        self.regenerate(obj)

    def regenerate(self, row: Any, *, everyone: bool = False) -> None:
        """`everyone`: the row was another practitioner's, or the whole practice's, before."""
        now = timezone.now()
        if row.practitioner is None or everyone:
            practice_hours_changed(practice=row.practice, now=now)
        else:
            hours_changed(practitioner=row.practitioner, now=now)


class PracticeForm(forms.ModelForm):
    # Unique where there is one: empty is none.
    stripe_customer_id = forms.CharField(required=False, max_length=255, empty_value=None)
    time_zone = TimeZoneField()
    phone = PhoneField(required=False)
    slot_minutes = forms.TypedChoiceField(
        choices=[(minutes, f"{minutes} min") for minutes in (5, 10, 15, 20, 30, 60)], coerce=int, initial=15
    )


@admin.register(Practice)
class PracticeAdmin(RegeneratingAdmin):
    form = PracticeForm
    deciding = frozenset({"time_zone", "slot_minutes", "horizon_days"})
    list_display = ("name", "time_zone", "plan", "entitled_until", "phone", "public_id", "created_at")
    list_filter = ("plan",)
    date_hierarchy = "created_at"
    search_fields = ("name", "stripe_customer_id")
    readonly_fields = ("public_id", "entitled_until", "created_at")
    fields = (
        "public_id",
        "name",
        "time_zone",
        "country",
        "plan",
        "trial_ends_at",
        "entitled_until",
        "stripe_customer_id",
        "phone",
        "slot_minutes",
        "horizon_days",
        "self_service_lead_hours",
        "self_service_horizon_days",
        "created_at",
    )

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        settle(practice=obj)

    def regenerate(self, row: Practice, *, everyone: bool = True) -> None:
        practice_hours_changed(practice=row, now=timezone.now())


class LocationForm(TenantForm):
    time_zone = TimeZoneField()
    phone = PhoneField(required=False)


@admin.register(Location)
class LocationAdmin(RegeneratingAdmin, TenantAdmin):
    form = LocationForm
    deciding = frozenset({"time_zone", "is_active"})
    list_display = ("name", "practice", "address", "phone", "time_zone", "is_active", "public_id")
    list_filter = ("is_active", PracticeFilter)
    search_fields = ("name", "address")
    fields = ("practice", "name", "address", "phone", "time_zone", "is_active")

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        if change and "is_active" in form.changed_data and not obj.is_active:
            refuse_in_use(obj, now=timezone.now())

    def regenerate(self, row: Location, *, everyone: bool = True) -> None:
        practice_hours_changed(practice=row.practice, now=timezone.now())

    def changeform_view(
        self, request: HttpRequest, object_id: str | None = None, form_url: str = "", extra_context: Any = None
    ) -> Any:
        try:
            return super().changeform_view(request, object_id, form_url, extra_context)
        except LocationInUse as refusal:
            self.record(request, "change", [self.get_object(request, str(object_id))], outcome="refused")
            coming = refusal.members["appointments"]
            messages.error(request, f"{refusal.sentence} (appointments: {coming}). Nothing was saved.")
            return HttpResponseRedirect(request.get_full_path())


@admin.register(Practitioner)
class PractitionerAdmin(RegeneratingAdmin, TenantAdmin):
    deciding = frozenset({"is_active"})
    list_display = ("name", "qualification", "practice", "is_active", "public_id")
    list_filter = ("is_active", PracticeFilter)
    search_fields = ("name",)
    autocomplete_fields = ("user",)
    fields = ("practice", "name", "qualification", "user", "overbookings_a_day", "is_active")

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        if change and "is_active" in form.changed_data and not obj.is_active:
            self._warn(request, still_with(practitioner=obj, now=timezone.now()).count)

    def _warn(self, request: HttpRequest, coming: int) -> None:
        """As managers are told: the appointments stand, and somebody must look at them."""
        if coming:
            stand = "1 appointment to come stands" if coming == 1 else f"{coming} appointments to come stand"
            messages.warning(request, f"{stand} with this practitioner until somebody moves or cancels them.")

    def regenerate(self, row: Practitioner, *, everyone: bool = False) -> None:
        hours_changed(practitioner=row, now=timezone.now())


class WorkingHoursForm(TenantForm):
    weekday = forms.TypedChoiceField(choices=list(enumerate(day_name)), coerce=int)

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        starts, ends = values.get("starts"), values.get("ends")
        # 00:00 ends the day.
        if starts and ends is not None and ends <= starts and (ends.hour, ends.minute) != (0, 0):
            self.add_error("ends", "The end must be after the start; 00:00 is the end of the day.")
        if values.get("valid_from") and values.get("valid_until") and values["valid_until"] <= values["valid_from"]:
            self.add_error("valid_until", "This day is the first on which the hours no longer hold.")
        return values


@admin.register(WorkingHours)
class WorkingHoursAdmin(RegeneratingAdmin, TenantAdmin):
    form = WorkingHoursForm
    list_display = ("practitioner", "practice", "location", "day", "starts", "ends", "valid_from", "valid_until")
    list_filter = ("weekday", PracticeFilter)
    list_select_related = ("practice", "practitioner", "location")
    search_fields = ("practitioner__name", "location__name")
    id_columns = {**TenantAdmin.id_columns, "pract": "practitioner_id", "loc": "location_id"}
    fields = ("practice", "practitioner", "location", "weekday", "starts", "ends", "valid_from", "valid_until")

    @admin.display(description="weekday")
    def day(self, row: WorkingHours) -> str:
        return day_name[row.weekday]

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.has_change_permission(request, obj)


class TimeOffForm(TenantForm):
    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        if values.get("starts_at") and values.get("ends_at") and values["ends_at"] <= values["starts_at"]:
            self.add_error("ends_at", "The end must be after the start.")
        return values


@admin.register(TimeOff)
class TimeOffAdmin(RegeneratingAdmin, TenantAdmin):
    """One practitioner's, one location's (a closure), or the whole practice's where neither is named."""

    form = TimeOffForm
    list_display = ("practice", "practitioner", "location", "reason", "starts_at", "ends_at")
    list_filter = ("reason", PracticeFilter)
    list_select_related = ("practice", "practitioner", "location")
    search_fields = ("practitioner__name", "location__name")
    id_columns = WorkingHoursAdmin.id_columns
    fields = ("practice", "practitioner", "location", "starts_at", "ends_at", "reason")

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.has_change_permission(request, obj)
