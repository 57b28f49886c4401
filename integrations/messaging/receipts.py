"""What carriers say of texts after they were taken: in any order, and more than once."""

from datetime import datetime
from uuid import UUID

from django.db.models import Q

from integrations.models import Message
from mybcat.tenancy import platform_scope, practice_scope
from patients import consent, reach
from patients.models import Consent

# A later word replaces an earlier one and no other: `sent` may come behind `delivered`, and each twice.
_RANKS = {
    Message.Receipt.QUEUED: 1,
    Message.Receipt.SENDING: 2,
    Message.Receipt.SENT: 3,
    Message.Receipt.DELIVERED: 4,
    Message.Receipt.UNDELIVERED: 4,
    Message.Receipt.FAILED: 4,
}
# Twilio's other words for the same.
_SAME = {"accepted": Message.Receipt.QUEUED, "scheduled": Message.Receipt.QUEUED, "read": Message.Receipt.DELIVERED}
# https://www.twilio.com/docs/api/errors: the holder said STOP to Twilio; nobody has the number, or it is a landline's.
UNSUBSCRIBED = "21610"
UNREACHABLE = {"30005", "30006", "21614"}


def practice_of(message_id: UUID) -> UUID | None:
    """Whose message it is; None for nobody's."""
    with platform_scope(reason="whose message a receipt is for"):
        found: UUID | None = Message.objects.filter(id=message_id).values_list("practice_id", flat=True).first()
        return found


def note(*, practice_id: UUID, message_id: UUID, reference: str, said: str, error_code: str, now: datetime) -> str:
    """Keep what the carrier said; the receipt that is now kept, or nothing where it changes none.

    What we did not know to have left has left: nobody will ask the provider, or send it again.
    """
    receipt = _SAME.get(said, said)
    if receipt not in _RANKS:
        return ""
    earlier = [known for known, rank in _RANKS.items() if rank < _RANKS[Message.Receipt(receipt)]]
    with practice_scope(practice_id):
        # Another reference is of another attempt's text.
        rows = Message.objects.filter(
            Q(provider_reference="") | Q(provider_reference=reference), id=message_id, receipt__in=["", *earlier]
        )
        message: Message | None = rows.select_for_update(no_key=True).first()
        if message is None:
            return ""
        message.receipt, message.receipt_at, message.error_code = receipt, now, error_code
        message.provider_reference = reference
        if message.status in (Message.Status.SENDING, Message.Status.UNKNOWN):
            message.status, message.sent_at = Message.Status.SENT, message.attempted_at
        message.save(update_fields=("receipt", "receipt_at", "error_code", "provider_reference", "status", "sent_at"))
        _learn(message, now=now)
    return receipt


def _learn(message: Message, *, now: datetime) -> None:
    """What the end of one text says about the next."""
    if message.receipt == Message.Receipt.DELIVERED:
        reach.reached(phone=message.to)
    elif message.error_code == UNSUBSCRIBED and not consent.refuses(message.to):
        consent.decide_for_number(phone=message.to, permit=False, source=Consent.Source.PROVIDER, now=now)
    elif message.error_code in UNREACHABLE:
        reach.unreachable(phone=message.to, now=now)
