"""Undoing what was just done to an appointment: what that took goes back, what it left is there."""

from datetime import datetime
from uuid import UUID

from django.db.models import Q

from appointments.blocks.rules import refuse_full
from appointments.booking import event_data
from appointments.cancelling import cancel_appointment
from appointments.clock import Clock
from appointments.ending_holds import end_holds
from appointments.holds import UNDOABLE
from appointments.life_cycle import EVENTS
from appointments.models import Appointment, Hold, Slot
from appointments.moving import occupy, place, put_at, tell_moved
from appointments.releasing import free, hours_around, slots_of
from appointments.resources.assigning import leave, take_back, uses_of
from appointments.swapping import exchange, locked_pair
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
    """Undo what the caller has done to the appointment last: cancelled, moved, swapped, entered in error or booked it,
    in the last ten seconds.

    A swap is undone for both. A booking that is undone is cancelled as booked in error: the patient may have been told
    already. Raises UnknownId, NothingToUndo.
    """
    appointment = _locked(appointment_id, by)
    kept = _kept(appointment.id, by)
    if kept is not None and not _is_latest(kept, appointment):
        raise NothingToUndo
    if kept is not None and kept.former_status:
        _put_right(appointment, kept, by=by, now=now)
    elif kept is not None and appointment.status == Appointment.Status.CANCELLED:
        _reinstate(appointment, kept, by=by, now=now)
    elif kept is not None and appointment.status == Appointment.Status.BOOKED:
        _put_back(appointment, kept, by=by, now=now)
    elif _booked_just_now(appointment, by):
        reason = Appointment.CancellationReason.BOOKED_IN_ERROR
        return cancel_appointment(appointment_id=appointment.id, reason=reason, by=by, now=now)
    else:
        raise NothingToUndo
    return appointment


def swapped_with(*, appointment_id: UUID, by: Principal) -> UUID | None:
    """The other one, where an undo would undo for both that they changed places."""
    kept = _kept(appointment_id, by)
    return kept.swapped_with_id if kept is not None else None


def _locked(appointment_id: UUID, by: Principal) -> Appointment:
    """With the other one, where two changed places: both in the order in which a swap locks them."""
    partner = swapped_with(appointment_id=appointment_id, by=by)
    if partner is not None:
        return locked_pair(appointment_id, partner)[0]
    appointment = Appointment.objects.select_for_update(no_key=True).filter(id=appointment_id).first()
    if appointment is None:
        raise UnknownId(prefix="appt", value=appointment_id)
    return appointment


def _kept(appointment_id: UUID, by: Principal) -> Hold | None:
    """What keeps the time that the caller's latest change of it has left."""
    rows = Hold.objects.filter(
        kind=Hold.Kind.UNDO, holder_id=by.id, appointment_id=appointment_id, expires_at__gt=Clock()
    )
    return rows.select_related("slot__practitioner", "slot__location").order_by("-placed_at", "-id").first()


def _is_latest(kept: Hold, appointment: Appointment) -> bool:
    """Whether nothing came after what the hold is of: both were written with one instant."""
    cancelled = appointment.status == Appointment.Status.CANCELLED
    return kept.placed_at == (appointment.cancelled_at if cancelled else appointment.changed_at)


def _booked_just_now(appointment: Appointment, by: Principal) -> bool:
    rows = Appointment.objects.filter(
        id=appointment.id,
        status=Appointment.Status.BOOKED,
        booked_by=by.id,
        booked_at__gt=Clock() - UNDOABLE,
        # What came after it, and was undone, is not to be undone by way of the booking.
        changed_at=None,
    )
    return bool(rows.exists())


def _put_back(appointment: Appointment, kept: Hold, *, by: Principal, now: datetime) -> None:
    if kept.swapped_with_id is not None:
        _swap_back(appointment, kept, kept.swapped_with_id, by=by, now=now)
    elif kept.overbooking_reason:
        _put_beside(appointment, kept, by=by, now=now)
    else:
        put_at(appointment, _slot_of(kept), by=by, now=now, undoable=False)
        end_holds([kept.id], now=now)


def _swap_back(appointment: Appointment, kept: Hold, other_id: UUID, *, by: Principal, now: datetime) -> None:
    # Locked by now, unless the swap came in between.
    other = Appointment.objects.select_for_update(no_key=True).get(id=other_id)
    theirs = _kept(other.id, by)
    if theirs is None or theirs.swapped_with_id != appointment.id or not _is_latest(theirs, other):
        raise NothingToUndo
    exchange(appointment, other, by=by, now=now, undoable=False)
    end_holds([kept.id, theirs.id], now=now)


def _put_beside(appointment: Appointment, kept: Hold, *, by: Principal, now: datetime) -> None:
    """Where it was overbooked, it is so again."""
    before, wanted = appointment.slot, hours_around(appointment)
    slot = _slot_of(kept)
    left = lock(Q(id__in=slots_of(appointment).values("id")))
    needed = Needed.of(slot, appointment.appointment_type)
    leave(uses_of(appointment), kept=None)
    place(appointment, slot, needed, now=now, overbooked=kept.overbooking_reason)
    free(left, wanted=wanted)
    end_holds([kept.id], now=now)
    tell_moved(appointment, before, by=by, now=now)


def _slot_of(kept: Hold) -> Slot:
    if kept.slot is None:
        raise NothingToUndo
    return kept.slot


def _reinstate(appointment: Appointment, kept: Hold, *, by: Principal, now: datetime) -> None:
    _take_again(appointment, kept, by=by)
    appointment.status, appointment.changed_at = Appointment.Status.BOOKED, now
    appointment.cancelled_at, appointment.cancelled_by, appointment.cancellation_reason = None, None, ""
    appointment.save(update_fields=("status", "changed_at", "cancelled_at", "cancelled_by", "cancellation_reason"))
    end_holds([kept.id], now=now)
    _tell(EventType.APPOINTMENT_REINSTATED, appointment, by=by, now=now)


def _put_right(appointment: Appointment, kept: Hold, *, by: Principal, now: datetime) -> None:
    """It was no error. What it was before has its own event; nobody was told that it was off."""
    if kept.former_status in Appointment.OCCUPYING:
        _take_again(appointment, kept, by=by)
    else:
        take_back(appointment, kept=kept)
    appointment.status, appointment.changed_at = kept.former_status, now
    appointment.save(update_fields=("status", "changed_at"))
    end_holds([kept.id], now=now)
    _tell(EVENTS[kept.former_status], appointment, by=by, now=now)


def _take_again(appointment: Appointment, kept: Hold, *, by: Principal) -> None:
    """The time that it had, and has not left for another."""
    if appointment.overbooked:
        return
    slot, needed = appointment.slot, Needed.now(appointment)
    locked = lock(touching(slot, needed) | Q(hold_id=kept.id) | Q(id__in=slots_of(appointment).values("id")))
    taken = take(locked, slot=slot, needed=needed, mine={kept.id})
    refuse_full(slot=slot, kind=appointment.appointment_type, owner=appointment.id, by=by.id)
    occupy(taken, appointment)
    take_back(appointment, kept=kept)


def _tell(what: EventType, appointment: Appointment, *, by: Principal, now: datetime) -> None:
    events.publish(type=what, subject_id=appointment.id, data=event_data(appointment), by=by, now=now)
    audit.record(principal=by, action=what, object_kind="pat", object_ids=[appointment.patient_id], now=now)
