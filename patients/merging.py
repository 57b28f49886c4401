"""Two records of one person become one, and two again when that was a mistake."""

from datetime import datetime
from uuid import UUID

from django.db import connection, transaction
from psycopg import sql

from mybcat import audit, events
from mybcat.errors import DomainError, UnknownId
from mybcat.events import EventType
from mybcat.ids import public_id
from mybcat.principal import Principal
from patients.models import Patient, PatientMerge

# Every table whose rows name a patient, by the keys that PostgreSQL itself holds them to. What a
# merge and its own trace say of patients stays as it is.
_FOLLOWERS = """
    SELECT c.conrelid::regclass::text, a.attname
    FROM pg_constraint c JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = c.conkey[2]
    WHERE c.contype = 'f' AND c.confrelid = 'patients_patient'::regclass AND cardinality(c.conkey) = 2
      AND c.conrelid NOT IN ('patients_patient'::regclass, 'patients_patientmerge'::regclass)
    ORDER BY 1, 2
"""


class MergedWithItself(DomainError):
    code = "merged_with_itself"
    status = 409
    sentence = "A record cannot be merged with itself"


class AlreadyMerged(DomainError):
    code = "already_merged"
    status = 409
    sentence = "This record was merged into another one already"


class AlreadyUndone(DomainError):
    code = "already_undone"
    status = 409
    sentence = "This merge was taken back already"


@transaction.atomic
def merge_patients(*, kept_id: UUID, merged_id: UUID, by: Principal, now: datetime) -> PatientMerge:
    """Everything that named `merged` names `kept` from now on; `merged` is found no more, and can be had back.

    What the kept record says of the person stays as it is. Raises UnknownId, MergedWithItself, AlreadyMerged.
    """
    if kept_id == merged_id:
        raise MergedWithItself
    kept, merged = _locked(kept_id, merged_id)
    if kept.merged_into_id or merged.merged_into_id:
        raise AlreadyMerged
    moved = {
        f"{table}.{column}": _renamed(table, column, {"from": merged.id, "to": kept.id, "practice": by.practice_id})
        for table, column in _followers()
    }
    # `save()` would touch what people see as the record's last change.
    Patient.objects.filter(id=merged.id).update(merged_into=kept)
    merge: PatientMerge = PatientMerge.objects.create(
        kept=kept,
        merged=merged,
        moved={name: ids for name, ids in moved.items() if ids},
        merged_at=now,
        merged_by=by.id,
    )
    _tell(EventType.PATIENT_MERGED, merge, by=by, now=now)
    return merge


@transaction.atomic
def undo_merge(*, merge_id: UUID, by: Principal, now: datetime) -> PatientMerge:
    """What had moved, and still names the kept record, goes back; what came since stays with the kept one.

    Raises UnknownId, AlreadyUndone; AlreadyMerged where the kept record was merged itself since.
    """
    merge = PatientMerge.objects.select_for_update(no_key=True).filter(id=merge_id).first()
    if merge is None:
        raise UnknownId(prefix="merge", value=merge_id)
    if merge.undone_at is not None:
        raise AlreadyUndone
    kept, merged = _locked(merge.kept_id, merge.merged_id)
    if kept.merged_into_id:
        raise AlreadyMerged
    for name, ids in merge.moved.items():
        table, column = name.split(".")
        _renamed(table, column, {"from": kept.id, "to": merged.id, "practice": by.practice_id}, only=ids)
    Patient.objects.filter(id=merged.id).update(merged_into=None)
    merge.undone_at, merge.undone_by = now, by.id
    merge.save(update_fields=("undone_at", "undone_by"))
    _tell(EventType.PATIENT_MERGE_UNDONE, merge, by=by, now=now)
    return merge


def copies_of(patient_id: UUID) -> list[UUID]:
    """The records that were merged into this one, or into one that was; none that was taken back."""
    found: list[UUID] = []
    last = [patient_id]
    while last:
        rows = PatientMerge.objects.filter(kept_id__in=last, undone_at=None)
        last = list(rows.order_by("id").values_list("merged_id", flat=True))
        found += last
    return found


def _locked(kept_id: UUID, merged_id: UUID) -> tuple[Patient, Patient]:
    """Both, locked in one order, so that merging each into the other cannot deadlock. Raises UnknownId."""
    rows = Patient.objects.filter(id__in=(kept_id, merged_id)).order_by("id").select_for_update()
    found = {row.id: row for row in rows}
    for wanted in (kept_id, merged_id):
        if wanted not in found:
            raise UnknownId(prefix="pat", value=wanted)
    return found[kept_id], found[merged_id]


def _followers() -> list[tuple[str, str]]:
    with connection.cursor() as cursor:
        cursor.execute(_FOLLOWERS)
        return [(str(table), str(column)) for table, column in cursor.fetchall()]


def _renamed(table: str, column: str, ids: dict[str, UUID], *, only: list[str] | None = None) -> list[str]:
    """The ids of the rows that named one patient and now name the other."""
    statement = sql.SQL(
        "UPDATE {table} SET {column} = %(to)s WHERE practice_id = %(practice)s AND {column} = %(from)s"
        " AND (%(only)s::uuid[] IS NULL OR id = ANY(%(only)s::uuid[])) RETURNING id"
    ).format(table=sql.Identifier(table), column=sql.Identifier(column))
    with connection.cursor() as cursor:
        cursor.execute(statement, {**ids, "only": only})
        return [str(row[0]) for row in cursor.fetchall()]


def _tell(event_type: EventType, merge: PatientMerge, *, by: Principal, now: datetime) -> None:
    data = {"patientId": public_id("pat", merge.kept_id), "mergedPatientId": public_id("pat", merge.merged_id)}
    events.publish(type=event_type, subject_id=merge.kept_id, data=data, by=by, now=now)
    ids = [merge.kept_id, merge.merged_id]
    audit.record(principal=by, action=event_type.value, object_kind="pat", object_ids=ids, now=now)
