"""Booking: the slots locked and taken, the appointment, its event and its audit row, or nothing.

Two statements by hand (docs/performance.md has the figures): one locks what the
appointment needs, one writes everything. The exclusion constraint is the truth; the lock is
there for the good error message.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import IntegrityError, connection
from psycopg.types.json import Jsonb

from appointments.models import Appointment, Slot
from mybcat import events
from mybcat.correlation import correlation_id, remote_address
from mybcat.errors import DomainError, InvalidInput, UnknownId
from mybcat.ids import new_uuid, public_id
from mybcat.principal import Principal
from patients.services import get_patient
from practices.models import AppointmentType
from practices.subscriptions import require_subscription

EXCLUSION_VIOLATION = "23P01"


class SlotTaken(DomainError):
    code = "slot_taken"
    status = 409
    sentence = "Slot is no longer available"


class SlotInPast(DomainError):
    code = "slot_in_past"
    status = 409
    sentence = "Slot is in the past"


class NotEnoughTime(DomainError):
    code = "not_enough_time"
    status = 409
    sentence = "There is not enough free time at this slot for this type of appointment"


class PractitionerInactive(DomainError):
    code = "practitioner_inactive"
    status = 409
    sentence = "The practitioner does not see patients any more"


class LocationInactive(DomainError):
    code = "location_inactive"
    status = 409
    sentence = "Patients are not seen at this location any more"


@dataclass(frozen=True, slots=True)
class Booked:
    """A booking as it was committed: what answers and events tell of it."""

    id: UUID
    patient_id: UUID
    slot_id: UUID
    practitioner_id: UUID
    location_id: UUID
    starts_at: datetime
    ends_at: datetime
    time_zone: str
    type_code: str


@dataclass(frozen=True, slots=True)
class _Wish:
    """What the appointment would be, and the free slots, now locked, that it may take."""

    practitioner_id: UUID
    location_id: UUID
    type_id: UUID
    starts_at: datetime
    ends_at: datetime
    occupied_from: datetime
    occupied_until: datetime
    free: list[tuple[UUID, datetime, datetime]]

    def covered(self) -> bool:
        """Whether the free slots reach from the first buffer to the last without a hole."""
        reached = self.occupied_from
        for _, starts_at, ends_at in sorted(self.free, key=lambda slot: slot[1]):
            if starts_at > reached:
                return False
            reached = max(reached, ends_at)
        return reached >= self.occupied_until


# Locks in the order of ids, as every taker of slots does, so that takers cannot deadlock.
# A slot that another transaction takes while this one waits is re-read and drops out.
_LOCK = """
    WITH wish AS MATERIALIZED (
        SELECT s.practitioner_id, s.location_id, t.id AS type_id, s.starts_at,
               s.starts_at + make_interval(mins => t.duration_minutes) AS ends_at,
               s.starts_at - make_interval(mins => t.buffer_before_minutes) AS occupied_from,
               s.starts_at + make_interval(mins => t.duration_minutes + t.buffer_after_minutes) AS occupied_until,
               -- No slot is longer than an hour. Computed here: in the join, timestamptz - interval is not
               -- leakproof, so under row-level security it would not bound the walk through the index.
               s.starts_at - make_interval(mins => t.buffer_before_minutes + 60) AS walked_from
        FROM appointments_slot s
        JOIN practices_location l ON l.practice_id = s.practice_id AND l.id = s.location_id AND l.is_active
        JOIN practices_practitioner c
          ON c.practice_id = s.practice_id AND c.id = s.practitioner_id AND c.is_active
        JOIN practices_appointmenttype t ON t.practice_id = s.practice_id AND t.code = %(type)s AND t.is_active
        JOIN patients_patient p ON p.practice_id = s.practice_id AND p.id = %(patient)s
        WHERE s.practice_id = %(practice)s AND s.id = %(slot)s
    )
    SELECT w.practitioner_id, w.location_id, w.type_id, w.starts_at, w.ends_at,
           w.occupied_from, w.occupied_until, n.id, n.starts_at, n.ends_at
    FROM wish w
    JOIN appointments_slot n
      ON n.practice_id = %(practice)s AND n.practitioner_id = w.practitioner_id
     AND n.starts_at > w.walked_from AND n.starts_at < w.occupied_until
     AND n.ends_at > w.occupied_from
    WHERE n.location_id = w.location_id AND n.status = 'free'
    ORDER BY n.id
    FOR NO KEY UPDATE OF n
"""

_WRITE = """
    WITH appointment AS (
        INSERT INTO appointments_appointment
            (id, practice_id, patient_id, practitioner_id, location_id, appointment_type_id, slot_id, status,
             starts_at, ends_at, occupied_from, occupied_until, booked_by, booked_at, cancellation_reason)
        VALUES (%(id)s, %(practice)s, %(patient)s, %(practitioner)s, %(location)s, %(type)s, %(slot)s, 'booked',
                %(starts_at)s, %(ends_at)s, %(occupied_from)s, %(occupied_until)s, %(by)s, %(now)s, '')
    ), taken AS (
        UPDATE appointments_slot SET status = 'busy', appointment_id = %(id)s
        WHERE practice_id = %(practice)s AND id = ANY(%(slots)s)
    ), event AS (
        INSERT INTO mybcat_event
            (id, practice_id, type, subject_id, data, principal_kind, principal_id, correlation_id, occurred_at)
        VALUES (%(event_id)s, %(event_practice_id)s, %(event_type)s, %(event_subject_id)s, %(event_data)s,
                %(event_principal_kind)s, %(event_principal_id)s, %(event_correlation_id)s, %(event_occurred_at)s)
    )
    INSERT INTO mybcat_auditentry
        (id, practice_id, at, principal_kind, principal_id, action, object_kind, object_ids, outcome, address,
         correlation_id)
    VALUES (%(audit)s, %(practice)s, %(now)s, %(kind)s, %(by)s, 'appointment.booked', 'pat', %(objects)s,
            'success', %(address)s::inet, %(correlation)s)
"""


def book_appointment(*, patient_id: UUID, slot_id: UUID, type_code: str, by: Principal, now: datetime) -> Booked:
    """Take the slots that the type needs from `slot_id` on, in the practice in scope.

    Raises UnknownId (slot, patient), InvalidInput (type), SlotInPast, SlotTaken, NotEnoughTime,
    PractitionerInactive, LocationInactive, SubscriptionLapsed; the caller's transaction is then of no use but for
    its rollback.
    """
    require_subscription(by=by, now=now)
    wish = _lock(patient_id, slot_id, type_code, by)
    if wish is None or not wish.covered() or wish.starts_at <= now:
        raise _refusal(patient_id, slot_id, type_code, now=now)
    booked = Booked(
        new_uuid(),
        patient_id,
        slot_id,
        wish.practitioner_id,
        wish.location_id,
        wish.starts_at,
        wish.ends_at,
        by.time_zone,
        type_code,
    )
    try:
        _write(booked, wish, by, now=now)
    except IntegrityError as error:
        if getattr(error.__cause__, "sqlstate", None) == EXCLUSION_VIOLATION:
            raise SlotTaken from error
        raise
    return booked


def event_data(booked: Booked | Appointment) -> dict[str, str]:
    """The ids that events of an appointment carry."""
    return {
        "appointmentId": public_id("appt", booked.id),
        "patientId": public_id("pat", booked.patient_id),
        "practitionerId": public_id("pract", booked.practitioner_id),
        "locationId": public_id("loc", booked.location_id),
        "slotId": public_id("slot", booked.slot_id),
    }


def _lock(patient_id: UUID, slot_id: UUID, type_code: str, by: Principal) -> _Wish | None:
    with connection.cursor() as cursor:
        cursor.execute(_LOCK, {"practice": by.practice_id, "patient": patient_id, "slot": slot_id, "type": type_code})
        rows = cursor.fetchall()
    if not rows:
        return None
    practitioner, location, type_id, starts, ends, occupied_from, occupied_until = rows[0][:7]
    free = [row[7:] for row in rows]
    return _Wish(practitioner, location, type_id, starts, ends, occupied_from, occupied_until, free)


def _write(booked: Booked, wish: _Wish, by: Principal, *, now: datetime) -> None:
    event = events.event_row(
        type=events.EventType.APPOINTMENT_BOOKED, subject_id=booked.id, data=event_data(booked), by=by, now=now
    )
    parameters: dict[str, Any] = {
        "id": booked.id,
        "practice": by.practice_id,
        "patient": booked.patient_id,
        "practitioner": booked.practitioner_id,
        "location": booked.location_id,
        "type": wish.type_id,
        "slot": booked.slot_id,
        "starts_at": wish.starts_at,
        "ends_at": wish.ends_at,
        "occupied_from": wish.occupied_from,
        "occupied_until": wish.occupied_until,
        "slots": [slot[0] for slot in wish.free],
        "audit": new_uuid(),
        "objects": Jsonb([str(booked.patient_id)]),
        "kind": by.kind,
        "by": by.id,
        "now": now,
        "address": remote_address(),
        "correlation": correlation_id(),
        **{f"event_{column}": value for column, value in event.items()},
    }
    with connection.cursor() as cursor:
        cursor.execute(_WRITE, parameters)


def _refusal(patient_id: UUID, slot_id: UUID, type_code: str, *, now: datetime) -> DomainError:
    """Why not. Asked only after a refusal, so it may take its time."""
    # The patient first: another practice's must be on record whatever else is wrong.
    get_patient(patient_id)
    slot = Slot.objects.select_related("practitioner", "location").filter(id=slot_id).first()
    if slot is None:
        return UnknownId(prefix="slot", value=slot_id)
    if not AppointmentType.objects.active().filter(code=type_code).exists():
        return InvalidInput(fields={"type": ["No such type of appointment"]})
    if slot.starts_at <= now:
        return SlotInPast()
    if not slot.practitioner.is_active:
        return PractitionerInactive()
    if not slot.location.is_active:
        return LocationInactive()
    return NotEnoughTime() if slot.status == Slot.Status.FREE else SlotTaken()
