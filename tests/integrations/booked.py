"""Appointments as booking leaves them, with their events."""

from datetime import UTC, datetime, timedelta
from typing import Any

from appointments.models import Appointment
from mybcat import events, working
from mybcat.claims import claim
from mybcat.deliveries import enqueue
from mybcat.ids import public_id
from mybcat.listeners import Listener
from mybcat.models import Delivery, Event
from mybcat.settling import settle
from mybcat.tenancy import platform_scope, practice_scope
from tests.factories import Clinic

NOW = datetime(2026, 3, 1, 15, tzinfo=UTC)
STARTS_AT = datetime(2026, 3, 3, 15, tzinfo=UTC)


def booked(clinic: Clinic, *, starts_at: datetime = STARTS_AT, **fields: Any) -> tuple[Appointment, Event]:
    """An appointment and its event, committed together."""
    ends_at = starts_at + timedelta(minutes=30)
    with practice_scope(clinic.practice.id):
        appointment = Appointment.objects.create(
            **{
                "patient": clinic.patient,
                "practitioner": clinic.practitioner,
                "location": clinic.location,
                "appointment_type": clinic.exam,
                "slot": clinic.slots[0],
                "starts_at": starts_at,
                "ends_at": ends_at,
                "occupied_from": starts_at,
                "occupied_until": ends_at,
                "booked_by": clinic.agent.id,
                "booked_at": NOW,
                **fields,
            }
        )
        return appointment, _publish(clinic, appointment, "appointment.booked")


def cancelled(clinic: Clinic, appointment: Appointment) -> Event:
    """Its cancellation, and the event of that."""
    with practice_scope(clinic.practice.id):
        Appointment.objects.filter(id=appointment.id).update(
            status="cancelled", cancelled_at=NOW, cancelled_by=clinic.agent.id, cancellation_reason="patient_request"
        )
        return _publish(clinic, appointment, "appointment.cancelled")


def _publish(clinic: Clinic, appointment: Appointment, event_type: str) -> Event:
    data = {
        "appointmentId": public_id("appt", appointment.id),
        "patientId": public_id("pat", appointment.patient_id),
        "practitionerId": public_id("pract", appointment.practitioner_id),
        "locationId": public_id("loc", appointment.location_id),
        "slotId": public_id("slot", appointment.slot_id),
    }
    return events.publish(type=event_type, subject_id=appointment.id, data=data, by=clinic.principal, now=NOW)


def claimed(event: Event, listener: Listener) -> Delivery:
    """The delivery of `event`, leased as a worker has it."""
    with platform_scope(reason="test"):
        enqueue(event=event, listener=listener, now=NOW)
    (delivery,) = claim(listener=listener, limit=1).deliveries
    return delivery


def attempt(*, delivery: Delivery, listener: Listener, now: datetime) -> None:
    """One attempt, and its mark, as a worker does both."""
    settle(listener=listener, attempted=[working.attempt(delivery=delivery, listener=listener, clock=lambda: now)])
