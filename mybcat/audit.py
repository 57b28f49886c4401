"""Who read or wrote whose data: one row an act, in the transaction of the act."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

import orjson
from django.db import connection

from mybcat.correlation import correlation_id, remote_address
from mybcat.ids import new_uuid
from mybcat.principal import Actor, Principal
from mybcat.tenancy import current_scope

# By hand: nearly every request writes one, and the ORM doubles what a short read costs.
_INSERT = """
    INSERT INTO mybcat_auditentry
        (id, practice_id, at, principal_kind, principal_id, action, object_kind, object_ids, outcome, address,
         correlation_id, on_behalf_kind, on_behalf_id, reason)
    VALUES (%s, %s, %s, %s, %s, %s, %s, %s::jsonb, %s, %s::inet, %s, %s, %s, %s)
"""


def record(
    *,
    principal: Actor | None,
    action: str,
    object_kind: str,
    object_ids: Collection[UUID],
    now: datetime,
    outcome: str = "success",
    practice_id: UUID | None = None,
    on_behalf_of: Actor | None = None,
    reason: str = "",
) -> None:
    """Add the row. `action` is a stable code such as `patient.read`; `object_kind` an id's prefix.

    Inside practice_scope the row belongs to that practice; in platform scope, to `practice_id`.
    `principal` None is the platform itself; `on_behalf_of` is whom it acts for; a member's principal that an
    operator looks through tells both by itself. `reason` is a code or what was asked, never a patient's data.
    """
    who = principal
    if isinstance(principal, Principal) and principal.operator_id:
        who, on_behalf_of = principal.acting, principal
    with connection.cursor() as cursor:
        cursor.execute(
            _INSERT,
            [
                new_uuid(),
                current_scope().practice_id or practice_id,
                now,
                who.kind if who else "platform",
                who.id if who else None,
                action,
                object_kind,
                orjson.dumps(list(object_ids)).decode(),
                outcome,
                remote_address(),
                correlation_id(),
                on_behalf_of.kind if on_behalf_of else "",
                on_behalf_of.id if on_behalf_of else None,
                reason[:200],
            ],
        )
