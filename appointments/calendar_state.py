"""Whether a calendar has changed, at a fraction of what showing it costs."""

from typing import Any

from django.db.models import QuerySet

from mybcat.gateway.conditional import State, versions_of

# What each appointment shows besides its own row: its type's code, the practice's zone.
_BESIDES = (
    "array_agg(DISTINCT appointments_appointment.patient_id)",
    "(SELECT sum(hash_record_extended((t.id, t.xmin::text), 0)) FROM practices_appointmenttype t)",
    "(SELECT max(p.xmin::text) FROM practices_practice p)",
)


def appointments_state(rows: QuerySet[Any], *, action: str) -> State:
    """Of these appointments of the practice in scope, shown to a caller who does `action`."""
    count, versions, patients, *besides = versions_of(rows, *_BESIDES)
    return State(versions=(count, versions, *besides), action=action, patients=tuple(sorted(patients or ())))


def slots_state(rows: QuerySet[Any]) -> State:
    """Of these slots. They name practitioners and places by id, which never change."""
    return State(versions=versions_of(rows))
