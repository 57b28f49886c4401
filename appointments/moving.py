"""Moving: the old time given back and the new one taken in one step, or nothing. The appointment stays the same one.

Locks are taken in one order by all who take or free slots: the appointment, then slots by id. So a move cannot
deadlock with a booking, a cancellation or another move, not even where two appointments change places.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Self
from uuid import UUID

from django.db import IntegrityError
from django.db.models import Q
from psycopg.errors import ExclusionViolation

from appointments.booking import (
    LocationInactive,
    NotEnoughTime,
    PractitionerInactive,
    SlotInPast,
    SlotTaken,
    event_data,
)
from appointments.models import Appointment, Slot
from appointments.regeneration import LONGEST_SLOT
from appointments.releasing import hours_around, release_slots, slots_of
from mybcat import audit, events
from mybcat.errors import DomainError, UnknownId
from mybcat.events import EventType
from mybcat.ids import public_id, referenced
from mybcat.principal import Principal
from practices.models import AppointmentType
from practices.subscriptions import require_subscription


class NotMovable(DomainError):
    code = "not_movable"
    status = 409
    sentence = "Only an appointment that is still booked can be moved"


@dataclass(frozen=True, slots=True)
class _Time:
    """What an appointment of a type would take from a slot on."""

    starts_at: datetime
    ends_at: datetime
    occupied_from: datetime
    occupied_until: datetime

    @classmethod
    def of(cls, slot: Slot, kind: AppointmentType) -> Self:
        ends_at = slot.starts_at + timedelta(minutes=kind.duration_minutes)
        return cls(
            slot.starts_at,
            ends_at,
            slot.starts_at - timedelta(minutes=kind.buffer_before_minutes),
            ends_at + timedelta(minutes=kind.buffer_after_minutes),
        )


def move_appointment(*, appointment_id: UUID, slot_id: UUID, by: Principal, now: datetime) -> Appointment:
    """Give the appointment the time from `slot_id` on, of whichever practitioner and place that slot is.

    Its own time counts as free, so that it may move by less than its length. The time it takes is what its type
    takes today. Raises UnknownId, NotMovable, SlotInPast, SlotTaken, NotEnoughTime, PractitionerInactive,
    LocationInactive, SubscriptionLapsed; where a refusal has a cause, the transaction is of no more use.
    """
    require_subscription(by=by, now=now)
    appointment = Appointment.objects.select_for_update(no_key=True).filter(id=appointment_id).first()
    if appointment is None:
        raise UnknownId(prefix="appt", value=appointment_id)
    slot = _slot(slot_id, now=now)
    if appointment.status != Appointment.Status.BOOKED:
        raise NotMovable
    _tell(appointment, _take(appointment, slot), by=by, now=now)
    return appointment


def _slot(slot_id: UUID, *, now: datetime) -> Slot:
    slot = Slot.objects.select_related("practitioner", "location").filter(id=slot_id).first()
    if slot is None:
        raise UnknownId(prefix="slot", value=slot_id)
    if slot.starts_at <= now:
        raise SlotInPast
    if not slot.practitioner.is_active:
        raise PractitionerInactive
    if not slot.location.is_active:
        raise LocationInactive
    return slot


def _take(appointment: Appointment, slot: Slot) -> Slot:
    """Moves rows; answers the slot at which the appointment began before."""
    time, wanted = _Time.of(slot, appointment.appointment_type), hours_around(appointment)
    taken = _lock(appointment, slot, time)
    if not _covers(taken, time):
        raise NotEnoughTime if slot.id in {each.id for each in taken} else SlotTaken
    ids = [each.id for each in taken]
    release_slots(appointment, wanted=wanted, keep=ids)
    before = appointment.slot
    appointment.slot, appointment.practitioner, appointment.location = slot, slot.practitioner, slot.location
    appointment.starts_at, appointment.ends_at = time.starts_at, time.ends_at
    appointment.occupied_from, appointment.occupied_until = time.occupied_from, time.occupied_until
    try:
        appointment.save(
            update_fields=(
                *("slot", "practitioner", "location"),
                *("starts_at", "ends_at", "occupied_from", "occupied_until"),
            )
        )
    except IntegrityError as error:
        if isinstance(error.__cause__, ExclusionViolation):
            raise SlotTaken from error
        raise
    Slot.objects.filter(id__in=ids).update(status=Slot.Status.BUSY, appointment=appointment)
    return before


def _lock(appointment: Appointment, slot: Slot, time: _Time) -> list[Slot]:
    """The slots that the new time needs and can have, by time. Those of the old time are locked as well."""
    there = Q(
        practitioner_id=slot.practitioner_id,
        location_id=slot.location_id,
        starts_at__gt=time.occupied_from - LONGEST_SLOT,
        starts_at__lt=time.occupied_until,
        ends_at__gt=time.occupied_from,
    )
    # Not by their state: what another transaction frees while this one waits would be missed, and what it
    # takes is seen below.
    mine = Q(id__in=slots_of(appointment).values("id"))
    rows = list(Slot.objects.filter(there | mine).order_by("id").select_for_update(no_key=True))
    fits = [
        row
        for row in rows
        if (row.practitioner_id, row.location_id) == (slot.practitioner_id, slot.location_id)
        and row.starts_at < time.occupied_until
        and row.ends_at > time.occupied_from
        and (row.status == Slot.Status.FREE or row.appointment_id == appointment.id)
    ]
    return sorted(fits, key=lambda row: row.starts_at)


def _covers(slots: list[Slot], time: _Time) -> bool:
    """Whether they leave no hole in it. `slots` by time."""
    reached = time.occupied_from
    for slot in slots:
        if slot.starts_at > reached:
            return False
        reached = max(reached, slot.ends_at)
    return reached >= time.occupied_until and any(slot.starts_at == time.starts_at for slot in slots)


def _tell(appointment: Appointment, before: Slot, *, by: Principal, now: datetime) -> None:
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
