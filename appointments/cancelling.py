"""Cancelling: the appointment keeps its record, its time is free again."""

from datetime import datetime
from uuid import UUID

from appointments.booking import event_data
from appointments.models import Appointment
from appointments.releasing import hours_around, release_slots
from mybcat import audit, events
from mybcat.errors import DomainError, UnknownId
from mybcat.principal import Principal


class NotCancellable(DomainError):
    code = "not_cancellable"
    status = 409
    sentence = "Only an appointment that is still booked can be cancelled"


def cancel_appointment(*, appointment_id: UUID, reason: str, by: Principal, now: datetime) -> Appointment:
    """Cancel for a coded reason and free its slots. Raises UnknownId, NotCancellable."""
    appointment = Appointment.objects.select_for_update(no_key=True).filter(id=appointment_id).first()
    if appointment is None:
        raise UnknownId(prefix="appt", value=appointment_id)
    if appointment.status != Appointment.Status.BOOKED:
        raise NotCancellable
    appointment.status = Appointment.Status.CANCELLED
    appointment.cancelled_at, appointment.cancelled_by, appointment.cancellation_reason = now, by.id, reason
    appointment.save(update_fields=("status", "cancelled_at", "cancelled_by", "cancellation_reason"))
    release_slots(appointment, wanted=hours_around(appointment))
    events.publish(
        type="appointment.cancelled", subject_id=appointment.id, data=event_data(appointment), by=by, now=now
    )
    audit.record(
        principal=by,
        action="appointment.cancelled",
        object_kind="pat",
        object_ids=[appointment.patient_id],
        now=now,
    )
    return appointment
