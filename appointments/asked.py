"""What a search names, read with one statement: as objects of the ORM it took longer to ask for than to find."""

from typing import Any, NamedTuple
from uuid import UUID

from django.db import connection

from mybcat.errors import InvalidInput, UnknownId
from mybcat.rows import columns, row_of, rows_of
from mybcat.tenancy import current_scope
from practices.models import AppointmentType, Location, Practice, Practitioner

_TYPE = "LEFT JOIN practices_appointmenttype t ON t.practice_id = %(practice)s AND t.code = %(type)s AND t.is_active"
_EVERYONE = f"""
    SELECT ARRAY(SELECT id FROM practices_practitioner WHERE practice_id = %(practice)s AND is_active ORDER BY id),
           ARRAY(SELECT id FROM practices_location WHERE practice_id = %(practice)s AND is_active ORDER BY id),
           EXISTS (SELECT FROM appointments_appointmentblock WHERE practice_id = %(practice)s)
               OR EXISTS (SELECT FROM appointments_appointmentcap c
                          WHERE c.practice_id = %(practice)s AND c.appointment_type_id = t.id),
           {columns(AppointmentType, "t")}
    FROM (SELECT) AS asked {_TYPE}
"""  # noqa: S608 - of our own columns
_ONE = f"""
    SELECT {columns(AppointmentType, "t")}, {columns(Practitioner, "c")}, {columns(Practice, "p")},
           {columns(Location, "l")}
    FROM practices_practice p {_TYPE}
    LEFT JOIN practices_practitioner c ON c.practice_id = %(practice)s AND c.id = %(practitioner)s
    LEFT JOIN practices_location l ON l.practice_id = %(practice)s AND l.id = %(location)s
    WHERE p.id = %(practice)s
"""  # noqa: S608 - of our own columns


def active_type(code: str) -> AppointmentType:
    """The type that a booking may name. Raises InvalidInput."""
    return _known(AppointmentType.objects.active().filter(code=code).first())


class Offered(NamedTuple):
    """A type that a booking may name, and at which practitioners and locations of the practice."""

    kind: AppointmentType
    practitioners: list[UUID]
    locations: list[UUID]
    # Whether the practice has blocks, or caps of the type: most have none.
    ruled: bool


def type_and_everyone(*, code: str) -> Offered:
    """All practitioners and locations of the practice in scope that are active.

    Raises InvalidInput.
    """
    row = _read(_EVERYONE, type=code)
    return Offered(_known(row_of(AppointmentType, row[3:])), *row[:3])


def type_and_practitioner(
    *, code: str, practitioner_id: UUID, location_id: UUID | None
) -> tuple[AppointmentType, Practitioner, Location | None]:
    """Likewise the type, and one practitioner with their practice, and one location, active or not.

    Raises UnknownId, InvalidInput.
    """
    row = _read(_ONE, type=code, practitioner=practitioner_id, location=location_id)
    kind, found, practice, location = rows_of((AppointmentType, Practitioner, Practice, Location), row)
    if found is None:
        raise UnknownId(prefix="pract", value=practitioner_id)
    if location is None and location_id is not None:
        raise UnknownId(prefix="loc", value=location_id)
    found.practice = practice
    return _known(kind), found, location


def _read(statement: str, **named: Any) -> tuple[Any, ...]:
    with connection.cursor() as cursor:
        cursor.execute(statement, {"practice": current_scope().practice_id, **named})
        row: tuple[Any, ...] = cursor.fetchone()
    return row


def _known(found: AppointmentType | None) -> AppointmentType:
    if found is None:
        raise InvalidInput(fields={"type": ["No such type of appointment"]})
    return found
