"""Confirming: the patient has said that they will come to the time that the appointment has."""

from datetime import datetime
from uuid import UUID

from appointments.booking import event_data
from appointments.models import Appointment
from mybcat import audit, events
from mybcat.errors import DomainError, UnknownId
from mybcat.events import EventType
from mybcat.principal import Behalf, Principal


class NotConfirmable(DomainError):
    code = "not_confirmable"
    status = 409
    sentence = "Only an appointment that is still booked and to come can be confirmed"


def confirm_appointment(*, appointment_id: UUID, by: Principal | Behalf, now: datetime) -> Appointment:
    """Keep that the patient accepts (FHIR: participant status accepted); a move takes it back.

    Confirmed again, it stays as it is. Raises UnknownId, NotConfirmable.
    """
    appointment: Appointment | None = (
        Appointment.objects.select_for_update(no_key=True).filter(id=appointment_id).first()
    )
    if appointment is None:
        raise UnknownId(prefix="appt", value=appointment_id)
    if appointment.status != Appointment.Status.BOOKED or appointment.starts_at <= now:
        raise NotConfirmable
    if appointment.confirmed_at is None:
        appointment.confirmed_at = now
        appointment.save(update_fields=("confirmed_at",))
        confirmed = EventType.APPOINTMENT_CONFIRMED
        events.publish(type=confirmed, subject_id=appointment.id, data=event_data(appointment), by=by, now=now)
        audit.record(principal=by, action=confirmed, object_kind="pat", object_ids=[appointment.patient_id], now=now)
    return appointment
