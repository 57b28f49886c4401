"""A file that was handed in, and which of its records are ours by now."""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from mybcat.tenancy import PracticeForeignKey, PracticeManager, PracticeQuerySet, TenantModel


class ImportKind(models.TextChoices):
    """What the lines of a file are."""

    PATIENTS = "patients"
    # Weekly periods; a practitioner whom the file names works at these and at no other time.
    HOURS = "hours"
    APPOINTMENTS = "appointments"


class DateOrder(models.TextChoices):
    """How a file writes days."""

    # YYYY-MM-DD.
    ISO = "iso"
    # Month/day/year.
    US = "us"


class Import(TenantModel):
    """One file, tried or taken over, and what came of it."""

    class Status(models.TextChoices):
        QUEUED = "queued"
        IN_PROGRESS = "in_progress"
        COMPLETED = "completed"
        # Nothing of it was taken over.
        FAILED = "failed"

    ENDED = (Status.COMPLETED, Status.FAILED)

    kind = models.CharField(max_length=12, choices=ImportKind.choices)
    dry_run = models.BooleanField()
    dates = models.CharField(max_length=3, choices=DateOrder.choices)
    even_if_alike = models.BooleanField()
    status = models.CharField(max_length=12, choices=Status.choices)
    # Why it failed.
    code = models.CharField(max_length=40, blank=True)
    # The file, until it has ended.
    content = models.TextField(blank=True)
    lines = models.PositiveIntegerField()
    created = models.PositiveIntegerField(default=0)
    known = models.PositiveIntegerField(default=0)
    # Of each: line, column and code, and nothing that the line says.
    errors = models.JSONField(default=list)
    principal_kind = models.CharField(max_length=20)
    principal_id = models.UUIDField()
    correlation_id = models.CharField(max_length=128)
    attempts = models.PositiveSmallIntegerField(default=0)
    leased_until = models.DateTimeField(null=True)
    created_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta(TenantModel.Meta):
        constraints = (
            models.UniqueConstraint(fields=("practice", "id"), name="import_practice_id"),
            models.CheckConstraint(
                condition=Q(status__in=("completed", "failed"), ended_at__isnull=False, content="")
                | ~Q(status__in=("completed", "failed")) & Q(ended_at__isnull=True),
                name="import_ended_without_its_file",
            ),
        )
        indexes = (
            models.Index(
                fields=("created_at",), name="import_waiting", condition=Q(status__in=("queued", "in_progress"))
            ),
            models.Index(fields=("practice", "-created_at"), name="import_newest"),
        )

    def __str__(self) -> str:
        return f"{self.kind} {self.status} {self.id}"


class ImportedRecordQuerySet(PracticeQuerySet["ImportedRecord"]):
    def named(self, *, kind: str, external_ids: set[str]) -> "dict[str, ImportedRecord]":
        """Those of `external_ids` that were taken over before."""
        rows = self.filter(kind=kind, external_id__in=external_ids)
        return {row.external_id: row for row in rows}


class ImportedRecord(TenantModel):
    """That a record of another system, by the id it has there, is one of ours."""

    imported_in = PracticeForeignKey(Import, models.PROTECT, related_name="+")
    kind = models.CharField(max_length=12, choices=ImportKind.choices)
    external_id = models.CharField(max_length=100)
    object_id = models.UUIDField()
    imported_at = models.DateTimeField(db_default=Now())

    objects = PracticeManager.of(ImportedRecordQuerySet)

    class Meta(TenantModel.Meta):
        constraints = (
            models.UniqueConstraint(fields=("practice", "id"), name="imported_record_practice_id"),
            models.UniqueConstraint(fields=("practice", "kind", "external_id"), name="imported_record_once"),
        )
        indexes = (models.Index(fields=("practice", "object_id"), name="imported_record_object"),)

    def __str__(self) -> str:
        return f"{self.kind} {self.id}"
