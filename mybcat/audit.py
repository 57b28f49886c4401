"""Who read or wrote whose data: one row an act, in the transaction of the act."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from mybcat.correlation import correlation_id, remote_address
from mybcat.models import AuditEntry
from mybcat.principal import Actor
from mybcat.tenancy import current_scope


def record(
    *,
    principal: Actor | None,
    action: str,
    object_kind: str,
    object_ids: Collection[UUID],
    now: datetime,
    outcome: str = "success",
    practice_id: UUID | None = None,
) -> AuditEntry:
    """Add the row. `action` is a stable code such as `patient.read`; `object_kind` an id's prefix.

    Inside practice_scope the row belongs to that practice; in platform scope, to `practice_id`.
    `principal` None is the platform itself.
    """
    return AuditEntry.objects.create(
        practice_id=current_scope().practice_id or practice_id,
        at=now,
        principal_kind=principal.kind if principal else "platform",
        principal_id=principal.id if principal else None,
        action=action,
        object_kind=object_kind,
        object_ids=[str(value) for value in object_ids],
        outcome=outcome,
        address=remote_address(),
        correlation_id=correlation_id(),
    )
