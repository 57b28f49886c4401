"""Adding and changing rooms and equipment, and what types of appointment need of them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction

from mybcat import audit
from mybcat.errors import DomainError, UnknownId
from mybcat.principal import Principal
from practices.models import AppointmentType, Location
from practices.resources.models import Resource


class NameTaken(DomainError):
    code = "name_taken"
    status = 409
    sentence = "There is a room or equipment of this name at this location already"


class UnknownType(DomainError):
    code = "not_found"
    status = 404
    sentence = "Not found"


def add_resource(*, location_id: UUID, fields: dict[str, Any], by: Principal, now: datetime) -> Resource:
    """A new one at the location. Raises UnknownId, NameTaken."""
    if not Location.objects.filter(id=location_id).exists():
        raise UnknownId(prefix="loc", value=location_id)
    resource = Resource(location_id=location_id, **fields)
    _save(resource)
    audit.record(principal=by, action="resource.added", object_kind="res", object_ids=[resource.id], now=now)
    return resource


def change_resource(*, resource_id: UUID, fields: dict[str, Any], by: Principal, now: datetime) -> Resource:
    """Rename it, or take it out of use: what has it keeps it, and nothing new gets it. Raises UnknownId, NameTaken."""
    resource = Resource.objects.select_for_update(no_key=True).filter(id=resource_id).first()
    if resource is None:
        raise UnknownId(prefix="res", value=resource_id)
    for name, value in fields.items():
        setattr(resource, name, value)
    _save(resource)
    audit.record(principal=by, action="resource.changed", object_kind="res", object_ids=[resource.id], now=now)
    return resource


def set_needs(*, code: str, categories: Sequence[str], by: Principal, now: datetime) -> AppointmentType:
    """From now on each new appointment of the type has one resource of each category. Raises UnknownType."""
    kind = locked_type(code)
    kind.resource_categories = sorted(set(categories))
    kind.save(update_fields=("resource_categories",))
    record_type("changed", kind, by=by, now=now)
    return kind


def locked_type(code: str) -> AppointmentType:
    """Nobody changes it before we have. Raises UnknownType."""
    rows = AppointmentType.objects.select_for_update(no_key=True).filter(code=code)
    # PostgreSQL has no text with a NUL in it to compare with.
    kind: AppointmentType | None = None if "\x00" in code else rows.first()
    if kind is None:
        raise UnknownType
    return kind


def record_type(act: str, kind: AppointmentType, *, by: Principal, now: datetime) -> None:
    """Which one, by its code: types have no public id."""
    action = f"appointment_type.{act}"
    audit.record(principal=by, action=action, object_kind="", object_ids=(), now=now, reason=kind.code)


def _save(resource: Resource) -> None:
    try:
        with transaction.atomic():
            resource.save()
    except IntegrityError as error:
        raise NameTaken from error
