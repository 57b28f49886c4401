"""Slots that an appointment gives back."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from appointments.models import Appointment, Slot
from appointments.querysets import SlotQuerySet
from appointments.regeneration import LONGEST_SLOT
from appointments.schedules import still_wanted


def slots_of(appointment: Appointment) -> SlotQuerySet:
    """Those that it takes where it stands now."""
    rows: SlotQuerySet = Slot.objects.filter(
        appointment_id=appointment.id,
        practitioner_id=appointment.practitioner_id,
        # Slots have no index on the appointment (see Slot).
        starts_at__gt=appointment.occupied_from - LONGEST_SLOT,
        starts_at__lt=appointment.occupied_until,
    )
    return rows


def hours_around(appointment: Appointment) -> frozenset[datetime]:
    """Starts of the slots around it that today's hours ask for. To be asked before any slot is locked."""
    return still_wanted(
        practitioner=appointment.practitioner,
        since=appointment.occupied_from - LONGEST_SLOT,
        until=appointment.occupied_until,
    )


def release_slots(appointment: Appointment, *, wanted: frozenset[datetime], keep: Collection[UUID] = ()) -> None:
    """Free those that `hours_around()` has wanted; the others stay closed. Those in `keep` stay taken."""
    taken = slots_of(appointment).exclude(id__in=keep)
    ids = list(taken.order_by("id").select_for_update(no_key=True).values_list("id", flat=True))
    freed = Slot.objects.filter(id__in=ids)
    freed.filter(starts_at__in=wanted).update(status=Slot.Status.FREE, appointment=None)
    freed.exclude(starts_at__in=wanted).update(status=Slot.Status.BUSY_UNAVAILABLE, appointment=None)
