"""Versions of a practice's protocol."""

from django.db import models
from django.db.models import Q

from mybcat.tenancy import TenantModel


class ProtocolVersion(TenantModel):
    """A draft, one at a time, or what was published once and never changes again (a trigger refuses).

    The published version in force is the one with the latest `effective_from` that has come.
    """

    class Status(models.TextChoices):
        DRAFT = "draft"
        PUBLISHED = "published"

    number = models.PositiveIntegerField()
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.DRAFT)
    # As `definition.parse()` takes it.
    definition = models.JSONField()
    # [{"name", "answers", "expects"}]: a draft whose examples fail is not published.
    examples = models.JSONField(default=list)
    effective_from = models.DateTimeField(null=True)
    published_at = models.DateTimeField(null=True)
    published_by = models.UUIDField(null=True, editable=False)
    created_at = models.DateTimeField()
    created_by = models.UUIDField(editable=False)

    class Meta(TenantModel.Meta):
        constraints = (
            models.UniqueConstraint(fields=("practice", "id"), name="protocol_version_practice_id"),
            models.UniqueConstraint(fields=("practice", "number"), name="protocol_version_number_once"),
            models.UniqueConstraint(
                fields=("practice",), name="protocol_version_one_draft", condition=Q(status="draft")
            ),
            models.CheckConstraint(
                condition=Q(
                    status="published",
                    effective_from__isnull=False,
                    published_at__isnull=False,
                    published_by__isnull=False,
                )
                | Q(
                    status="draft",
                    effective_from__isnull=True,
                    published_at__isnull=True,
                    published_by__isnull=True,
                ),
                name="protocol_version_published_by_someone",
            ),
        )
        indexes = (models.Index(fields=("practice", "effective_from"), name="protocol_version_in_force"),)

    def __str__(self) -> str:
        return f"protocol {self.number} {self.status}"
