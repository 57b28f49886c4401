"""Slots that an appointment gives back."""

from collections.abc import Sequence
from datetime import datetime

from appointments.holds import Before, keep_for_undo
from appointments.models import Appointment, Slot
from appointments.querysets import SlotQuerySet
from appointments.regeneration import LONGEST_SLOT
from appointments.resources.assigning import leave
from appointments.schedules import still_wanted
from mybcat.principal import Principal


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


def locked_slots(appointment: Appointment) -> list[Slot]:
    """Those that it takes, locked."""
    return list(slots_of(appointment).order_by("id").select_for_update(no_key=True))


def leave_slots(
    slots: Sequence[Slot],
    *,
    wanted: frozenset[datetime],
    before: Before,
    by: Principal | None,
    now: datetime,
) -> None:
    """These, locked, are the appointment's no more: kept for `by` while that can be undone; for None free at once."""
    if by is None:
        free(slots, wanted=wanted)
        leave(before.uses, kept=None)
    else:
        keep_for_undo(before=before, slots=slots, by=by, now=now)


def free(slots: Sequence[Slot], *, wanted: frozenset[datetime]) -> None:
    """Free those that are wanted, close the others. They are locked."""
    freed = Slot.objects.filter(id__in=[each.id for each in slots])
    freed.filter(starts_at__in=wanted).update(status=Slot.Status.FREE, appointment=None, hold=None)
    freed.exclude(starts_at__in=wanted).update(status=Slot.Status.BUSY_UNAVAILABLE, appointment=None, hold=None)
