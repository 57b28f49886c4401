"""The time that an appointment of a type takes from a slot on, and the slots that give it.

All who take or free slots lock them by id, so that takers cannot deadlock. Who may have a slot is looked at once it is
locked: what another transaction frees or takes while this one waits is seen.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Self
from uuid import UUID

from django.db.models import Q

from appointments.models import Appointment, Slot
from appointments.regeneration import LONGEST_SLOT
from appointments.unavailable import LocationInactive, NotEnoughTime, PractitionerInactive, SlotInPast, SlotTaken
from mybcat.errors import UnknownId
from practices.models import AppointmentType


@dataclass(frozen=True, slots=True)
class Needed:
    """What the patient is told, and with the type's buffers what it occupies."""

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

    @classmethod
    def now(cls, appointment: Appointment) -> Self:
        """What it has."""
        return cls(appointment.starts_at, appointment.ends_at, appointment.occupied_from, appointment.occupied_until)


def open_slot(slot_id: UUID, *, now: datetime) -> Slot:
    """The slot, if an appointment may begin there at all.

    Raises UnknownId, SlotInPast, PractitionerInactive, LocationInactive.
    """
    slot = Slot.objects.select_related("practitioner__practice", "location").filter(id=slot_id).first()
    if slot is None:
        raise UnknownId(prefix="slot", value=slot_id)
    if slot.starts_at <= now:
        raise SlotInPast
    if not slot.practitioner.is_active:
        raise PractitionerInactive
    if not slot.location.is_active:
        raise LocationInactive
    return slot


def touching(slot: Slot, needed: Needed) -> Q:
    """The slots, of any state, that the time from `slot` on touches."""
    return Q(
        practitioner_id=slot.practitioner_id,
        location_id=slot.location_id,
        # Bounds the walk through the index, which knows starts alone.
        starts_at__gt=needed.occupied_from - LONGEST_SLOT,
        starts_at__lt=needed.occupied_until,
        ends_at__gt=needed.occupied_from,
    )


def lock(wanted: Q) -> list[Slot]:
    """These slots, whatever their state."""
    return list(Slot.objects.filter(wanted).order_by("id").select_for_update(no_key=True))


def take(locked: Iterable[Slot], *, slot: Slot, needed: Needed, mine: Collection[UUID]) -> list[Slot]:
    """Those of the locked slots that the time needs: free ones, and those in `mine`, ids of appointments and holds.

    Raises SlotTaken, NotEnoughTime.
    """
    fits = [
        row
        for row in locked
        if (row.practitioner_id, row.location_id) == (slot.practitioner_id, slot.location_id)
        and row.starts_at < needed.occupied_until
        and row.ends_at > needed.occupied_from
        and (row.status == Slot.Status.FREE or row.appointment_id in mine or row.hold_id in mine)
    ]
    if slot.id not in {row.id for row in fits}:
        raise SlotTaken
    if not _covered(sorted(fits, key=lambda row: row.starts_at), needed):
        raise NotEnoughTime
    return fits


def _covered(slots: Sequence[Slot], needed: Needed) -> bool:
    """Whether they, by time, leave no hole in it."""
    reached = needed.occupied_from
    for slot in slots:
        if slot.starts_at > reached:
            return False
        reached = max(reached, slot.ends_at)
    return reached >= needed.occupied_until
