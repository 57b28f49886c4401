"""What was sent to patients; and the models of the other rooms, which Django looks for here."""

from django.db import models

from integrations.alarms.models import Alarm
from integrations.analytics.models import CountedEvent, DailyCount
from integrations.bulk.models import BulkMessage, BulkMessageBatch, BulkMessageJob
from integrations.calendar_feeds.models import CalendarFeed
from integrations.clients.models import ApiClient, ApiClientCertificate, ApiClientSecret, ClientAssertion
from integrations.crm.models import CrmConnection
from integrations.imports.models import Import, ImportedRecord
from integrations.messaging.defaults import Channel, Kind
from integrations.messaging.models import InboundMessage, MessageTemplate, MessagingConnection
from integrations.notices.models import Notice
from integrations.reminders.models import ReminderSettings
from integrations.stripe.models import InboundEvent
from integrations.waitlist.models import WaitlistSettings
from integrations.webhooks.models import WebhookEndpoint
from mybcat.tenancy import PracticeForeignKey, TenantModel
from patients.models import Patient

__all__ = (
    "Alarm",
    "ApiClient",
    "ApiClientCertificate",
    "ApiClientSecret",
    "BulkMessage",
    "BulkMessageBatch",
    "BulkMessageJob",
    "CalendarFeed",
    "ClientAssertion",
    "CountedEvent",
    "CrmConnection",
    "DailyCount",
    "Import",
    "ImportedRecord",
    "InboundEvent",
    "InboundMessage",
    "Message",
    "MessageTemplate",
    "MessagingConnection",
    "Notice",
    "ReminderSettings",
    "WaitlistSettings",
    "WebhookEndpoint",
)


# What somebody at the practice wrote by hand; it has no template, and nobody declines it but by STOP.
REPLY = "reply"


class Message(TenantModel):
    """One text or e-mail to one patient. `delivery_id` makes a repeated delivery find what it already sent."""

    class Status(models.TextChoices):
        # Written before the provider is called: whoever finds it so must ask the provider, not send again.
        SENDING = "sending"
        # It may have been sent; the provider is to be asked.
        UNKNOWN = "unknown"
        # The provider did not take it; another attempt may.
        PENDING = "pending"
        SENT = "sent"
        # Not to be sent: no consent, no number, or a visit that no longer stands.
        SUPPRESSED = "suppressed"
        # The provider will never take it.
        REFUSED = "refused"

    class Receipt(models.TextChoices):
        """What the carrier said last, in the provider's words."""

        QUEUED = "queued"
        SENDING = "sending"
        SENT = "sent"
        DELIVERED = "delivered"
        UNDELIVERED = "undelivered"
        FAILED = "failed"

    patient = PracticeForeignKey(Patient, models.PROTECT)
    kind = models.CharField(max_length=20, choices=[*Kind.choices, (REPLY, "Reply")], blank=True, db_default="")
    channel = models.CharField(max_length=5, choices=Channel.choices, default=Channel.SMS, db_default=Channel.SMS)
    # Of what was written by hand, which is there before its delivery: its own id.
    delivery_id = models.UUIDField()
    # Who wrote it by hand; null: nobody did.
    written_by = models.UUIDField(null=True)
    to = models.CharField(max_length=254, blank=True)
    # Of an e-mail alone.
    subject = models.CharField(max_length=250, blank=True, db_default="")
    body = models.TextField(blank=True)
    status = models.CharField(max_length=12, choices=Status.choices)
    # Why it was suppressed or refused: our code, or the provider's.
    reason = models.CharField(max_length=100, blank=True)
    provider = models.CharField(max_length=40, blank=True)
    provider_reference = models.CharField(max_length=80, blank=True)
    created_at = models.DateTimeField()
    # When the provider was last called.
    attempted_at = models.DateTimeField(null=True)
    sent_at = models.DateTimeField(null=True)
    receipt = models.CharField(max_length=12, choices=Receipt.choices, blank=True, db_default="")
    receipt_at = models.DateTimeField(null=True)
    # The provider's, of what did not arrive.
    error_code = models.CharField(max_length=20, blank=True, db_default="")

    class Meta(TenantModel.Meta):
        constraints = (
            models.UniqueConstraint(fields=("practice", "id"), name="message_practice_id"),
            models.UniqueConstraint(fields=("practice", "delivery_id"), name="message_once_per_delivery"),
        )
        indexes = (
            models.Index(fields=("practice", "patient"), name="message_patient"),
            models.Index(fields=("practice", "to", "attempted_at"), name="message_to"),
        )

    def __str__(self) -> str:
        return f"{self.status} {self.id}"
