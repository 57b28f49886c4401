"""Patients as operators may see them: masked, found by id, never changed."""

from typing import ClassVar

from django.contrib import admin

from mybcat.operators.filters import PracticeFilter, RecordedFilter
from mybcat.operators.masks import initials, last_digits
from mybcat.operators.model_admin import ReadOnlyAdmin
from patients.models import Patient


@admin.register(Patient)
class PatientAdmin(ReadOnlyAdmin):
    """What is shown is an allow-list: a new field of the model stays hidden."""

    list_display = ("public_id", "practice", "initials", "born", "phone_end", "insurance_provider", "created_at")
    list_filter = (PracticeFilter, RecordedFilter)
    list_select_related = ("practice",)
    search_help_text = "A patient's id, pat_…; names and numbers are not searched."
    id_columns: ClassVar[dict[str, str]] = {"prac": "practice_id"}
    fields = (*list_display, "updated_at")

    @admin.display
    def initials(self, patient: Patient) -> str:
        return initials(patient.first_name, patient.last_name)

    @admin.display
    def born(self, patient: Patient) -> str:
        return str(patient.date_of_birth.year)

    @admin.display(description="phone")
    def phone_end(self, patient: Patient) -> str:
        return last_digits(patient.phone) or "-"
