"""v2: instants and FHIR's words."""

from typing import Any

from rest_framework import serializers

from appointments.blockers import Blocker, Code
from appointments.models import Appointment, Slot
from appointments.why_not import Explained
from mybcat.ids import familiar_id, public_id


class AppointmentOutput(serializers.Serializer[Any]):
    appointmentId = serializers.CharField()
    patientId = serializers.CharField()
    slotId = serializers.CharField()
    practitionerId = serializers.CharField()
    locationId = serializers.CharField()
    status = serializers.ChoiceField(choices=Appointment.Status.choices)
    start = serializers.DateTimeField()
    end = serializers.DateTimeField()
    type = serializers.CharField()


class SlotOutput(serializers.Serializer[Any]):
    id = serializers.CharField()
    start = serializers.DateTimeField()
    end = serializers.DateTimeField()
    status = serializers.ChoiceField(choices=Slot.Status.choices)
    practitionerId = serializers.CharField()
    locationId = serializers.CharField()


class BlockerOutput(serializers.Serializer[Any]):
    code = serializers.ChoiceField(choices=[code.value for code in Code])
    sentence = serializers.CharField()
    start = serializers.DateTimeField(allow_null=True)
    end = serializers.DateTimeField(allow_null=True)


class ExplainedOutput(serializers.Serializer[Any]):
    start = serializers.DateTimeField()
    end = serializers.DateTimeField()
    possible = serializers.BooleanField()
    blockers = BlockerOutput(many=True)
    nearest = SlotOutput(many=True)


def show_booked(booked: Any) -> dict[str, Any]:
    return _appointment(booked, "booked")


def show_appointment(row: Any) -> dict[str, Any]:
    """A row of `AppointmentQuerySet.shown()`."""
    return _appointment(row, row.status)


def show_slot(row: Any, _time_zone: str) -> dict[str, Any]:
    return {
        "id": public_id("slot", row.id),
        "start": row.starts_at,
        "end": row.ends_at,
        "status": row.status,
        "practitionerId": familiar_id("pract", row.practitioner_id),
        "locationId": familiar_id("loc", row.location_id),
    }


def _appointment(row: Any, status: str) -> dict[str, Any]:
    return {
        "appointmentId": public_id("appt", row.id),
        "patientId": public_id("pat", row.patient_id),
        "slotId": public_id("slot", row.slot_id),
        "practitionerId": familiar_id("pract", row.practitioner_id),
        "locationId": familiar_id("loc", row.location_id),
        "status": status,
        "start": row.starts_at,
        "end": row.ends_at,
        "type": row.type_code,
    }


def _blocker(blocker: Blocker) -> dict[str, Any]:
    return {
        "code": blocker.code.value,
        "sentence": blocker.sentence,
        "start": blocker.since,
        "end": blocker.until,
    }


def show_explained(explained: Explained, time_zone: str) -> dict[str, Any]:
    return {
        "start": explained.starts_at,
        "end": explained.ends_at,
        "possible": not explained.blockers,
        "blockers": [_blocker(blocker) for blocker in explained.blockers],
        "nearest": [show_slot(start, time_zone) for start in explained.nearest],
    }
