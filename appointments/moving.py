"""Moving: the old time given back and the new one taken in one step, or nothing. The appointment stays the same one.

Locks are taken in one order by all who take or free slots: the appointment, then slots by id. So a move cannot
deadlock with a booking, a cancellation or another move, not even where two appointments change places.
"""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.db import IntegrityError
from django.db.models import Q
from psycopg.errors import ExclusionViolation

from appointments.blocks.rules import refuse_full, refuse_reserved
from appointments.booking import event_data
from appointments.ending_holds import end_holds
from appointments.holds import Before, usable_holds
from appointments.models import Appointment, Slot
from appointments.releasing import hours_around, leave_slots, slots_of
from appointments.resources.assigning import assign
from appointments.self_service import require_window
from appointments.taking import Needed, lock, open_slot, take, touching
from appointments.unavailable import SlotTaken
from mybcat import audit, events
from mybcat.errors import DomainError, UnknownId
from mybcat.events import EventType
from mybcat.ids import public_id, referenced
from mybcat.principal import Principal
from practices.subscriptions import require_subscription

_PLACED = (
    *("slot", "practitioner", "location", "starts_at", "ends_at", "occupied_from", "occupied_until"),
    *("status", "overbooked", "overbooking_reason", "changed_at", "confirmed_at"),
)


class NotMovable(DomainError):
    code = "not_movable"
    status = 409
    sentence = "Only an appointment that is still booked can be moved"


def move_appointment(*, appointment_id: UUID, slot_id: UUID, by: Principal, now: datetime) -> Appointment:
    """Give the appointment the time from `slot_id` on, of whichever practitioner and place that slot is.

    Its own time counts as free, so that it may move by less than its length, and so does what the caller holds. The
    time it takes is what its type takes today. What it leaves is kept for the caller while the move can be undone
    (undoing.py). Where it stands there already, nothing has moved: nobody is told, and what can be undone still can.
    Raises UnknownId, NotMovable, SlotInPast, SlotTaken, NotEnoughTime, Reserved, DayFull, NoResource,
    PractitionerInactive, LocationInactive, TooSoon, TooFarAhead, SubscriptionLapsed; where a refusal has a cause, the
    transaction is of no more use.
    """
    require_subscription(by=by, now=now)
    appointment = Appointment.objects.select_for_update(no_key=True).filter(id=appointment_id).first()
    if appointment is None:
        raise UnknownId(prefix="appt", value=appointment_id)
    slot = open_slot(slot_id, now=now)
    if appointment.status != Appointment.Status.BOOKED:
        raise NotMovable
    require_window(starts_at=slot.starts_at, by=by, now=now)
    if _stands_there(appointment, slot):
        return appointment
    put_at(appointment, slot, by=by, now=now)
    return appointment


def _stands_there(appointment: Appointment, slot: Slot) -> bool:
    needed = Needed.of(slot, appointment.appointment_type)
    return appointment.slot_id == slot.id and not appointment.overbooked and needed == Needed.now(appointment)


def put_at(appointment: Appointment, slot: Slot, *, by: Principal, now: datetime, undoable: bool = True) -> None:
    """Move the appointment, which the caller has locked, to the slot, and tell. Raises as `move_appointment`."""
    before = Before.of(appointment)
    needed, wanted = Needed.of(slot, appointment.appointment_type), hours_around(appointment)
    mine = Q(id__in=slots_of(appointment).values("id"))
    locked = lock(touching(slot, needed) | mine)
    taken = take(locked, slot=slot, needed=needed, mine={appointment.id, *usable_holds(by)})
    kind = appointment.appointment_type
    if undoable:
        whose = appointment.patient_id
        refuse_reserved(slots=taken, kind=kind, practitioner_id=slot.practitioner_id, patient_id=whose)
    # Where it stood before a change, it may stand again whatever is reserved there.
    refuse_full(slot=slot, kind=kind, owner=appointment.id, by=by.id)
    left = [each for each in locked if each.appointment_id == appointment.id and each not in taken]
    # First the slots: a time that is held is nobody's to be put at.
    occupy(taken, appointment)
    place(appointment, slot, needed, now=now)
    assign(appointment, by=by.id)
    end_holds({each.hold_id for each in taken if each.hold_id}, now=now)
    leave_slots(left, wanted=wanted, before=before, by=by if undoable else None, now=now)
    tell_moved(appointment, before.slot, by=by, now=now)


def occupy(slots: Sequence[Slot], appointment: Appointment) -> None:
    """These slots, locked, are the appointment's."""
    rows = Slot.objects.filter(id__in=[each.id for each in slots])
    rows.update(status=Slot.Status.BUSY, appointment=appointment, hold=None)


def place(appointment: Appointment, slot: Slot, needed: Needed, *, now: datetime, overbooked: str = "") -> None:
    """Write where it stands; `overbooked`: why it stands there beside what the calendar has room for.

    Raises SlotTaken, with a cause: the transaction is then of no more use."""
    appointment.overbooked, appointment.overbooking_reason = overbooked != "", overbooked
    appointment.changed_at = now
    appointment.slot, appointment.practitioner, appointment.location = slot, slot.practitioner, slot.location
    appointment.starts_at, appointment.ends_at = needed.starts_at, needed.ends_at
    appointment.occupied_from, appointment.occupied_until = needed.occupied_from, needed.occupied_until
    # What the patient confirmed was the other time.
    appointment.confirmed_at = None
    try:
        appointment.save(update_fields=_PLACED)
    except IntegrityError as error:
        if isinstance(error.__cause__, ExclusionViolation):
            raise SlotTaken from error
        raise


def tell_moved(appointment: Appointment, before: Slot, *, by: Principal, now: datetime) -> None:
    """Publish and record that it stood at that slot before."""
    data = {
        **event_data(appointment),
        "previousSlotId": public_id("slot", before.id),
        "previousPractitionerId": public_id("pract", before.practitioner_id),
    }
    events.publish(type=EventType.APPOINTMENT_MOVED, subject_id=appointment.id, data=data, by=by, now=now)
    audit.record(
        principal=by, action="appointment.moved", object_kind="pat", object_ids=[appointment.patient_id], now=now
    )
    referenced(appointment.slot_id, appointment.practitioner_id, appointment.location_id)
