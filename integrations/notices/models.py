"""What managers are told."""

from django.db import models

from mybcat.tenancy import PracticeForeignKey, TenantModel


class Notice(TenantModel):
    """One trouble of one endpoint, told once until a manager has acknowledged it; meanwhile it is only counted."""

    # A stable code, such as `webhook.dead`.
    kind = models.CharField(max_length=40)
    endpoint = PracticeForeignKey("integrations.WebhookEndpoint", models.CASCADE)
    count = models.PositiveIntegerField(default=1)
    first_at = models.DateTimeField()
    last_at = models.DateTimeField()
    mailed_at = models.DateTimeField(null=True)
    acknowledged_at = models.DateTimeField(null=True)

    class Meta(TenantModel.Meta):
        constraints = (
            models.UniqueConstraint(fields=("practice", "id"), name="notice_practice_id"),
            models.UniqueConstraint(
                fields=("practice", "kind", "endpoint"),
                name="notice_open_once",
                condition=models.Q(acknowledged_at__isnull=True),
            ),
        )
        indexes = (
            models.Index(fields=("first_at",), name="notice_unmailed", condition=models.Q(mailed_at__isnull=True)),
        )

    def __str__(self) -> str:
        return f"{self.kind} {self.id}"
