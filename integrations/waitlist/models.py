"""How a practice offers times that have become free."""

from django.db import models
from django.db.models import Q

from mybcat.tenancy import TenantModel

MOST_AT_ONCE = 10
SHORTEST_WAIT, LONGEST_WAIT = 5, 240
LONGEST_LEAD = 7 * 24


class WaitlistSettings(TenantModel):
    """Whom a practice asks at once, and for how long nobody else is. Without a row, as the defaults say."""

    # Off: nobody is asked, the list is the desk's alone.
    is_active = models.BooleanField(default=True)
    batch_size = models.PositiveSmallIntegerField(default=3)
    answer_minutes = models.PositiveSmallIntegerField(default=15)
    # Nearer to its beginning, a time is offered to nobody.
    lead_hours = models.PositiveSmallIntegerField(default=2)

    class Meta(TenantModel.Meta):
        verbose_name_plural = "waitlist settings"
        constraints = (
            models.UniqueConstraint(fields=("practice", "id"), name="waitlist_settings_practice_id"),
            models.UniqueConstraint(fields=("practice",), name="waitlist_settings_once"),
            models.CheckConstraint(
                condition=Q(batch_size__gte=1, batch_size__lte=MOST_AT_ONCE), name="waitlist_settings_batch"
            ),
            models.CheckConstraint(
                condition=Q(answer_minutes__gte=SHORTEST_WAIT, answer_minutes__lte=LONGEST_WAIT),
                name="waitlist_settings_answer",
            ),
            models.CheckConstraint(condition=Q(lead_hours__lte=LONGEST_LEAD), name="waitlist_settings_lead"),
        )

    def __str__(self) -> str:
        return str(self.id)
