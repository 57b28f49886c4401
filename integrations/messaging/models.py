"""What patients text to their practices, and how practices word what they write."""

from django.db import models

from integrations.messaging.defaults import Channel, Kind
from mybcat.sealing import SealedField
from mybcat.tenancy import TenantModel
from patients.models import Language


class InboundMessage(TenantModel):
    """One text from one number, kept once however often the provider tells of it.

    It names no patient: whose number it is may change, and is asked when the text is looked at.
    """

    class Status(models.TextChoices):
        # Somebody has to read it.
        OPEN = "open"
        HANDLED = "handled"

    # The provider's own id of the text.
    provider_reference = models.CharField(max_length=80)
    phone = models.CharField(max_length=16)
    # Our number.
    to = models.CharField(max_length=16, blank=True)
    # Patients write what they like, reasons for their visit among it.
    body = SealedField()
    # Pictures and the like, which stay with the provider.
    media_count = models.PositiveSmallIntegerField(default=0)
    received_at = models.DateTimeField()
    # What it was taken for: `stop`, `start`, `help`, the code of a reply; empty: for nothing that we know.
    meaning = models.CharField(max_length=20, blank=True)
    # What was said in turn, so that a text told again is answered as at first.
    answer = SealedField(blank=True)
    # Not understood, and told so: that is done once a day.
    acknowledged = models.BooleanField(default=False)
    status = models.CharField(max_length=8, choices=Status.choices, default=Status.OPEN)
    assigned_to = models.UUIDField(null=True)
    handled_at = models.DateTimeField(null=True)
    # Null where it was handled by itself.
    handled_by = models.UUIDField(null=True)

    class Meta(TenantModel.Meta):
        constraints = (
            models.UniqueConstraint(fields=("practice", "id"), name="inbound_message_practice_id"),
            models.UniqueConstraint(fields=("practice", "provider_reference"), name="inbound_message_once"),
            models.CheckConstraint(
                condition=models.Q(status="handled", handled_at__isnull=False)
                | models.Q(status="open", handled_at__isnull=True, handled_by__isnull=True),
                name="inbound_message_handled_at_some_time",
            ),
        )
        indexes = (
            models.Index(fields=("practice", "status", "-received_at", "-id"), name="inbound_message_newest"),
            models.Index(fields=("practice", "phone", "-received_at"), name="inbound_message_phone"),
        )

    def __str__(self) -> str:
        return f"{self.status} {self.id}"


class MessageTemplate(TenantModel):
    """A practice's own wording of one message; without a row, the platform's is used."""

    kind = models.CharField(max_length=20, choices=Kind.choices)
    channel = models.CharField(max_length=5, choices=Channel.choices)
    language = models.CharField(max_length=2, choices=Language.choices)
    # Of an e-mail alone.
    subject = models.CharField(max_length=120, blank=True)
    body = models.TextField()
    changed_at = models.DateTimeField()
    changed_by = models.UUIDField()

    class Meta(TenantModel.Meta):
        constraints = (
            models.UniqueConstraint(fields=("practice", "id"), name="message_template_practice_id"),
            models.UniqueConstraint(fields=("practice", "kind", "channel", "language"), name="message_template_once"),
        )

    def __str__(self) -> str:
        return f"{self.kind}.{self.channel}.{self.language}"


class MessagingConnection(TenantModel):
    """A practice's own account and number at Twilio. Without a row, it sends from the platform's."""

    account_sid = models.CharField(max_length=34)
    auth_token = SealedField()
    number = models.CharField(max_length=16)
    checked_at = models.DateTimeField(null=True)
    # A code; empty: the last exchange went well.
    last_error = models.CharField(max_length=100, blank=True)
    created_at = models.DateTimeField()

    class Meta(TenantModel.Meta):
        constraints = (
            models.UniqueConstraint(fields=("practice", "id"), name="messaging_connection_practice_id"),
            models.UniqueConstraint(fields=("practice",), name="messaging_connection_once"),
            # Texts name the number that they are for, and nothing else.
            models.UniqueConstraint(fields=("number",), name="messaging_connection_number"),
        )

    def __str__(self) -> str:
        return f"texts of {self.practice_id}"
