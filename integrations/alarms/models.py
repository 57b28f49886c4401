"""What operators were told, or are about to be."""

from django.db import models
from django.db.models import Q

from mybcat.models import PracticeRecord
from mybcat.security import Severity


class Alarm(PracticeRecord):
    """Security events of one kind, by callers of one practice. It collects until it is closed, then it is told.

    Each SecurityEvent names the alarm that tells of it, so none is told twice or forgotten.
    """

    kind = models.CharField(max_length=60)
    severity = models.CharField(max_length=10, choices=[(each.value, each.value) for each in Severity])
    events = models.PositiveIntegerField()
    first_event_id = models.UUIDField()
    first_at = models.DateTimeField()
    last_at = models.DateTimeField()
    due_at = models.DateTimeField()
    # From here on it tells what it holds; later events open another one.
    closed_at = models.DateTimeField(null=True)
    mailed_at = models.DateTimeField(null=True)
    posted_at = models.DateTimeField(null=True)
    # Every channel that operators have set up has taken it.
    told_at = models.DateTimeField(null=True)
    attempts = models.PositiveIntegerField(default=0)
    next_attempt_at = models.DateTimeField()
    leased_until = models.DateTimeField(null=True)

    class Meta(PracticeRecord.Meta):
        constraints = (
            models.UniqueConstraint(
                fields=("practice_id", "kind"), name="alarm_collecting_once", condition=Q(closed_at__isnull=True)
            ),
        )
        indexes = (
            models.Index(fields=("practice_id", "kind", "due_at"), name="alarm_group"),
            models.Index(fields=("next_attempt_at",), name="alarm_untold", condition=Q(told_at__isnull=True)),
        )

    def __str__(self) -> str:
        return f"{self.severity} {self.kind} {self.id}"
