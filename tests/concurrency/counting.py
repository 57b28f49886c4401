"""What races left in the database, counted."""

from dataclasses import dataclass
from uuid import UUID

from django.db import connection

from appointments.models import Appointment, Slot
from mybcat.models import AuditEntry, Event, IdempotencyKey
from mybcat.tenancy import practice_scope

_OVERLAPS = """
    SELECT count(*) FROM appointments_appointment a
    JOIN appointments_appointment b
      ON b.id > a.id AND b.practitioner_id = a.practitioner_id
     AND b.occupied_from < a.occupied_until AND b.occupied_until > a.occupied_from
    WHERE a.status <> 'cancelled' AND b.status <> 'cancelled'
"""
# A busy slot lies in the time of the appointment that it names, and no free one lies in anybody's.
_MISTAKEN_SLOTS = """
    SELECT count(*) FROM appointments_slot s
    LEFT JOIN appointments_appointment a
      ON a.practitioner_id = s.practitioner_id AND a.status <> 'cancelled'
     AND a.occupied_from < s.ends_at AND a.occupied_until > s.starts_at
    WHERE s.appointment_id IS DISTINCT FROM a.id OR (s.status = 'busy') <> (a.id IS NOT NULL)
"""


@dataclass(frozen=True)
class Left:
    """Rows of one practice."""

    appointments: int
    busy_slots: int
    events: int
    audit_rows: int
    keys: int


NOTHING = Left(appointments=0, busy_slots=0, events=0, audit_rows=0, keys=0)


def left_behind(practice_id: UUID) -> Left:
    """What bookings write."""
    with practice_scope(practice_id):
        return Left(
            appointments=Appointment.objects.count(),
            busy_slots=Slot.objects.filter(status=Slot.Status.BUSY).count(),
            events=Event.objects.filter(type="appointment.booked").count(),
            audit_rows=AuditEntry.objects.filter(action="appointment.booked").count(),
            keys=IdempotencyKey.objects.count(),
        )


def overlaps(practice_id: UUID) -> int:
    """Pairs of appointments that one practitioner cannot keep."""
    return _number(practice_id, _OVERLAPS)


def mistaken_slots(practice_id: UUID) -> int:
    """Slots whose status tells otherwise than the appointments."""
    return _number(practice_id, _MISTAKEN_SLOTS)


def _number(practice_id: UUID, query: str) -> int:
    with practice_scope(practice_id), connection.cursor() as cursor:
        cursor.execute(query)
        return cursor.fetchone()[0]
