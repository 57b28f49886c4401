"""Which addresses are good, and what they show."""

from django.db import models

from mybcat.tenancy import PracticeForeignKey, TenantModel
from practices.models import Practitioner


class CalendarFeed(TenantModel):
    """One address of one practitioner's appointments. What the address holds is signed; nothing of it is kept."""

    practitioner = PracticeForeignKey(Practitioner, models.CASCADE)
    # The practice has decided that calendar programs may have patients' names.
    shows_patients = models.BooleanField()
    # Of the address that is good: another number makes all earlier ones useless.
    number = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField()
    created_by = models.UUIDField(editable=False)
    revoked_at = models.DateTimeField(null=True)

    class Meta(TenantModel.Meta):
        constraints = (models.UniqueConstraint(fields=("practice", "id"), name="calendar_feed_practice_id"),)
        indexes = (models.Index(fields=("practice", "practitioner"), name="calendar_feed_practitioner"),)

    def __str__(self) -> str:
        return str(self.id)
