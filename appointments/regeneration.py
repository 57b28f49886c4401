"""Slots follow the hours: what they ask for is free, the rest is closed, what is taken stays as it is.

Nothing is ever deleted: appointments, and links that people were sent, refer to slots.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from appointments.models import Appointment, Schedule, Slot
from appointments.planning import planned_slots
from appointments.querysets import SlotQuerySet
from appointments.working_days import Interval, clear_of
from mybcat.ids import new_uuid
from practices.models import Practitioner

# practice_slot_minutes_divide_an_hour: none is longer. Bounds the walk through an index on starts_at.
LONGEST_SLOT = timedelta(hours=1)
# Likewise: types end 10 h after the start at most; what was imported may be somewhat longer.
LONGEST_APPOINTMENT = timedelta(days=1)

# The last line holds where a cancellation frees the slot after the open ones were locked.
_OPEN = """
    INSERT INTO appointments_slot (id, practice_id, practitioner_id, location_id, starts_at, ends_at, status)
    SELECT wanted.id, %(practice)s, %(practitioner)s, wanted.location_id, wanted.starts_at, wanted.ends_at, 'free'
    FROM unnest(%(ids)s::uuid[], %(locations)s::uuid[], %(starts)s::timestamptz[], %(ends)s::timestamptz[])
         AS wanted(id, location_id, starts_at, ends_at)
    ON CONFLICT (practice_id, practitioner_id, starts_at) DO UPDATE
        SET status = 'free', location_id = excluded.location_id, ends_at = excluded.ends_at
        WHERE appointments_slot.status IN ('free', 'busy-unavailable')
"""
_CLOSE = """
    UPDATE appointments_slot SET status = 'busy-unavailable'
    WHERE practice_id = %(practice)s AND id = ANY(%(ids)s) AND status = 'free'
"""


@dataclass(frozen=True, slots=True)
class Change:
    """How many slots were opened (made, freed or fitted to another grid), and how many closed."""

    opened: int = 0
    closed: int = 0

    def __add__(self, other: "Change") -> "Change":
        return Change(self.opened + other.opened, self.closed + other.closed)


@transaction.atomic
def regenerate(*, practitioner: Practitioner, since: datetime, until: datetime) -> Change:
    """Make the slots that touch `[since, until)` what the hours ask for, up to the end of the schedule.

    Idempotent. Leaves taken slots alone, and opens none that overlaps a taken one or an appointment
    off the grid. Changes nothing for a practitioner without a schedule.
    """
    schedule = Schedule.objects.select_for_update(no_key=True).filter(practitioner=practitioner).first()
    if schedule is None:
        return Change()
    existing = {slot.starts_at: slot for slot in _lock_open(practitioner, since, until)}
    planned = planned_slots(schedule=schedule, practitioner=practitioner, since=since, until=until)
    wanted = clear_of(slots=planned, taken=_taken(practitioner, since, until))
    starts = {slot.starts_at for slot in wanted}
    unwanted = [slot.id for start, slot in existing.items() if slot.status == Slot.Status.FREE and start not in starts]
    missing = [slot for slot in wanted if not _stands(slot, existing.get(slot.starts_at))]
    return Change(opened=_open(practitioner, missing), closed=_close(practitioner, unwanted))


def slots_touching(*, practitioner: Practitioner, since: datetime, until: datetime) -> SlotQuerySet:
    """The practitioner's slots, of any status, that overlap `[since, until)`."""
    rows: SlotQuerySet = Slot.objects.filter(
        practice_id=practitioner.practice_id,
        practitioner=practitioner,
        starts_at__gt=since - LONGEST_SLOT,
        starts_at__lt=until,
        ends_at__gt=since,
    )
    return rows


def _lock_open(practitioner: Practitioner, since: datetime, until: datetime) -> list[Slot]:
    """All that are not taken, in the order in which bookings lock, so that neither side can deadlock.

    From here on none of them can be booked, so what is read afterwards stays true.
    """
    rows = slots_touching(practitioner=practitioner, since=since, until=until)
    open_ones = rows.filter(status__in=(Slot.Status.FREE, Slot.Status.BUSY_UNAVAILABLE))
    return list(open_ones.order_by("id").select_for_update(no_key=True))


def _taken(practitioner: Practitioner, since: datetime, until: datetime) -> list[tuple[datetime, datetime]]:
    slots = slots_touching(practitioner=practitioner, since=since, until=until)
    appointments = Appointment.objects.occupying().filter(
        practice_id=practitioner.practice_id,
        practitioner=practitioner,
        starts_at__gt=since - LONGEST_APPOINTMENT,
        starts_at__lt=until + LONGEST_APPOINTMENT,
        occupied_from__lt=until + LONGEST_SLOT,
        occupied_until__gt=since - LONGEST_SLOT,
    )
    return [
        *slots.filter(status__in=(Slot.Status.BUSY, Slot.Status.BUSY_TENTATIVE)).values_list("starts_at", "ends_at"),
        *appointments.values_list("occupied_from", "occupied_until"),
    ]


def _stands(wanted: Interval, slot: Slot | None) -> bool:
    return slot is not None and (slot.status, slot.ends_at, slot.location_id) == (
        Slot.Status.FREE,
        wanted.ends_at,
        wanted.location_id,
    )


def _open(practitioner: Practitioner, slots: Sequence[Interval]) -> int:
    return _execute(
        _OPEN,
        practice=practitioner.practice_id,
        practitioner=practitioner.id,
        ids=[new_uuid() for _ in slots],
        locations=[slot.location_id for slot in slots],
        starts=[slot.starts_at for slot in slots],
        ends=[slot.ends_at for slot in slots],
    )


def _close(practitioner: Practitioner, ids: Sequence[UUID]) -> int:
    return _execute(_CLOSE, practice=practitioner.practice_id, ids=ids)


def _execute(statement: str, **parameters: Any) -> int:
    """How many rows it wrote."""
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        return int(cursor.rowcount)
