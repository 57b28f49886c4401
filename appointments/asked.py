"""What a search names, read with one statement: as objects of the ORM it took longer to ask for than to find."""

from typing import Any, NamedTuple, TypeVar
from uuid import UUID

from django.db import connection, models

from mybcat.errors import InvalidInput, UnknownId
from mybcat.tenancy import current_scope
from practices.models import AppointmentType, Location, Practice, Practitioner

_Row = TypeVar("_Row", bound=models.Model)


def _columns(model: type[models.Model], alias: str) -> str:
    return ", ".join(f"{alias}.{field.column}" for field in model._meta.concrete_fields)


_TYPE = "LEFT JOIN practices_appointmenttype t ON t.practice_id = %(practice)s AND t.code = %(type)s AND t.is_active"
_EVERYONE = f"""
    SELECT ARRAY(SELECT id FROM practices_practitioner WHERE practice_id = %(practice)s AND is_active ORDER BY id),
           ARRAY(SELECT id FROM practices_location WHERE practice_id = %(practice)s AND is_active ORDER BY id),
           EXISTS (SELECT FROM appointments_appointmentblock WHERE practice_id = %(practice)s)
               OR EXISTS (SELECT FROM appointments_appointmentcap c
                          WHERE c.practice_id = %(practice)s AND c.appointment_type_id = t.id),
           {_columns(AppointmentType, "t")}
    FROM (SELECT) AS asked {_TYPE}
"""  # noqa: S608 - of our own columns
_ONE = f"""
    SELECT {_columns(AppointmentType, "t")}, {_columns(Practitioner, "c")}, {_columns(Practice, "p")},
           {_columns(Location, "l")}
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
    return Offered(_type(row[3:]), *row[:3])


def type_and_practitioner(
    *, code: str, practitioner_id: UUID, location_id: UUID | None
) -> tuple[AppointmentType, Practitioner, Location | None]:
    """Likewise the type, and one practitioner with their practice, and one location, active or not.

    Raises UnknownId, InvalidInput.
    """
    row = _read(_ONE, type=code, practitioner=practitioner_id, location=location_id)
    kind, rest = _split(AppointmentType, row)
    practitioner, rest = _split(Practitioner, rest)
    practice, place = _split(Practice, rest)
    found, location = _made(Practitioner, practitioner), _made(Location, place)
    if found is None:
        raise UnknownId(prefix="pract", value=practitioner_id)
    if location is None and location_id is not None:
        raise UnknownId(prefix="loc", value=location_id)
    found.practice = Practice.from_db("default", _names(Practice), practice)
    return _type(kind), found, location


def _read(statement: str, **named: Any) -> tuple[Any, ...]:
    with connection.cursor() as cursor:
        cursor.execute(statement, {"practice": current_scope().practice_id, **named})
        row: tuple[Any, ...] = cursor.fetchone()
    return row


def _split(model: type[models.Model], row: tuple[Any, ...]) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
    """Its columns, and those behind them."""
    count = len(model._meta.concrete_fields)
    return row[:count], row[count:]


def _names(model: type[models.Model]) -> list[str]:
    return [field.attname for field in model._meta.concrete_fields]


def _made(model: type[_Row], values: tuple[Any, ...]) -> _Row | None:
    """None where the join found no row: a row has an id."""
    row = model.from_db("default", _names(model), values)
    return None if row.pk is None else row


def _type(values: tuple[Any, ...]) -> AppointmentType:
    return _known(_made(AppointmentType, values))


def _known(found: AppointmentType | None) -> AppointmentType:
    if found is None:
        raise InvalidInput(fields={"type": ["No such type of appointment"]})
    return found
