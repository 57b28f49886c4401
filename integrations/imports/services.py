"""Files handed in: read, tried in a transaction of their own inside the caller's, and kept or rolled back whole."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from integrations.imports.kinds import IMPORTERS
from integrations.imports.models import Import, ImportedRecord
from integrations.imports.running import Asked, Outcome
from integrations.imports.sheets import Sheet, read_sheet
from mybcat import audit
from mybcat.correlation import accepted_or_new, correlation_id
from mybcat.errors import UnknownId
from mybcat.principal import Principal

Status = Import.Status
# What is wrong with so many lines is told of these alone.
TOLD = 10_000


class _Undone(Exception):
    """Leaves the transaction without what was written in it."""


def submit(
    *, kind: str, content: str, dates: str, even_if_alike: bool, dry_run: bool, by: Principal, now: datetime
) -> Import:
    """Take a short file over at once, and leave a long one to a worker; a dry run keeps nothing of either.

    Whatever is wrong with a line, nothing of the file is taken over, and the import tells of each.
    Raises NotASheet, WrongColumns, TooManyLines.
    """
    importer = IMPORTERS[kind]
    sheet = read_sheet(content, columns=importer.columns, most=importer.most)
    job = Import(
        kind=kind,
        dry_run=dry_run,
        dates=dates,
        even_if_alike=even_if_alike,
        status=Status.QUEUED,
        lines=len(sheet.lines),
        principal_kind=by.kind,
        principal_id=by.id,
        correlation_id=accepted_or_new(correlation_id()),
        created_at=now,
    )
    at_once = len(sheet.lines) <= importer.at_once
    job.content = "" if at_once else content
    job.save(force_insert=True)
    audit.record(principal=by, action="import.submitted", object_kind="imp", object_ids=[job.id], now=now)
    if at_once:
        carry_out(job=job, sheet=sheet, by=by, now=now)
    return job


def get_import(import_id: UUID) -> Import:
    """An import of the practice in scope. Raises UnknownId."""
    job: Import | None = Import.objects.filter(id=import_id).first()
    if job is None:
        raise UnknownId(prefix="imp", value=import_id)
    return job


def carry_out(*, job: Import, sheet: Sheet, by: Principal, now: datetime) -> None:
    """Take the file over, or find out why not; the import is ended either way."""
    asked = Asked(by=by, now=now, dates=job.dates, even_if_alike=job.even_if_alike)
    outcome = Outcome()
    try:
        with transaction.atomic():
            outcome = IMPORTERS[job.kind].run(sheet.lines, asked)
            outcome.errors += sheet.errors
            if outcome.errors or job.dry_run:
                raise _Undone
            _keep_records(job, outcome, now=now)
    except _Undone:
        pass
    errors = sorted(outcome.errors)
    end(job=job, code="invalid_lines" if errors else "", now=now)
    job.errors = [list(error) for error in errors[:TOLD]]
    job.created, job.known = (0, 0) if errors else (outcome.created, outcome.known)
    job.save()


def end(*, job: Import, code: str, now: datetime) -> None:
    """Mark it as ended, and forget the file; `code` says why nothing was taken over. The caller saves."""
    job.status = Status.FAILED if code else Status.COMPLETED
    job.code, job.content, job.ended_at, job.leased_until = code, "", now, None


def _keep_records(job: Import, outcome: Outcome, *, now: datetime) -> None:
    ImportedRecord.objects.bulk_create(
        [
            ImportedRecord(
                imported_in=job, kind=job.kind, external_id=external_id, object_id=object_id, imported_at=now
            )
            for external_id, object_id in outcome.records.items()
        ],
        batch_size=1000,
    )
