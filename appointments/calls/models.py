"""Calls and what was done during them."""

from django.db import models
from django.db.models import Q

from mybcat.tenancy import PracticeForeignKey, TenantModel


class Call(TenantModel):
    """One caller on an agent's line."""

    class Outcome(models.TextChoices):
        BOOKED = "booked"
        MOVED = "moved"
        CANCELLED = "cancelled"
        INFORMATION = "information"
        MESSAGE_TAKEN = "message_taken"
        NOT_BOOKED = "not_booked"
        WRONG_NUMBER = "wrong_number"
        ABANDONED = "abandoned"

    class Reason(models.TextChoices):
        """Why nothing was booked."""

        NO_SUITABLE_TIME = "no_suitable_time"
        INSURANCE_NOT_ACCEPTED = "insurance_not_accepted"
        PRICE = "price"
        WANTS_TO_THINK = "wants_to_think"
        SERVICE_NOT_OFFERED = "service_not_offered"
        REFERRED_ELSEWHERE = "referred_elsewhere"
        OTHER = "other"

    agent_id = models.UUIDField(editable=False)
    # E.164; empty where it was withheld, or has been forgotten since (services.forget_numbers).
    caller_number = models.CharField(max_length=16, blank=True)
    opened_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    outcome = models.CharField(max_length=20, choices=Outcome.choices, blank=True)
    reason = models.CharField(max_length=30, choices=Reason.choices, blank=True)

    class Meta(TenantModel.Meta):
        constraints = (
            models.UniqueConstraint(fields=("practice", "id"), name="call_practice_id"),
            models.CheckConstraint(
                condition=Q(ended_at__isnull=True, outcome="") | Q(ended_at__isnull=False) & ~Q(outcome=""),
                name="call_ends_with_an_outcome",
            ),
            models.CheckConstraint(
                condition=Q(outcome="not_booked") & ~Q(reason="") | ~Q(outcome="not_booked") & Q(reason=""),
                name="call_not_booked_for_a_reason",
            ),
            models.CheckConstraint(
                condition=Q(caller_number="") | Q(caller_number__regex=r"^\+[1-9][0-9]{6,14}$"),
                name="call_number_is_e164",
            ),
        )
        indexes = (
            models.Index(fields=("practice", "opened_at"), name="call_practice_opened_at"),
            models.Index(fields=("opened_at",), name="call_with_number", condition=~Q(caller_number="")),
        )

    def __str__(self) -> str:
        return f"{self.outcome or 'open'} {self.id}"


class CallAct(TenantModel):
    """Something done while the caller was on the line: a request that named the call and succeeded."""

    call = PracticeForeignKey(Call, models.CASCADE, related_name="acts")
    at = models.DateTimeField()
    # What the route says of itself, such as `appointment.booked`; a stable code.
    act = models.CharField(max_length=40)
    # The public id of what it made or changed; empty for a search.
    object_id = models.CharField(max_length=40, blank=True)

    class Meta(TenantModel.Meta):
        constraints = (models.UniqueConstraint(fields=("practice", "id"), name="call_act_practice_id"),)
        indexes = (models.Index(fields=("practice", "call", "at"), name="call_act_of"),)

    def __str__(self) -> str:
        return f"{self.act} {self.call_id}"
