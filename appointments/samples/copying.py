"""Patients, slots and appointments of one practice by COPY, in the platform's scope."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from functools import cache
from random import Random
from uuid import UUID

from django.db import connection

from appointments.samples.people import SamplePatient
from appointments.samples.visits import FreeSlot, Visit
from mybcat.ids import new_uuid
from patients.likeness import name_keys

_PATIENT = {
    "id": "uuid",
    "practice_id": "uuid",
    "first_name": "varchar",
    "last_name": "varchar",
    "first_name_key": "varchar",
    "first_name_sound": "varchar",
    "first_name_skeleton": "varchar",
    "last_name_key": "varchar",
    "last_name_sound": "varchar",
    "last_name_skeleton": "varchar",
    "date_of_birth": "date",
    "phone": "varchar",
    "email": "varchar",
    "insurance_provider": "varchar",
    "sms_consent": "bool",
    "sms_consent_at": "timestamptz",
    "created_at": "timestamptz",
    "updated_at": "timestamptz",
}
_SLOT = {
    "id": "uuid",
    "practice_id": "uuid",
    "practitioner_id": "uuid",
    "location_id": "uuid",
    "starts_at": "timestamptz",
    "ends_at": "timestamptz",
    "status": "varchar",
    "appointment_id": "uuid",
}
_APPOINTMENT = {
    "id": "uuid",
    "practice_id": "uuid",
    "patient_id": "uuid",
    "practitioner_id": "uuid",
    "location_id": "uuid",
    "appointment_type_id": "uuid",
    "slot_id": "uuid",
    "status": "varchar",
    "starts_at": "timestamptz",
    "ends_at": "timestamptz",
    "occupied_from": "timestamptz",
    "occupied_until": "timestamptz",
    "booked_by": "uuid",
    "booked_at": "timestamptz",
    "cancellation_reason": "varchar",
}
_STAGE = (
    "CREATE TEMPORARY TABLE new_slot (LIKE appointments_slot INCLUDING DEFAULTS) ON COMMIT DROP",
    "CREATE TEMPORARY TABLE new_appointment (LIKE appointments_appointment INCLUDING DEFAULTS) ON COMMIT DROP",
)
# Slots and appointments refer to one another, and foreign keys are checked when the statement ends.
_MOVE = """
    WITH appointments AS (INSERT INTO appointments_appointment SELECT * FROM new_appointment)
    INSERT INTO appointments_slot SELECT * FROM new_slot
"""
_keys = cache(name_keys)


def copy_patients(*, practice_id: UUID, patients: Sequence[SamplePatient], now: datetime) -> list[UUID]:
    """Their ids, in order."""
    ids = [new_uuid() for _ in patients]
    _copy(
        "patients_patient",
        _PATIENT,
        (
            (
                new_id,
                practice_id,
                person.first_name,
                person.last_name,
                *_keys(person.first_name),
                *_keys(person.last_name),
                person.date_of_birth,
                person.phone,
                person.email,
                person.insurance_provider,
                person.sms_consent,
                now if person.sms_consent else None,
                now,
                now,
            )
            for new_id, person in zip(ids, patients, strict=True)
        ),
    )
    return ids


def copy_calendar(
    *,
    practice_id: UUID,
    slots: Sequence[FreeSlot],
    visits: Sequence[Visit],
    patients: Sequence[UUID],
    type_ids: dict[str, UUID],
    booked_by: UUID,
    now: datetime,
    chance: Random,
) -> None:
    """Slots, free but where one of `visits` takes them, and the visits as booked appointments."""
    appointments = [(new_uuid(), visit) for visit in visits]
    taken = {slot.id: new_id for new_id, visit in appointments for slot in visit.slots}
    with connection.cursor() as cursor:
        for statement in _STAGE:
            cursor.execute(statement)
        _copy(
            "new_slot",
            _SLOT,
            (
                (
                    slot.id,
                    practice_id,
                    slot.practitioner_id,
                    slot.location_id,
                    slot.starts_at,
                    slot.ends_at,
                    "busy" if slot.id in taken else "free",
                    taken.get(slot.id),
                )
                for slot in slots
            ),
        )
        _copy(
            "new_appointment",
            _APPOINTMENT,
            (
                (
                    new_id,
                    practice_id,
                    chance.choice(patients),
                    visit.slot.practitioner_id,
                    visit.slot.location_id,
                    type_ids[visit.type.code],
                    visit.slot.id,
                    "booked",
                    visit.starts_at,
                    visit.ends_at,
                    visit.occupied_from,
                    visit.occupied_until,
                    booked_by,
                    now,
                    "",
                )
                for new_id, visit in appointments
            ),
        )
        cursor.execute(_MOVE)


def _copy(table: str, columns: Mapping[str, str], rows: Iterable[Sequence[object]]) -> None:
    """In binary, which costs Python a fifth of what text does."""
    statement = f"COPY {table} ({', '.join(columns)}) FROM STDIN (FORMAT BINARY)"
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        copy.set_types(list(columns.values()))
        for row in rows:
            copy.write_row(row)
