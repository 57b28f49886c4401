"""Adding, changing and removing blocks and caps: what is booked stays, what is booked from then on heeds them."""

from collections.abc import Collection
from datetime import datetime, time
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction

from appointments.blocks.models import AppointmentBlock, AppointmentCap
from appointments.schedule_changes import tell_schedule
from mybcat import audit
from mybcat.errors import DomainError, InvalidInput, UnknownId
from mybcat.principal import Principal
from mybcat.tenancy import TenantModel
from practices.models import AppointmentType, Location, Practitioner

MIDNIGHT = time()


class CapExists(DomainError):
    code = "cap_exists"
    status = 409
    sentence = "There is a cap of this type there already: delete it first"


def add_block(*, fields: dict[str, Any], by: Principal, now: datetime) -> AppointmentBlock:
    """Reserve the time from now on; `fields` as AppointmentBlock has them, with `types`, codes, for `type_ids`.

    Raises UnknownId (practitioner, location), InvalidInput.
    """
    _refuse_unknown("pract", fields["practitioner_id"], Practitioner)
    _refuse_unknown("loc", fields.get("location_id"), Location)
    block = AppointmentBlock()
    _fill(block, fields)
    block.save(force_insert=True)
    tell_schedule(block.practitioner_id, by=by, now=now)
    _record("added", block, by=by, now=now)
    return block


def change_block(*, block_id: UUID, fields: dict[str, Any], by: Principal, now: datetime) -> AppointmentBlock:
    """Likewise of some members. Raises UnknownId, InvalidInput."""
    block = AppointmentBlock.objects.select_for_update(no_key=True).filter(id=block_id).first()
    if block is None:
        raise UnknownId(prefix="blk", value=block_id)
    _fill(block, fields)
    block.save()
    tell_schedule(block.practitioner_id, by=by, now=now)
    _record("changed", block, by=by, now=now)
    return block


def remove_block(*, block_id: UUID, by: Principal, now: datetime) -> None:
    """What it kept is anybody's. Raises UnknownId."""
    block = AppointmentBlock.objects.select_for_update().filter(id=block_id).first()
    if block is None:
        raise UnknownId(prefix="blk", value=block_id)
    tell_schedule(block.practitioner_id, by=by, now=now)
    _record("removed", block, by=by, now=now)
    block.delete()


def add_cap(
    *, type_code: str, practitioner_id: UUID | None, location_id: UUID | None, most: int, by: Principal, now: datetime
) -> AppointmentCap:
    """At most so many of the type a day from now on; on days that have more already, no more.

    Raises UnknownId (practitioner, location), InvalidInput (type), CapExists.
    """
    _refuse_unknown("pract", practitioner_id, Practitioner)
    _refuse_unknown("loc", location_id, Location)
    kind = AppointmentType.objects.filter(code=type_code).first()
    if kind is None:
        raise InvalidInput(fields={"type": ["No such type of appointment"]})
    cap = AppointmentCap(appointment_type=kind, practitioner_id=practitioner_id, location_id=location_id, most=most)
    try:
        with transaction.atomic():
            cap.save(force_insert=True)
    except IntegrityError as error:
        raise CapExists from error
    tell_schedule(cap.practitioner_id, by=by, now=now)
    _record("added", cap, by=by, now=now)
    return cap


def remove_cap(*, cap_id: UUID, by: Principal, now: datetime) -> None:
    """There may be any number again. Raises UnknownId."""
    cap = AppointmentCap.objects.select_for_update().filter(id=cap_id).first()
    if cap is None:
        raise UnknownId(prefix="cap", value=cap_id)
    tell_schedule(cap.practitioner_id, by=by, now=now)
    _record("removed", cap, by=by, now=now)
    cap.delete()


def _fill(block: AppointmentBlock, fields: dict[str, Any]) -> None:
    members = dict(fields)
    if "types" in members:
        members["type_ids"] = _types(members.pop("types"))
    for name, value in members.items():
        setattr(block, name, value)
    wrong = {}
    if block.ends <= block.starts and block.ends != MIDNIGHT:
        wrong["ends"] = ["Not after `starts`"]
    if block.valid_until is not None and block.valid_until <= block.valid_from:
        wrong["validUntil"] = ["Not after `validFrom`"]
    if not block.type_ids and not block.for_new_patients:
        wrong["types"] = ["Name a type, or say `newPatients`: otherwise nobody could be booked"]
    if wrong:
        raise InvalidInput(fields=wrong)


def _types(codes: Collection[str]) -> list[UUID]:
    found = dict(AppointmentType.objects.filter(code__in=codes).values_list("code", "id"))
    if set(codes) - set(found):
        raise InvalidInput(fields={"types": ["No such type of appointment"]})
    return [found[code] for code in sorted(found)]


def _refuse_unknown(prefix: str, value: UUID | None, model: type[TenantModel]) -> None:
    if value is not None and not model.objects.filter(id=value).exists():
        raise UnknownId(prefix=prefix, value=value)


def _record(what: str, row: AppointmentBlock | AppointmentCap, *, by: Principal, now: datetime) -> None:
    kind, name = ("blk", "appointment_block") if isinstance(row, AppointmentBlock) else ("cap", "appointment_cap")
    audit.record(principal=by, action=f"{name}.{what}", object_kind=kind, object_ids=[row.id], now=now)
