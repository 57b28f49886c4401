"""Adding and changing practitioners; whoever sees patients no more has no free time any more."""

from datetime import datetime
from typing import Any
from uuid import UUID

from appointments.hours.outside import Outside, still_with
from appointments.schedule_changes import tell_schedule
from appointments.schedules import hours_changed
from mybcat import audit
from mybcat.errors import UnknownId
from mybcat.principal import Principal
from practices.models import Membership, Practitioner


def add_practitioner(*, fields: dict[str, Any], by: Principal, now: datetime) -> Practitioner:
    """A new one, whose calendar is empty until there are hours. Raises UnknownId."""
    added: Practitioner = Practitioner.objects.create(**_columns(fields))
    _record("practitioner.added", added, by, now)
    return added


def change_practitioner(
    *, practitioner_id: UUID, fields: dict[str, Any], by: Principal, now: datetime
) -> tuple[Practitioner, Outside]:
    """Rename them, or let them see patients no more: free time closes, and what is booked stands and is told.

    Active again, hours open the calendar again. Raises UnknownId.
    """
    rows = Practitioner.objects.select_related("practice").select_for_update(no_key=True, of=("self",))
    practitioner = rows.filter(id=practitioner_id).first()
    if practitioner is None:
        raise UnknownId(prefix="pract", value=practitioner_id)
    was_active, columns = practitioner.is_active, _columns(fields)
    for name, value in columns.items():
        setattr(practitioner, name, value)
    practitioner.save(update_fields=columns)
    if practitioner.is_active != was_active:
        hours_changed(practitioner=practitioner, now=now)
        tell_schedule(practitioner.id, by=by, now=now)
    _record("practitioner.changed", practitioner, by, now)
    left = was_active and not practitioner.is_active
    return practitioner, still_with(practitioner=practitioner, now=now) if left else Outside(0, ())


def _columns(fields: dict[str, Any]) -> dict[str, Any]:
    """Who signs in as the practitioner is named as a member and kept as a person: one and the same elsewhere, too."""
    columns = dict(fields)
    if "member_id" in columns:
        member_id = columns.pop("member_id")
        member = Membership.objects.select_related("user").filter(id=member_id).first() if member_id else None
        if member_id and member is None:
            raise UnknownId(prefix="mem", value=member_id)
        columns["user"] = member and member.user
    return columns


def _record(action: str, practitioner: Practitioner, by: Principal, now: datetime) -> None:
    audit.record(principal=by, action=action, object_kind="pract", object_ids=[practitioner.id], now=now)
