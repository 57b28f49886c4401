"""Adding and changing types of appointment, and saying how soon and how far ahead programs book."""

from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction

from mybcat import audit
from mybcat.errors import DomainError
from mybcat.principal import Principal
from practices.models import AppointmentType, Practice
from practices.resources.services import locked_type, record_type


class CodeTaken(DomainError):
    code = "code_taken"
    status = 409
    sentence = "There is an appointment type with this code already"


def add_type(*, fields: dict[str, Any], by: Principal, now: datetime) -> AppointmentType:
    """A new one, which can be booked from now on. Raises CodeTaken."""
    kind = AppointmentType(**fields)
    try:
        with transaction.atomic():
            kind.save()
    except IntegrityError as error:
        raise CodeTaken from error
    record_type("added", kind, by=by, now=now)
    return kind


def change_type(*, code: str, fields: dict[str, Any], by: Principal, now: datetime) -> AppointmentType:
    """From now on it is so; what is booked keeps its length. Its code never changes. Raises UnknownType."""
    kind = locked_type(code)
    for name, value in fields.items():
        setattr(kind, name, value)
    kind.save(update_fields=fields)
    record_type("changed", kind, by=by, now=now)
    return kind


def write_self_service(*, lead_hours: int | None, horizon_days: int | None, by: Principal, now: datetime) -> Practice:
    """From how soon, and on how many days from today on, programs book; None: as anybody. What is booked stands."""
    practice = Practice.objects.select_for_update(no_key=True).get()
    practice.self_service_lead_hours, practice.self_service_horizon_days = lead_hours, horizon_days
    practice.save(update_fields=("self_service_lead_hours", "self_service_horizon_days"))
    audit.record(principal=by, action="self_service.written", object_kind="prac", object_ids=[by.practice_id], now=now)
    return practice
