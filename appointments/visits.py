"""A patient's next appointment and last visit, for patients' routes."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.db import connection

from appointments.days import zone
from mybcat.tenancy import current_scope
from patients.visits import Visits

_VISITS = """
    SELECT p.id, n.id, n.starts_at, k.starts_at, practice.time_zone
    FROM unnest(%(patients)s::uuid[]) AS p(id)
    JOIN practices_practice practice ON practice.id = %(practice)s
    LEFT JOIN LATERAL (
        SELECT a.id, a.starts_at
        FROM appointments_appointment a
        WHERE a.practice_id = %(practice)s AND a.patient_id = p.id AND a.starts_at >= %(now)s AND a.status = 'booked'
        ORDER BY a.starts_at LIMIT 1
    ) n ON true
    LEFT JOIN LATERAL (
        SELECT a.starts_at
        FROM appointments_appointment a
        WHERE a.practice_id = %(practice)s AND a.patient_id = p.id AND a.starts_at < %(now)s
          AND a.status = ANY(%(kept)s)
        ORDER BY a.starts_at DESC LIMIT 1
    ) k ON true
"""


def visits_of(patient_ids: Sequence[UUID], now: datetime) -> dict[UUID, Visits]:
    """By patient, in the practice in scope; times on the practice's clock."""
    if not patient_ids:
        return {}
    parameters = {
        "patients": list(patient_ids),
        "practice": current_scope().practice_id,
        "now": now,
        "kept": ["arrived", "fulfilled"],
    }
    with connection.cursor() as cursor:
        cursor.execute(_VISITS, parameters)
        return {
            patient: Visits(
                next_id=next_id,
                next_at=next_at.astimezone(zone(name)) if next_at else None,
                last_on=last_at.astimezone(zone(name)).date() if last_at else None,
            )
            for patient, next_id, next_at, last_at, name in cursor.fetchall()
        }
