"""What appointments that were booked together have in common."""

from django.db import models

from mybcat.tenancy import TenantModel


class AppointmentGroup(TenantModel):
    """Appointments that were booked in one step; from then on each has its own life."""

    class Kind(models.TextChoices):
        # Steps of one visit: pre-test, exam, optical.
        CHAIN = "chain"
        # Several patients who come together.
        FAMILY = "family"
        # The same visit every so many weeks.
        SERIES = "series"

    kind = models.CharField(max_length=10, choices=Kind.choices)
    booked_by = models.UUIDField(editable=False)
    booked_at = models.DateTimeField()

    class Meta(TenantModel.Meta):
        constraints = (models.UniqueConstraint(fields=("practice", "id"), name="appointment_group_practice_id"),)

    def __str__(self) -> str:
        return f"{self.kind} of {self.booked_at:%Y-%m-%dT%H:%M%z}"
