"""A job, the batches it came in, and one row for each of its messages."""

from django.db import models
from django.db.models import F, Q

from mybcat.tenancy import PracticeForeignKey, TenantModel


class BulkMessageJob(TenantModel):
    """What one request asked for. Its counters change in the transaction that settles messages, so they are exact."""

    class Status(models.TextChoices):
        QUEUED = "queued"
        IN_PROGRESS = "in_progress"
        PAUSED = "paused"
        COMPLETED = "completed"
        # The provider wants nothing more of this account; what is left was not tried.
        FAILED = "failed"
        CANCELLED = "cancelled"

    ACTIVE = (Status.QUEUED, Status.IN_PROGRESS)
    ENDED = (Status.COMPLETED, Status.FAILED, Status.CANCELLED)

    principal_kind = models.CharField(max_length=20)
    principal_id = models.UUIDField()
    correlation_id = models.CharField(max_length=128)
    status = models.CharField(max_length=12, choices=Status.choices, default=Status.QUEUED)
    # Why it failed: the provider's code.
    code = models.CharField(max_length=100, blank=True)
    total = models.PositiveIntegerField()
    processed = models.PositiveIntegerField(default=0)
    failed = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    # When a worker last took one of its batches: the practice that has waited longest comes next.
    served_at = models.DateTimeField()
    # Nothing is sent before: the practice's night.
    not_before = models.DateTimeField()
    # Numbers and texts are gone; the counters stay.
    erased_at = models.DateTimeField(null=True)

    class Meta(TenantModel.Meta):
        constraints = (
            models.UniqueConstraint(fields=("practice", "id"), name="bulk_job_practice_id"),
            models.CheckConstraint(
                condition=Q(processed__lte=F("total"), failed__lte=F("processed")), name="bulk_job_counters_in_order"
            ),
            models.CheckConstraint(
                condition=Q(status__in=("completed", "failed", "cancelled"), ended_at__isnull=False)
                | ~Q(status__in=("completed", "failed", "cancelled")) & Q(ended_at__isnull=True),
                name="bulk_job_ended_with_time",
            ),
        )
        indexes = (
            models.Index(
                fields=("served_at",), name="bulk_job_active", condition=Q(status__in=("queued", "in_progress"))
            ),
            models.Index(fields=("ended_at",), name="bulk_job_to_erase", condition=Q(erased_at__isnull=True)),
            models.Index(fields=("practice", "-created_at"), name="bulk_job_newest"),
            models.Index(fields=("practice", "served_at"), name="bulk_job_served"),
        )

    def __str__(self) -> str:
        return f"{self.status} {self.id}"


class BulkMessageBatch(TenantModel):
    """Up to 1 000 messages as they came, until a worker makes rows of them; then the lease on those rows."""

    class Status(models.TextChoices):
        PENDING = "pending"
        LEASED = "leased"
        DONE = "done"

    job = PracticeForeignKey(BulkMessageJob, models.CASCADE)
    number = models.PositiveIntegerField()
    # Messages with commas between them, as they stood in the request; empty once they are rows.
    payload = models.BinaryField()
    status = models.CharField(max_length=8, choices=Status.choices, default=Status.PENDING)
    next_attempt_at = models.DateTimeField()
    lease = models.UUIDField(null=True)
    leased_until = models.DateTimeField(null=True)

    class Meta(TenantModel.Meta):
        verbose_name_plural = "bulk message batches"
        constraints = (
            models.UniqueConstraint(fields=("practice", "id"), name="bulk_batch_practice_id"),
            models.UniqueConstraint(fields=("practice", "job", "number"), name="bulk_batch_number_once"),
            models.CheckConstraint(
                condition=Q(status="leased", lease__isnull=False, leased_until__isnull=False)
                | ~Q(status="leased") & Q(lease__isnull=True, leased_until__isnull=True),
                name="bulk_batch_leased_with_lease",
            ),
        )
        indexes = (
            models.Index(
                fields=("practice", "job", "number"),
                name="bulk_batch_open",
                condition=Q(status__in=("pending", "leased")),
            ),
        )

    def __str__(self) -> str:
        return f"{self.status} {self.id}"


class BulkMessage(TenantModel):
    """One text of a job to one number."""

    class Status(models.TextChoices):
        PENDING = "pending"
        # Committed before the provider is called: whoever finds it so must ask the provider, not send again.
        SENDING = "sending"
        # It may have been sent; the provider is to be asked.
        UNKNOWN = "unknown"
        SENT = "sent"
        DELIVERED = "delivered"
        # Taken by the provider, lost on the way to the phone.
        UNDELIVERED = "undelivered"
        FAILED = "failed"

    job = PracticeForeignKey(BulkMessageJob, models.CASCADE)
    batch = models.PositiveIntegerField()
    # As the request has it; `phone` is E.164, empty where it is no number or came before in this job.
    to = models.CharField(max_length=30)
    phone = models.CharField(max_length=16, blank=True)
    body = models.TextField()
    status = models.CharField(max_length=12, choices=Status.choices)
    # Our code, or the provider's.
    code = models.CharField(max_length=100, blank=True)
    provider_reference = models.CharField(max_length=80, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    attempted_at = models.DateTimeField(null=True)

    class Meta(TenantModel.Meta):
        constraints = (
            models.UniqueConstraint(fields=("practice", "id"), name="bulk_message_practice_id"),
            models.UniqueConstraint(
                fields=("practice", "job", "phone"), name="bulk_message_once_per_number", condition=~Q(phone="")
            ),
        )
        indexes = (
            models.Index(
                fields=("practice", "job", "batch"),
                name="bulk_message_open",
                condition=Q(status__in=("pending", "sending", "unknown")),
            ),
            models.Index(fields=("practice", "job", "id"), name="bulk_message_failed", condition=Q(status="failed")),
            models.Index(fields=("practice", "phone"), name="bulk_message_waiting", condition=Q(status="pending")),
        )

    def __str__(self) -> str:
        return f"{self.status} {self.id}"
