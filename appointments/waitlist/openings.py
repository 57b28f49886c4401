"""Times that have become free: from when on each is looked at, and whether it is still to be had."""

from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from appointments.holds import UNDOABLE
from appointments.models import Appointment, Slot
from appointments.waitlist.models import WaitlistOpening

# Until then what freed a time, or took it, may be undone, and the relay has freed what was kept for that.
SETTLED_AFTER = UNDOABLE + timedelta(seconds=3)


class Standing(StrEnum):
    FREE = "free"
    # By somebody who is deciding, or who may still undo what freed it.
    HELD = "held"
    GONE = "gone"


def note_freed(*, slot_id: UUID, lasts: timedelta, freed_at: datetime) -> None:
    """The time from the slot on, so long, was freed then; told twice, it is noted once.

    Where a cascade for that slot runs already, it goes on. It is for whoever looks whether the time is really free.
    """
    slot = Slot.objects.get(id=slot_id)
    if WaitlistOpening.objects.filter(slot=slot, freed_at=freed_at).exists():
        return
    opening = WaitlistOpening(
        practice_id=slot.practice_id, slot=slot, practitioner_id=slot.practitioner_id, location_id=slot.location_id,
        starts_at=slot.starts_at, ends_at=slot.starts_at + lasts, freed_at=freed_at, next_at=freed_at + SETTLED_AFTER,
    )  # fmt: skip
    WaitlistOpening.objects.bulk_create([opening], ignore_conflicts=True)


def note_taken(*, appointment: Appointment, taken_at: datetime) -> None:
    """Openings that the appointment may have taken are looked at once that cannot be undone any more."""
    at = taken_at + SETTLED_AFTER
    rows = WaitlistOpening.objects.filter(
        status=WaitlistOpening.Status.OPEN,
        freed_at__lt=taken_at,
        next_at__gt=at,
        practitioner_id=appointment.practitioner_id,
        starts_at__lt=appointment.occupied_until,
        ends_at__gt=appointment.occupied_from,
    )
    rows.update(next_at=at)


def note_rest(*, opening: WaitlistOpening, taken_until: datetime, now: datetime) -> None:
    """What somebody from the waitlist has left of an opening is one of its own, looked at next."""
    rest = (
        Slot.objects.filter(
            practitioner_id=opening.practitioner_id,
            location_id=opening.location_id,
            starts_at__gte=taken_until,
            starts_at__lt=opening.ends_at,
        )
        .order_by("starts_at")
        .first()
    )
    if rest is not None:
        note_freed(slot_id=rest.id, lasts=opening.ends_at - rest.starts_at, freed_at=now)


def standing_of(opening: WaitlistOpening) -> Standing:
    """As the slot stands at this moment; only booking decides."""
    status = Slot.objects.values_list("status", flat=True).get(id=opening.slot_id)
    if status == Slot.Status.FREE:
        return Standing.FREE
    return Standing.HELD if status == Slot.Status.BUSY_TENTATIVE else Standing.GONE
