"""v2: instants and FHIR's words."""

from datetime import datetime
from typing import Any

from rest_framework import serializers

from appointments.blockers_v2 import BlockerOutput, show_blocker
from appointments.models import Appointment, Slot
from appointments.offers import Offer, Reason
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
    overbooked = serializers.BooleanField(help_text="beside what the calendar has room for; it has no slots")
    groupId = serializers.CharField(allow_null=True, help_text="of those that were booked together")
    confirmedAt = serializers.DateTimeField(allow_null=True, help_text="when the patient said that they will come")


class SlotOutput(serializers.Serializer[Any]):
    id = serializers.CharField()
    start = serializers.DateTimeField()
    end = serializers.DateTimeField()
    status = serializers.ChoiceField(choices=Slot.Status.choices)
    practitionerId = serializers.CharField()
    locationId = serializers.CharField()


class RankedSlotOutput(SlotOutput):
    rank = serializers.IntegerField(help_text="1: to be read out first")
    reasons = serializers.ListField(child=serializers.ChoiceField(choices=[reason.value for reason in Reason]))


class ExplainedOutput(serializers.Serializer[Any]):
    start = serializers.DateTimeField()
    end = serializers.DateTimeField()
    possible = serializers.BooleanField()
    blockers = BlockerOutput(many=True)
    nearest = SlotOutput(many=True)


def show_booked(booked: Any) -> dict[str, Any]:
    return {**_appointment(booked, "booked", None), "overbooked": False, "groupId": None}


def show_appointment(row: Any) -> dict[str, Any]:
    """A row of `AppointmentQuerySet.shown()`."""
    group = None if row.group_id is None else public_id("group", row.group_id)
    return {**_appointment(row, row.status, row.confirmed_at), "overbooked": row.overbooked, "groupId": group}


def show_slot(row: Any, _time_zone: str) -> dict[str, Any]:
    return {
        "id": public_id("slot", row.id),
        "start": row.starts_at,
        "end": row.ends_at,
        "status": row.status,
        "practitionerId": familiar_id("pract", row.practitioner_id),
        "locationId": familiar_id("loc", row.location_id),
    }


def _appointment(row: Any, status: str, confirmed_at: datetime | None) -> dict[str, Any]:
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
        "confirmedAt": confirmed_at,
    }


def show_explained(explained: Explained, time_zone: str) -> dict[str, Any]:
    return {
        "start": explained.starts_at,
        "end": explained.ends_at,
        "possible": not explained.blockers,
        "blockers": [show_blocker(blocker) for blocker in explained.blockers],
        "nearest": [show_slot(start, time_zone) for start in explained.nearest],
    }


def show_offer(offer: Offer, time_zone: str) -> dict[str, Any]:
    return {
        **show_slot(offer.start, time_zone),
        "rank": offer.rank,
        "reasons": [reason.value for reason in offer.reasons],
    }
