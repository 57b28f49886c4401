"""v1: dates and times as the practice's clock shows them. Frozen."""

from datetime import datetime
from functools import lru_cache
from typing import Any

from rest_framework import serializers

from appointments.days import zone
from mybcat.ids import familiar_id, public_id

STATUS = {
    "booked": "confirmed",
    "arrived": "arrived",
    "fulfilled": "completed",
    "cancelled": "cancelled",
    "noshow": "no_show",
    # v1 has no word for what never was.
    "entered-in-error": "cancelled",
}
SLOT_STATUS = {"free": "available", "busy": "booked", "busy-tentative": "held", "busy-unavailable": "blocked"}


class BookedOutput(serializers.Serializer[Any]):
    appointmentId = serializers.CharField()
    status = serializers.ChoiceField(choices=["confirmed"])
    date = serializers.DateField()
    time = serializers.RegexField(r"^\d\d:\d\d$")
    type = serializers.CharField()


class AppointmentOutput(serializers.Serializer[Any]):
    appointmentId = serializers.CharField()
    patientId = serializers.CharField()
    slotId = serializers.CharField()
    practitionerId = serializers.CharField()
    locationId = serializers.CharField()
    status = serializers.ChoiceField(choices=list(dict.fromkeys(STATUS.values())))
    date = serializers.DateField()
    time = serializers.RegexField(r"^\d\d:\d\d$")
    type = serializers.CharField()


class SlotOutput(serializers.Serializer[Any]):
    id = serializers.CharField()
    date = serializers.DateField()
    time = serializers.RegexField(r"^\d\d:\d\d$")
    status = serializers.ChoiceField(choices=list(SLOT_STATUS.values()))
    practitionerId = serializers.CharField()
    locationId = serializers.CharField()


def show_booked(booked: Any) -> dict[str, Any]:
    """The article's answer, member for member."""
    date, clock = _local(booked.starts_at, booked.time_zone)
    return {
        "appointmentId": public_id("appt", booked.id),
        "status": "confirmed",
        "date": date,
        "time": clock,
        "type": booked.type_code,
    }


def show_appointment(row: Any) -> dict[str, Any]:
    """A row of `AppointmentQuerySet.shown()`."""
    date, clock = _local(row.starts_at, row.time_zone)
    return {
        "appointmentId": public_id("appt", row.id),
        "patientId": public_id("pat", row.patient_id),
        "slotId": public_id("slot", row.slot_id),
        "practitionerId": familiar_id("pract", row.practitioner_id),
        "locationId": familiar_id("loc", row.location_id),
        "status": STATUS[row.status],
        "date": date,
        "time": clock,
        "type": row.type_code,
    }


def show_slot(row: Any, time_zone: str) -> dict[str, Any]:
    date, clock = _local(row.starts_at, time_zone)
    return {
        "id": public_id("slot", row.id),
        "date": date,
        "time": clock,
        "status": SLOT_STATUS[row.status],
        "practitionerId": familiar_id("pract", row.practitioner_id),
        "locationId": familiar_id("loc", row.location_id),
    }


@lru_cache(maxsize=10_000)
def _local(instant: datetime, time_zone: str) -> tuple[str, str]:
    """Date and time there. Remembered, since the visits of a day begin at few different times."""
    text = instant.astimezone(zone(time_zone)).isoformat()
    return text[:10], text[11:16]
