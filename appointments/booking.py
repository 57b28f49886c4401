"""Booking: the key claimed, the slots locked and taken, the appointment, its event and its audit row, or nothing.

One call of `appointments_book()`, which stands in the migrations (docs/adr/0013-booking-is-one-call.md has the
reasons, docs/performance.md the figures). The exclusion constraint is the truth; the lock is there for the good
error message.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self, cast
from uuid import UUID

import orjson
from django.db import IntegrityError, connection, transaction
from psycopg.errors import ExclusionViolation
from psycopg.types.json import Jsonb

from appointments.blocks.rules import would_refuse
from appointments.ending_holds import end_holds
from appointments.holds import usable_holds
from appointments.models import Appointment, Slot
from appointments.self_service import require_window
from appointments.taking import Needed, open_slot, take, touching
from appointments.unavailable import NoResource, SlotTaken, Unavailable
from mybcat.correlation import accepted_or_new, correlation_id, remote_address
from mybcat.errors import DomainError, InvalidInput, UnknownId
from mybcat.idempotency_keys import Key, claim_parameters, claiming, refuse_answered
from mybcat.ids import new_uuid, public_id, referenced
from mybcat.principal import Principal
from patients.services import get_patient
from practices.models import AppointmentType
from practices.subscriptions import require_subscription


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
    # What kept its slots until then.
    holds: tuple[UUID, ...] = ()

    @classmethod
    def of(cls, told: bytes) -> Self:
        """What `appointments_book()` tells of a booking, and the idempotency key keeps of it."""
        members = orjson.loads(bytes(told))
        return cls(
            id=UUID(members["id"]),
            patient_id=UUID(members["patientId"]),
            slot_id=UUID(members["slotId"]),
            practitioner_id=UUID(members["practitionerId"]),
            location_id=UUID(members["locationId"]),
            starts_at=datetime.fromisoformat(members["startsAt"]),
            ends_at=datetime.fromisoformat(members["endsAt"]),
            time_zone=members["timeZone"],
            type_code=members["type"],
            holds=tuple(UUID(each) for each in members.get("holds", ())),
        )


# No row: refused. A fingerprint: the key had its answer before. Else the body is what was booked.
_BOOK = """
    SELECT * FROM appointments_book(
        %(appointment)s, %(patient)s, %(slot)s, %(type)s, %(told)s, %(event)s, %(event_data)s, %(audit)s,
        %(kind)s, %(by)s, %(now)s, %(address)s::inet, %(correlation)s,
        %(key_id)s, %(operation)s, %(key)s, %(fingerprint)s, %(expires_at)s)
"""


def book_appointment(
    *, patient_id: UUID, slot_id: UUID, type_code: str, by: Principal, now: datetime, key: Key | None = None
) -> Booked:
    """Take the slots that the type needs from `slot_id` on, in the practice in scope; once only under `key`.

    Raises UnknownId (slot, patient), PatientMerged, InvalidInput (type), SlotInPast, SlotTaken, NotEnoughTime,
    Reserved, DayFull, NoResource, PractitionerInactive, LocationInactive, TooSoon, TooFarAhead, SubscriptionLapsed, and
    of the key KeyReused, InProgress; the caller's transaction is then of no use but for its rollback. Raises Answered,
    whose body is for `Booked.of()`, where the key has its answer.
    """
    # A program may be refused what it has taken by then, which must not stand among the reasons.
    before = "" if by.kind == "member" else transaction.savepoint()
    row = _book(patient_id, slot_id, type_code, by, key, now=now)
    if row is not None and key is not None:
        refuse_answered(row, key)
    # Not before: what was booked while the practice could book is told again.
    require_subscription(by=by, now=now)
    if row is None:
        raise _refusal(patient_id, slot_id, type_code, by=by, now=now)
    booked = Booked.of(row[2])
    try:
        require_window(starts_at=booked.starts_at, by=by, now=now)
    except Unavailable:
        transaction.savepoint_rollback(before)
        raise
    if booked.holds:
        # The caller's own, for this or another of the times that were offered; or such as had run out.
        end_holds(booked.holds, now=now)
    referenced(booked.patient_id, booked.slot_id, booked.practitioner_id, booked.location_id)
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


def _book(
    patient_id: UUID, slot_id: UUID, type_code: str, by: Principal, key: Key | None, *, now: datetime
) -> tuple[Any, ...] | None:
    appointment_id = new_uuid()
    told = {
        "id": str(appointment_id),
        "patientId": str(patient_id),
        "slotId": str(slot_id),
        "timeZone": by.time_zone,
        "type": type_code,
    }
    # What the call finds out, it adds.
    event_data = {
        "appointmentId": public_id("appt", appointment_id),
        "patientId": public_id("pat", patient_id),
        "slotId": public_id("slot", slot_id),
    }
    parameters = {
        "appointment": appointment_id,
        "patient": patient_id,
        "slot": slot_id,
        "type": type_code,
        "told": Jsonb(told),
        "event": new_uuid(),
        "event_data": Jsonb(event_data),
        "audit": new_uuid(),
        "kind": by.kind,
        "by": by.id,
        "now": now,
        "address": remote_address(),
        "correlation": accepted_or_new(correlation_id()),
        **claim_parameters(key, now=now),
    }
    try:
        with claiming(), connection.cursor() as cursor:
            cursor.execute(_BOOK, parameters)
            return cast("tuple[Any, ...] | None", cursor.fetchone())
    except IntegrityError as error:
        if isinstance(error.__cause__, ExclusionViolation):
            raise SlotTaken from error
        raise


def _refusal(patient_id: UUID, slot_id: UUID, type_code: str, *, by: Principal, now: datetime) -> DomainError:
    """Why not. Asked only after a refusal, so it may take its time."""
    # The patient first: another practice's must be on record whatever else is wrong.
    get_patient(patient_id, lock=True)
    if not Slot.objects.filter(id=slot_id).exists():
        return UnknownId(prefix="slot", value=slot_id)
    kind = AppointmentType.objects.active().filter(code=type_code).first()
    if kind is None:
        return InvalidInput(fields={"type": ["No such type of appointment"]})
    try:
        opened = open_slot(slot_id, now=now)
        needed = Needed.of(opened, kind)
        slots = Slot.objects.filter(touching(opened, needed))
        taken = take(slots, slot=opened, needed=needed, mine=usable_holds(by))
    except DomainError as refusal:
        return refusal
    return would_refuse(slots=taken, slot=opened, kind=kind, patient_id=patient_id, by=by.id) or NoResource()
