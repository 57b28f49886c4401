"""Who saw or changed one patient's data: the accounting of disclosures (45 CFR 164.528)."""

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib.auth import get_user_model
from django.db import connection
from django.utils.module_loading import import_string

from mybcat import audit
from mybcat.auditing.chain import COLUMNS, Entry, read_entry
from mybcat.ids import public_id
from mybcat.tenancy import platform_scope

BATCH = 5000

MEMBERS = (
    "number", "at", "who", "name", "onBehalfOf", "action", "outcome", "reason", "address", "correlationId", "hash",
)  # fmt: skip

# Along the index by practice and time; the ids are no index, for it would slow every act down.
_OF_PATIENT = f"""
    SELECT s.seq, s.hash, {COLUMNS}
    FROM (
        SELECT * FROM mybcat_auditentry
        WHERE practice_id = %(practice)s AND at >= %(since)s AND object_kind = 'pat'
          AND object_ids ?| %(records)s::text[] AND (at, id) > (%(at)s, %(id)s)
        ORDER BY at, id LIMIT %(limit)s
    ) e LEFT JOIN mybcat_auditseal s ON s.entry_id = e.id
    ORDER BY e.at, e.id
"""  # noqa: S608


def disclosures(*, practice_id: UUID, patient_id: UUID, since: datetime, now: datetime) -> Iterator[dict[str, Any]]:
    """Every act on the patient's data since then, also on records that were merged into theirs, in order of time.

    Members as in MEMBERS. Itself on record.
    """
    copies_of: Callable[[UUID], list[UUID]] = import_string(settings.COPIES_OF)
    with platform_scope(reason="export the audit record"):
        audit.record(
            principal=None,
            action="audit.exported",
            object_kind="pat",
            object_ids=[patient_id],
            now=now,
            practice_id=practice_id,
        )
        records = [str(each) for each in (patient_id, *copies_of(patient_id))]
    at, last = since, UUID(int=0)
    while True:
        parameters: dict[str, Any] = {
            "practice": practice_id,
            "records": records,
            "since": since,
            "at": at,
            "id": last,
            "limit": BATCH,
        }
        with platform_scope(reason="export the audit record"), connection.cursor() as cursor:
            cursor.execute("SET LOCAL statement_timeout = 0")
            cursor.execute(_OF_PATIENT, parameters)
            rows = [(seq, digest, entry) for seq, digest, *values in cursor.fetchall() if (entry := read_entry(values))]
        names = _names({entry.principal_id for _, _, entry in rows})
        yield from (_shown(seq, digest, entry, names) for seq, digest, entry in rows)
        if len(rows) < BATCH:
            return
        at, last = rows[-1][2].at, rows[-1][2].id


def _names(ids: set[UUID | None]) -> dict[UUID, str]:
    users = get_user_model()._default_manager.filter(id__in=[value for value in ids if value])
    return dict(users.values_list("id", "name"))


def _shown(seq: int | None, digest: Any, entry: Entry, names: dict[UUID, str]) -> dict[str, Any]:
    return {
        "number": seq,
        "at": entry.at.isoformat(),
        "who": _actor(entry.principal_kind, entry.principal_id),
        "name": names.get(entry.principal_id) if entry.principal_id else None,
        "onBehalfOf": _actor(entry.on_behalf_kind, entry.on_behalf_id) if entry.on_behalf_kind else None,
        "action": entry.action,
        "outcome": entry.outcome,
        "reason": entry.reason,
        "address": entry.address,
        "correlationId": entry.correlation_id,
        "hash": bytes(digest).hex() if digest else None,
    }


def _actor(kind: str, value: UUID | None) -> str:
    """Clients have public ids; members and operators are users."""
    if value is None:
        return kind
    return public_id("appc", value) if kind == "client" else f"{kind} {value}"
