"""When a practice reminds its patients."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from mybcat.tenancy import TenantModel

# Three days, one day, two hours.
DEFAULT_OFFSETS = (4320, 1440, 120)
LONGEST_CUTOFF = 7 * 1440


def default_offsets() -> list[int]:
    """What practices begin with."""
    return list(DEFAULT_OFFSETS)


class ReminderSettings(TenantModel):
    """How long before an appointment its patient is reminded, and until when they may change it by themselves.

    Made by the first sweep of a practice: it also holds up to when its reminders are published.
    """

    offsets_minutes = ArrayField(models.PositiveIntegerField(), default=default_offsets, blank=True)
    # Nearer to the appointment than this, patients call.
    cutoff_minutes = models.PositiveIntegerField(default=120)
    # Exclusive: what is due from then on is still to be published.
    swept_until = models.DateTimeField()

    class Meta(TenantModel.Meta):
        verbose_name_plural = "reminder settings"
        constraints = (
            models.UniqueConstraint(fields=("practice", "id"), name="reminder_settings_practice_id"),
            models.UniqueConstraint(fields=("practice",), name="reminder_settings_once"),
            models.CheckConstraint(
                condition=Q(cutoff_minutes__lte=LONGEST_CUTOFF), name="reminder_settings_cutoff_within_a_week"
            ),
        )

    def __str__(self) -> str:
        return str(self.id)
