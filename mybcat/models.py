"""What every service leaves behind: events, deliveries, idempotency keys, audit and security records.

None refers to a practice's live rows by foreign key, so that keeping a trace never hinders the work.
"""

from typing import Any
from uuid import UUID

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django_otp.models import Device

from mybcat.ids import new_uuid
from mybcat.tenancy import PracticeManager, current_scope

# The target of a listener that has only itself.
ITSELF = UUID(int=0)


class PracticeRecord(models.Model):
    """A row of one practice, by id alone."""

    id = models.UUIDField(primary_key=True, default=new_uuid, editable=False)
    practice_id = models.UUIDField(editable=False)

    objects: models.Manager[Any] = PracticeManager()

    class Meta:
        abstract = True
        base_manager_name = "objects"

    def save(self, *args: Any, **kwargs: Any) -> None:
        if self.practice_id is None:
            self.practice_id = current_scope().practice_id
        super().save(*args, **kwargs)


class Event(PracticeRecord):
    """A fact, committed with the change it tells of. Thin: identifiers, never patient data."""

    type = models.CharField(max_length=60)
    subject_id = models.UUIDField()
    # Public ids by name, such as {"appointmentId": "appt_…"}.
    data = models.JSONField()
    principal_kind = models.CharField(max_length=20)
    principal_id = models.UUIDField(null=True)
    correlation_id = models.CharField(max_length=128)
    occurred_at = models.DateTimeField()
    # Dense per practice, in the order of the relay.
    seq = models.BigIntegerField(null=True)
    relayed_at = models.DateTimeField(null=True)

    class Meta(PracticeRecord.Meta):
        constraints = (
            models.UniqueConstraint(fields=("practice_id", "id"), name="event_practice_id"),
            models.UniqueConstraint(
                fields=("practice_id", "seq"), name="event_seq_once", condition=Q(seq__isnull=False)
            ),
            models.CheckConstraint(
                condition=Q(seq__isnull=True, relayed_at__isnull=True) | Q(seq__isnull=False, relayed_at__isnull=False),
                name="event_relayed_with_seq",
            ),
        )
        indexes = (models.Index(fields=("id",), name="event_unrelayed", condition=Q(relayed_at__isnull=True)),)

    def __str__(self) -> str:
        return f"{self.type} {self.id}"


class EventSequence(models.Model):
    """The last sequence number given to an event of a practice."""

    practice_id = models.UUIDField(primary_key=True)
    last = models.BigIntegerField(default=0)

    objects = PracticeManager()

    def __str__(self) -> str:
        return f"{self.practice_id} {self.last}"


class Delivery(PracticeRecord):
    """One event for one listener: the lease and the attempts live here, not in the broker."""

    class Status(models.TextChoices):
        # An older event of the same subject has not reached the listener yet.
        HELD = "held"
        PENDING = "pending"
        LEASED = "leased"
        DELIVERED = "delivered"
        DEAD = "dead"
        # Dead, and nobody wants it any more.
        DISCARDED = "discarded"

    event = models.ForeignKey(Event, models.PROTECT, db_constraint=False, db_index=False)
    listener = models.CharField(max_length=40)
    # Where one listener has many receivers: which of them, such as a webhook endpoint.
    target_id = models.UUIDField(default=ITSELF)
    # The event's own: what is claimed, and in which order, is decided without its row.
    subject_id = models.UUIDField()
    seq = models.BigIntegerField()
    status = models.CharField(max_length=12, choices=Status.choices, default=Status.PENDING)
    attempts = models.PositiveSmallIntegerField(default=0)
    # How many workers vanished while they had it.
    lost = models.PositiveSmallIntegerField(default=0)
    first_attempt_at = models.DateTimeField(null=True)
    next_attempt_at = models.DateTimeField()
    leased_until = models.DateTimeField(null=True)
    lease = models.UUIDField(null=True)
    # A class or vendor code; never the message of an exception, which may quote a patient.
    last_error = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField()
    delivered_at = models.DateTimeField(null=True)
    # By hand, after it was dead.
    replayed_at = models.DateTimeField(null=True)
    discarded_because = models.CharField(max_length=200, blank=True)

    class Meta(PracticeRecord.Meta):
        verbose_name_plural = "deliveries"
        constraints = (
            models.UniqueConstraint(fields=("practice_id", "id"), name="delivery_practice_id"),
            models.UniqueConstraint(
                fields=("practice_id", "event", "listener", "target_id"), name="delivery_once_per_target"
            ),
            models.CheckConstraint(
                condition=Q(status="leased", lease__isnull=False, leased_until__isnull=False)
                | ~Q(status="leased") & Q(lease__isnull=True, leased_until__isnull=True),
                name="delivery_leased_with_lease",
            ),
            models.CheckConstraint(
                condition=Q(status="delivered", delivered_at__isnull=False)
                | ~Q(status="delivered") & Q(delivered_at__isnull=True),
                name="delivery_delivered_with_time",
            ),
        )
        indexes = (
            models.Index(
                fields=("listener", "target_id", "next_attempt_at"),
                name="delivery_due",
                condition=Q(status="pending"),
            ),
            models.Index(fields=("listener", "target_id"), name="delivery_leased", condition=Q(status="leased")),
            models.Index(
                fields=("subject_id", "listener", "target_id", "seq"),
                name="delivery_in_order",
                condition=Q(status__in=("held", "pending", "leased")),
            ),
            models.Index(fields=("practice_id", "listener", "id"), name="delivery_dead", condition=Q(status="dead")),
            models.Index(fields=("practice_id", "target_id", "id"), name="delivery_target"),
        )

    # What it goes to, where the listener has many receivers and loads them in advance; not stored.
    receiver: Any = None

    def __str__(self) -> str:
        return f"{self.listener} {self.status} {self.id}"


class DeliveryAttempt(PracticeRecord):
    """One try: every one that failed, and all of a listener that keeps them."""

    class Trigger(models.TextChoices):
        SCHEDULED = "scheduled"
        # The first after a replay.
        MANUAL = "manual"

    delivery = models.ForeignKey(Delivery, models.CASCADE, db_constraint=False, db_index=False)
    attempt = models.PositiveSmallIntegerField()
    trigger = models.CharField(max_length=12, choices=Trigger.choices)
    succeeded = models.BooleanField()
    # As in Delivery.last_error.
    error = models.CharField(max_length=200, blank=True)
    response_status = models.PositiveSmallIntegerField(null=True)
    # The first KiB of what a customer's own server answered.
    response_excerpt = models.TextField(blank=True)
    started_at = models.DateTimeField()
    duration_ms = models.PositiveIntegerField()

    class Meta(PracticeRecord.Meta):
        constraints = (models.UniqueConstraint(fields=("practice_id", "id"), name="delivery_attempt_practice_id"),)
        indexes = (models.Index(fields=("practice_id", "delivery", "id"), name="delivery_attempt_of"),)

    def __str__(self) -> str:
        return f"{self.delivery_id} {self.attempt}"


class ListenerState(models.Model):
    """What all workers of a listener must know of each other: its pace, and whether its vendor is away."""

    listener = models.CharField(max_length=40, primary_key=True)
    # Deliveries that failed one after the other, none succeeding in between.
    failing = ArrayField(models.UUIDField(), default=list)
    # The vendor is away: one delivery is tried from then on, and all others wait.
    probe_at = models.DateTimeField(null=True)
    # Where there is a rate: up to when it is used up.
    paced_until = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return self.listener


class TargetPause(models.Model):
    """Until when one target of a listener wants nothing."""

    pk = models.CompositePrimaryKey("listener", "target_id")
    listener = models.CharField(max_length=40)
    target_id = models.UUIDField()
    until = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.listener} {self.target_id}"


class IdempotencyKey(PracticeRecord):
    """The answer to a request that must have one effect only; committed with that effect."""

    principal_id = models.UUIDField()
    operation = models.CharField(max_length=80)
    key = models.CharField(max_length=255)
    # SHA-256 of the operation, its path and its parsed body.
    fingerprint = models.BinaryField()
    status = models.PositiveSmallIntegerField(null=True)
    body = models.BinaryField(null=True)
    expires_at = models.DateTimeField()

    class Meta(PracticeRecord.Meta):
        constraints = (
            models.UniqueConstraint(
                fields=("practice_id", "principal_id", "operation", "key"), name="idempotency_key_once"
            ),
        )
        indexes = (models.Index(fields=("expires_at",), name="idempotency_key_expires_at"),)

    def __str__(self) -> str:
        return f"{self.operation} {self.id}"


class AuditEntry(models.Model):
    """Who did what to which patient's data, when and from where. Added, never changed."""

    id = models.UUIDField(primary_key=True, default=new_uuid, editable=False)
    # Null: an operator's act that concerns no single practice.
    practice_id = models.UUIDField(null=True, editable=False)
    at = models.DateTimeField()
    principal_kind = models.CharField(max_length=20)
    principal_id = models.UUIDField(null=True)
    # For whom: the member whose view an operator looks at.
    on_behalf_kind = models.CharField(max_length=20, db_default="")
    on_behalf_id = models.UUIDField(null=True)
    action = models.CharField(max_length=60)
    # A public id's prefix and the ids themselves: a search touches many patients at once.
    object_kind = models.CharField(max_length=20)
    object_ids = models.JSONField()
    outcome = models.CharField(max_length=20)
    # A code, or what was asked for; never a patient's data.
    reason = models.CharField(max_length=200, db_default="")
    address = models.GenericIPAddressField(null=True)
    correlation_id = models.CharField(max_length=128)

    objects = PracticeManager()

    class Meta:
        verbose_name_plural = "audit entries"
        indexes = (models.Index(fields=("practice_id", "at"), name="audit_entry_practice_at"),)

    def __str__(self) -> str:
        return f"{self.action} {self.id}"


class AuditSeal(models.Model):
    """An audit entry's place in the chain of its practice (see `auditing/chain.py`). Added, never changed."""

    entry_id = models.UUIDField(primary_key=True, editable=False)
    # All zeros for acts that concern no single practice.
    practice_id = models.UUIDField(editable=False)
    # Dense: 1, 2, 3 …
    seq = models.BigIntegerField()
    previous = models.BinaryField()
    hash = models.BinaryField()

    objects = PracticeManager()

    class Meta:
        constraints = (models.UniqueConstraint(fields=("practice_id", "seq"), name="audit_seal_seq_once"),)

    def __str__(self) -> str:
        return f"{self.practice_id} {self.seq}"


class Passkey(Device):
    """A WebAuthn credential of an operator. django-otp's base gives it its user, name and state."""

    # What the authenticator calls it, and the COSE key that verifies its signatures.
    credential_id = models.BinaryField(unique=True)
    public_key = models.BinaryField()
    # Of the last use; one that does not rise tells of a copy, where the authenticator counts at all.
    sign_count = models.BigIntegerField()
    created_at = models.DateTimeField(auto_now_add=True)
    last_used_at = models.DateTimeField(null=True)

    class Meta(Device.Meta):
        abstract = False


class VersionCall(PracticeRecord):
    """How often a caller used a version of the API that ends, on a day (UTC)."""

    version = models.CharField(max_length=10)
    principal_kind = models.CharField(max_length=20)
    principal_id = models.UUIDField()
    day = models.DateField()
    calls = models.PositiveIntegerField()
    last_at = models.DateTimeField()

    class Meta(PracticeRecord.Meta):
        constraints = (
            models.UniqueConstraint(
                fields=("practice_id", "version", "principal_kind", "principal_id", "day"),
                name="version_call_once_a_day",
            ),
        )

    def __str__(self) -> str:
        return f"{self.version} {self.day} {self.principal_id}"


class SecurityEvent(PracticeRecord):
    """Something that operators must look at, such as an id of another practice."""

    kind = models.CharField(max_length=60)
    at = models.DateTimeField()
    principal_kind = models.CharField(max_length=20)
    principal_id = models.UUIDField(null=True)
    # `practice_id` is the caller's; this one is the owner's of what was asked for.
    other_practice_id = models.UUIDField(null=True)
    object_kind = models.CharField(max_length=20, blank=True)
    object_id = models.UUIDField(null=True)
    address = models.GenericIPAddressField(null=True)
    correlation_id = models.CharField(max_length=128)

    # Which alarm tells operators of it; the only column that is ever changed, and once.
    alarm_id = models.UUIDField(null=True, editable=False)

    class Meta(PracticeRecord.Meta):
        indexes = (
            models.Index(fields=("practice_id", "at"), name="security_event_practice_at"),
            models.Index(fields=("at",), name="security_event_unalarmed", condition=Q(alarm_id__isnull=True)),
        )

    def __str__(self) -> str:
        return f"{self.kind} {self.id}"


class Epoch(models.Model):
    """How often what a user, an API client or a practice may do has changed; written by triggers alone.

    Never deleted: a number that began anew would be lower than what is remembered, which would then hold.
    """

    subject = models.UUIDField(primary_key=True)
    value = models.BigIntegerField()
    bumped_at = models.DateTimeField()

    class Meta:
        indexes = (models.Index(fields=("bumped_at",), name="epoch_bumped_at"),)

    def __str__(self) -> str:
        return f"{self.subject} {self.value}"


class FailedSignIns(models.Model):
    """How often signing in has failed for one account, address, or account at an address, by its digest."""

    key = models.CharField(max_length=64, primary_key=True)
    failures = models.PositiveIntegerField()
    until = models.DateTimeField()

    class Meta:
        indexes = (models.Index(fields=("until",), name="failed_sign_ins_until"),)

    def __str__(self) -> str:
        return self.key
