"""What the front desk says."""

from django.contrib.postgres.fields import ArrayField
from django.db import models

from mybcat.tenancy import TenantModel


class FrontDesk(TenantModel):
    """How a practice wants its phone answered; none: nothing was written yet."""

    greeting = models.CharField(max_length=300, blank=True)
    script = models.TextField(max_length=8000, blank=True)
    # Insurers whose patients are seen, as agents read them out.
    insurance = ArrayField(models.CharField(max_length=120), default=list, blank=True)

    class Meta(TenantModel.Meta):
        verbose_name_plural = "front desks"
        constraints = (
            models.UniqueConstraint(fields=("practice", "id"), name="front_desk_practice_id"),
            models.UniqueConstraint(fields=("practice",), name="front_desk_once"),
        )

    def __str__(self) -> str:
        return str(self.id)
