"""Cancelling: the appointment keeps its record, its time is free again."""

from datetime import datetime
from uuid import UUID

from appointments.booking import event_data
from appointments.holds import Before
from appointments.models import Appointment
from appointments.releasing import hours_around, leave_slots, locked_slots
from mybcat import audit, events
from mybcat.errors import DomainError, UnknownId
from mybcat.principal import Behalf, Principal


class NotCancellable(DomainError):
    code = "not_cancellable"
    status = 409
    sentence = "Only an appointment that is still booked can be cancelled"


def cancel_appointment(
    *, appointment_id: UUID, reason: str, by: Principal | Behalf, now: datetime, undoable: bool = False
) -> Appointment:
    """Cancel for a coded reason and free its slots; `undoable`: once it cannot be undone any more (undoing.py).

    What is done on somebody's behalf cannot be undone. Raises UnknownId, NotCancellable.
    """
    appointment = Appointment.objects.select_for_update(no_key=True).filter(id=appointment_id).first()
    if appointment is None:
        raise UnknownId(prefix="appt", value=appointment_id)
    if appointment.status != Appointment.Status.BOOKED:
        raise NotCancellable
    wanted = hours_around(appointment)
    slots = locked_slots(appointment)
    appointment.status = Appointment.Status.CANCELLED
    appointment.cancelled_at, appointment.cancelled_by, appointment.cancellation_reason = now, by.id, reason
    appointment.save(update_fields=("status", "cancelled_at", "cancelled_by", "cancellation_reason"))
    undoer = by if undoable and isinstance(by, Principal) else None
    leave_slots(slots, wanted=wanted, before=Before.of(appointment), by=undoer, now=now)
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
