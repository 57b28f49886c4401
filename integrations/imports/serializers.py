"""What goes in and out of the routes of imports."""

from typing import Any

from rest_framework import serializers

from integrations.imports.models import DateOrder, Import, ImportKind
from integrations.imports.reasons import REASONS
from mybcat.gateway.inputs import FlagField, Input
from mybcat.ids import public_id

# What one answer tells of; `errors.csv` tells all.
TOLD = 1000


class ImportInput(Input):
    kind = serializers.ChoiceField(choices=ImportKind.values)
    content = serializers.CharField(
        trim_whitespace=False, help_text="the file's text: CSV, its first line names columns"
    )
    dryRun = FlagField(source="dry_run", required=False, help_text="try it, and keep nothing")
    dates = serializers.ChoiceField(
        choices=DateOrder.values, required=False, help_text="us: month/day/year is understood beside YYYY-MM-DD"
    )
    evenIfAlike = FlagField(
        source="even_if_alike", required=False, help_text="add patients though somebody is much like them: twins"
    )


class ImportErrorOutput(serializers.Serializer[Any]):
    line = serializers.IntegerField(help_text="1 is the line that names the columns")
    column = serializers.CharField(allow_blank=True)
    code = serializers.ChoiceField(choices=sorted(REASONS))
    detail = serializers.CharField()


class ImportOutput(serializers.Serializer[Any]):
    importId = serializers.CharField()
    kind = serializers.ChoiceField(choices=ImportKind.values)
    dryRun = serializers.BooleanField()
    status = serializers.ChoiceField(choices=Import.Status.values)
    code = serializers.CharField(allow_blank=True, help_text="why it failed")
    lines = serializers.IntegerField()
    created = serializers.IntegerField(help_text="of a dry run: how many there would be")
    known = serializers.IntegerField(help_text="lines that were on record before")
    lineErrorCount = serializers.IntegerField()
    createdAt = serializers.DateTimeField()
    endedAt = serializers.DateTimeField(allow_null=True)


class ImportDetailOutput(ImportOutput):
    lineErrors = ImportErrorOutput(many=True, help_text=f"the first {TOLD:,}")


def show_import(job: Import) -> dict[str, Any]:
    """An import in a list."""
    return {
        "importId": public_id("imp", job.id),
        "kind": job.kind,
        "dryRun": job.dry_run,
        "status": job.status,
        "code": job.code,
        "lines": job.lines,
        "created": job.created,
        "known": job.known,
        "lineErrorCount": len(job.errors),
        "createdAt": job.created_at.isoformat(),
        "endedAt": job.ended_at.isoformat() if job.ended_at else None,
    }


def show_detail(job: Import) -> dict[str, Any]:
    """An import, with what is wrong with which line."""
    errors = [
        {"line": line, "column": column, "code": code, "detail": REASONS[code]}
        for line, column, code in job.errors[:TOLD]
    ]
    return {**show_import(job), "lineErrors": errors}
