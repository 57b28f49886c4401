"""Where a practice wants its events sent."""

from django.contrib.postgres.fields import ArrayField
from django.db import models

from mybcat.sealing import SealedField
from mybcat.tenancy import TenantModel


class WebhookEndpoint(TenantModel):
    """One address, the events it hears of, and the secret that proves that they come from us."""

    class Status(models.TextChoices):
        ENABLED = "enabled"
        DISABLED = "disabled"

    class DisabledBecause(models.TextChoices):
        # By a manager of the practice.
        ASKED = "asked"
        # It answered 410.
        GONE = "gone"
        # Nothing has arrived for days.
        FAILING = "failing"

    url = models.CharField(max_length=2048)
    description = models.CharField(max_length=200, blank=True)
    # Types, or `appointment.*`, or `*`.
    enabled_events = ArrayField(models.CharField(max_length=60))
    status = models.CharField(max_length=12, choices=Status.choices, default=Status.ENABLED)
    disabled_because = models.CharField(max_length=12, choices=DisabledBecause.choices, blank=True)
    secret = SealedField()
    # Signs as well until then, so that the receiver can change over.
    previous_secret = SealedField(null=True)
    previous_secret_until = models.DateTimeField(null=True)
    # Since the first failure after the last success.
    failing_since = models.DateTimeField(null=True)
    last_success_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField()

    class Meta(TenantModel.Meta):
        constraints = (
            models.UniqueConstraint(fields=("practice", "id"), name="webhook_endpoint_practice_id"),
            models.CheckConstraint(
                condition=models.Q(status="enabled", disabled_because="")
                | models.Q(status="disabled") & ~models.Q(disabled_because=""),
                name="webhook_endpoint_disabled_because",
            ),
            models.CheckConstraint(
                condition=models.Q(previous_secret__isnull=True, previous_secret_until__isnull=True)
                | models.Q(previous_secret__isnull=False, previous_secret_until__isnull=False),
                name="webhook_endpoint_previous_secret_until",
            ),
        )

    def __str__(self) -> str:
        return f"{self.status} {self.id}"
