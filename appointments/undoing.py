"""Undoing a booking, a move or a cancellation right after it: what it took is given back, what it left is there."""

from datetime import datetime
from uuid import UUID

from django.db.models import Q

from appointments.booking import event_data
from appointments.cancelling import cancel_appointment
from appointments.ending_holds import end_holds
from appointments.holds import UNDOABLE, Clock
from appointments.models import Appointment, Hold
from appointments.moving import occupy, put_at
from appointments.releasing import slots_of
from appointments.taking import Needed, lock, take, touching
from mybcat import audit, events
from mybcat.errors import DomainError, UnknownId
from mybcat.events import EventType
from mybcat.principal import Principal


class NothingToUndo(DomainError):
    code = "nothing_to_undo"
    status = 409
    sentence = "This can be undone for 10 seconds, by whoever did it, as long as nothing came after it"


def undo_change(*, appointment_id: UUID, by: Principal, now: datetime) -> Appointment:
    """Undo what the caller has done to the appointment last: cancelled, moved or booked it, in the last ten seconds.

    A booking that is undone is cancelled as booked in error: the patient may have been told already. Raises UnknownId,
    NothingToUndo.
    """
    appointment = Appointment.objects.select_for_update(no_key=True).filter(id=appointment_id).first()
    if appointment is None:
        raise UnknownId(prefix="appt", value=appointment_id)
    kept = _kept(appointment, by)
    if kept is not None and appointment.status == Appointment.Status.CANCELLED:
        _reinstate(appointment, kept, by=by, now=now)
    elif kept is not None and kept.slot is not None and appointment.status == Appointment.Status.BOOKED:
        put_at(appointment, kept.slot, by=by, now=now, undoable=False)
        end_holds([kept.id], now=now)
    elif _booked_just_now(appointment, by):
        reason = Appointment.CancellationReason.BOOKED_IN_ERROR
        return cancel_appointment(appointment_id=appointment.id, reason=reason, by=by, now=now)
    else:
        raise NothingToUndo
    return appointment


def _kept(appointment: Appointment, by: Principal) -> Hold | None:
    """What keeps the time that the caller's latest change of it has left."""
    rows = Hold.objects.filter(kind=Hold.Kind.UNDO, holder_id=by.id, appointment=appointment, expires_at__gt=Clock())
    return rows.select_related("slot__practitioner", "slot__location").order_by("-placed_at", "-id").first()


def _booked_just_now(appointment: Appointment, by: Principal) -> bool:
    rows = Appointment.objects.filter(
        id=appointment.id, status=Appointment.Status.BOOKED, booked_by=by.id, booked_at__gt=Clock() - UNDOABLE
    )
    return bool(rows.exists())


def _reinstate(appointment: Appointment, kept: Hold, *, by: Principal, now: datetime) -> None:
    slot, needed = appointment.slot, Needed.now(appointment)
    locked = lock(touching(slot, needed) | Q(hold_id=kept.id) | Q(id__in=slots_of(appointment).values("id")))
    occupy(take(locked, slot=slot, needed=needed, mine={kept.id}), appointment)
    appointment.status = Appointment.Status.BOOKED
    appointment.cancelled_at, appointment.cancelled_by, appointment.cancellation_reason = None, None, ""
    appointment.save(update_fields=("status", "cancelled_at", "cancelled_by", "cancellation_reason"))
    end_holds([kept.id], now=now)
    reinstated = EventType.APPOINTMENT_REINSTATED
    events.publish(type=reinstated, subject_id=appointment.id, data=event_data(appointment), by=by, now=now)
    audit.record(principal=by, action=reinstated, object_kind="pat", object_ids=[appointment.patient_id], now=now)
