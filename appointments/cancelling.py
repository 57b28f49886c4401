"""Cancelling: the appointment keeps its record, its time is free again."""

from datetime import datetime, timedelta
from uuid import UUID

from appointments.booking import event_data
from appointments.models import Appointment, Slot
from appointments.schedules import still_wanted
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
    _free_slots(appointment)
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


def _free_slots(appointment: Appointment) -> None:
    """Free those that today's hours still hold; the others stay closed."""
    taken = Slot.objects.filter(
        appointment_id=appointment.id,
        practitioner_id=appointment.practitioner_id,
        # No slot is longer than an hour; slots have no index on the appointment (see Slot).
        starts_at__gt=appointment.occupied_from - timedelta(hours=1),
        starts_at__lt=appointment.occupied_until,
    )
    wanted = still_wanted(
        practitioner=appointment.practitioner,
        since=appointment.occupied_from - timedelta(hours=1),
        until=appointment.occupied_until,
    )
    ids = list(taken.order_by("id").select_for_update(no_key=True).values_list("id", flat=True))
    freed = Slot.objects.filter(id__in=ids)
    freed.filter(starts_at__in=wanted).update(status=Slot.Status.FREE, appointment=None)
    freed.exclude(starts_at__in=wanted).update(status=Slot.Status.BUSY_UNAVAILABLE, appointment=None)
