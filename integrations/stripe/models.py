"""What Stripe has told us, kept as it came."""

from typing import Any

from django.db import models
from django.db.models import Q

from mybcat.ids import new_uuid


class InboundEvent(models.Model):
    """One event, stored before it is answered and handled once, by a worker.

    It belongs to no practice until its customer is known, so no practice's scope can see it: PostgreSQL
    shows these rows to platform scope alone.
    """

    class Status(models.TextChoices):
        PENDING = "pending"
        HANDLED = "handled"
        DEAD = "dead"

    id = models.UUIDField(primary_key=True, default=new_uuid, editable=False)
    stripe_id = models.CharField(max_length=255)
    type = models.CharField(max_length=100)
    # Stripe's `created`: to the second.
    occurred_at = models.DateTimeField()
    body = models.BinaryField()
    received_at = models.DateTimeField()
    correlation_id = models.CharField(max_length=128)
    status = models.CharField(max_length=12, choices=Status.choices, default=Status.PENDING)
    # What became of it, as a code of `life_cycle.Outcome`.
    outcome = models.CharField(max_length=40, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    next_attempt_at = models.DateTimeField()
    last_error = models.CharField(max_length=200, blank=True)
    handled_at = models.DateTimeField(null=True)

    objects: models.Manager[Any] = models.Manager()

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("stripe_id",), name="inbound_event_once"),
            models.CheckConstraint(
                condition=Q(status="handled", handled_at__isnull=False) & ~Q(outcome="")
                | ~Q(status="handled") & Q(handled_at__isnull=True, outcome=""),
                name="inbound_event_handled_with_outcome",
            ),
        )
        indexes = (models.Index(fields=("next_attempt_at",), name="inbound_event_due", condition=Q(status="pending")),)

    def __str__(self) -> str:
        return f"{self.type} {self.stripe_id}"
