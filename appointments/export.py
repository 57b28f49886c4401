"""Appointments of some days as a spreadsheet, for those who may take patients' data out of the product."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import QuerySet
from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request

from appointments.days import day_range, zone
from appointments.models import Appointment
from mybcat import audit
from mybcat.gateway.endpoint import Endpoint
from mybcat.gateway.inputs import DayField, Input
from mybcat.gateway.lists import read_query
from mybcat.gateway.tiers import Tier
from mybcat.ids import familiar_id, public_id
from mybcat.principal import Permission
from mybcat.spreadsheets import spreadsheet

# A practice of twenty practitioners has 50,000 appointments a quarter, which make an answer of 15 MB.
MAX_DAYS = 92
# Patients whom one audit row names: 80 kB of ids.
AUDITED_TOGETHER = 2000
HEAD = (
    "id", "start", "end", "status", "type", "practitionerId", "practitioner", "locationId", "location",
    "patientId", "firstName", "lastName",
)  # fmt: skip


class ExportQuery(Input):
    """Days on the practice's clock, both included."""

    to = DayField()

    def get_fields(self) -> dict[str, serializers.Field]:
        # `from` is no Python name.
        return {"from": DayField(), **super().get_fields()}

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if not 0 <= (attrs["to"] - attrs["from"]).days < MAX_DAYS:
            raise serializers.ValidationError({"to": [f"At most {MAX_DAYS} days, and not before `from`"]})
        return attrs


class AppointmentsCSV(Endpoint):
    permissions = {"GET": Permission.PATIENT_EXPORT}
    tiers = {"GET": Tier.T2}

    @extend_schema(
        operation_id="exportAppointments", parameters=[ExportQuery], responses={(200, "text/csv"): OpenApiTypes.STR}
    )
    def get(self, request: Request) -> HttpResponse:
        """Appointments that begin on these days, whatever became of them; each patient's audit trail tells of it."""
        query = read_query(request, ExportQuery, paged=False)
        since, until = day_range(first=query["from"], last=query["to"], time_zone=self.principal.time_zone)
        found = list(_found().starting_between(since, until).order_by("starts_at", "id"))
        patients = list(dict.fromkeys(row.patient_id for row in found))
        self._audit(patients)
        return spreadsheet(name="appointments.csv", head=HEAD, rows=_cells(found))

    def _audit(self, patients: list[UUID]) -> None:
        for first in range(0, len(patients), AUDITED_TOGETHER):
            audit.record(
                principal=self.principal,
                action="appointment.export",
                object_kind="pat",
                object_ids=patients[first : first + AUDITED_TOGETHER],
                now=self.now,
            )


def _found() -> Any:
    rows: QuerySet[Appointment] = Appointment.objects.select_related(
        "patient", "practitioner", "location", "appointment_type"
    )
    return rows


def _cells(found: list[Appointment]) -> Iterator[tuple[object, ...]]:
    for row in found:
        local: ZoneInfo = zone(row.location.time_zone)
        yield (
            public_id("appt", row.id),
            row.starts_at.astimezone(local).isoformat(),
            row.ends_at.astimezone(local).isoformat(),
            row.status,
            row.appointment_type.code,
            familiar_id("pract", row.practitioner_id),
            row.practitioner.name,
            familiar_id("loc", row.location_id),
            row.location.name,
            public_id("pat", row.patient_id),
            row.patient.first_name,
            row.patient.last_name,
        )
