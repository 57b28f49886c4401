"""A practice with one day of two hundred appointments, which no ordinary practice has."""

from dataclasses import replace
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from django.db import connection

from bench.practice import PRACTITIONERS, ZONE, BenchPractice, make_practice
from mybcat.tenancy import practice_scope

APPOINTMENTS = 200

_BOOK = """
    INSERT INTO appointments_appointment
        (id, practice_id, patient_id, practitioner_id, location_id, appointment_type_id, slot_id, status,
         starts_at, ends_at, occupied_from, occupied_until, booked_by, booked_at, cancellation_reason)
    SELECT (%(appointments)s || right(s.id::text, 12))::uuid, s.practice_id,
           (%(patients)s || right(s.id::text, 12))::uuid, s.practitioner_id, s.location_id, %(type)s, s.id, 'booked',
           s.starts_at, s.ends_at, s.starts_at, s.ends_at, %(by)s, now(), ''
    FROM appointments_slot s WHERE s.practice_id = %(practice)s
"""
_TAKE = """
    UPDATE appointments_slot s SET status = 'busy', appointment_id = a.id
    FROM appointments_appointment a
    WHERE s.practice_id = %(practice)s AND a.practice_id = %(practice)s AND a.slot_id = s.id
"""


def busy_day(*, callers: int, practitioners: int = PRACTITIONERS) -> tuple[BenchPractice, date]:
    """The practice, and the day on its clock."""
    practice = make_practice(name="Bench: a day of 200", callers=callers)
    practice = replace(practice, practitioner_ids=practice.practitioner_ids[:practitioners])
    practice.add_slots(start=0, stop=APPOINTMENTS)
    parameters: dict[str, Any] = {
        "practice": practice.id,
        "type": practice.type_id,
        "by": practice.callers[0].user_id,
        "appointments": practice.prefix("c"),
        # A slot's number is a patient's number, too: there are more patients than slots.
        "patients": practice.prefix("b"),
    }
    with practice_scope(practice.id), connection.cursor() as cursor:
        cursor.execute(_BOOK, parameters)
        cursor.execute(_TAKE, parameters)
    return practice, practice.first.astimezone(ZoneInfo(ZONE)).date()
