"""Text the patient about an appointment.

The message's row is committed before the provider is called, and its id is the reference. A text that
may have left is sent again only by a provider that knows the reference; any other is asked what it took.
"""

from datetime import datetime

from appointments.models import Appointment
from integrations.messaging.provider import SETTLING, MessageProvider, NumberOptedOut, SendUnclear, message_provider
from integrations.messaging.quiet_hours import quiet_until
from integrations.messaging.texts import text
from integrations.models import Message
from mybcat.events import EventType
from mybcat.ids import public_id
from mybcat.listeners import DeliveryFailed, DeliveryPostponed, DeliveryRefused
from mybcat.models import Delivery
from mybcat.tenancy import practice_scope
from patients import consent
from patients.models import Consent

UNCLEAR = (Message.Status.SENDING, Message.Status.UNKNOWN)
WAITING = (Message.Status.PENDING, *UNCLEAR)


def text_patient(*, delivery: Delivery, now: datetime) -> None:
    """The handler of `notifications`: done when the text is sent, or rightly suppressed.

    Raises DeliveryFailed or DeliveryRefused as the provider does, DeliveryPostponed at the practice's night.
    """
    provider = message_provider(practice_id=delivery.practice_id)
    message = _prepared(delivery, provider=provider, now=now)
    if message.status in UNCLEAR and not provider.repeatable and _was_taken(message, provider=provider, now=now):
        return
    if message.status in WAITING:
        _send(message, provider=provider, now=now)


def _prepared(delivery: Delivery, *, provider: MessageProvider, now: datetime) -> Message:
    """The delivery's one message, committed. Consent, appointment and hour are looked at anew on each attempt."""
    event = delivery.event
    with practice_scope(delivery.practice_id):
        appointment = Appointment.objects.select_related("practice", "patient", "location").get(id=event.subject_id)
        reason = _reason_against(event.type, appointment, now=now)
        message: Message | None = Message.objects.select_for_update().filter(delivery_id=delivery.id).first()
        if message is None:
            message = _new_message(delivery, appointment, reason=reason, provider=provider, now=now)
        elif message.status in WAITING and reason:
            # An earlier attempt may have left, but STOP weighs more than a tidy record.
            message.status, message.reason = Message.Status.SUPPRESSED, reason
        if message.status in WAITING:
            # Before the row is written: a message that was never tried needs none.
            _wait_for_morning(appointment.practice.time_zone, now=now)
        message.save()
    return message


def _wait_for_morning(time_zone: str, *, now: datetime) -> None:
    morning = quiet_until(now=now, time_zone=time_zone)
    if morning is not None:
        raise DeliveryPostponed("quiet_hours", wait=morning - now)


def _was_taken(message: Message, *, provider: MessageProvider, now: datetime) -> bool:
    """Whether an earlier attempt reached the provider. Raises DeliveryFailed while that cannot be known."""
    since = message.attempted_at or message.created_at
    if now - since < SETTLING:
        raise DeliveryFailed("unclear", retry_after=SETTLING - (now - since))
    reference = provider.find(to=message.to, body=message.body, reference=public_id("msg", message.id), since=since)
    if reference:
        _settle(message, status=Message.Status.SENT, provider_reference=reference, sent_at=since)
    return bool(reference)


def _reason_against(event_type: str, appointment: Appointment, *, now: datetime) -> str:
    """Why the text must not be sent, as a code; empty when it may."""
    patient = appointment.patient
    if not patient.phone:
        return "no_phone"
    if not patient.sms_consent:
        return "no_consent"
    if consent.refuses(patient.phone):
        return "opted_out"
    booked = appointment.status == Appointment.Status.BOOKED
    # By the time it is sent, the one may have been cancelled, and the cancellation of the other be undone.
    if booked == (event_type == EventType.APPOINTMENT_CANCELLED):
        return "appointment_booked" if booked else "appointment_not_booked"
    if appointment.starts_at <= now:
        return "appointment_past"
    return ""


def _new_message(
    delivery: Delivery, appointment: Appointment, *, reason: str, provider: MessageProvider, now: datetime
) -> Message:
    message = Message(patient=appointment.patient, delivery_id=delivery.id, created_at=now)
    if reason:
        message.status, message.reason = Message.Status.SUPPRESSED, reason
        return message
    message.status, message.provider, message.to = Message.Status.PENDING, provider.name, appointment.patient.phone
    message.body = text(
        event_type=delivery.event.type,
        practice=appointment.practice.name,
        location=appointment.location.name,
        starts_at=appointment.starts_at,
        time_zone=appointment.location.time_zone,
    )
    return message


def _send(message: Message, *, provider: MessageProvider, now: datetime) -> None:
    _settle(message, status=Message.Status.SENDING, attempted_at=now)
    try:
        reference = provider.send(to=message.to, body=message.body, reference=public_id("msg", message.id))
    except SendUnclear:
        _settle(message, status=Message.Status.UNKNOWN)
        raise
    except DeliveryFailed:
        _settle(message, status=Message.Status.PENDING)
        raise
    except DeliveryRefused as refusal:
        _settle(message, status=Message.Status.REFUSED, reason=refusal.code)
        if isinstance(refusal, NumberOptedOut):
            _opt_out(message, now=now)
        raise
    _settle(message, status=Message.Status.SENT, provider_reference=reference, sent_at=now)


def _opt_out(message: Message, *, now: datetime) -> None:
    with practice_scope(message.practice_id):
        consent.decide_for_number(phone=message.to, permit=False, source=Consent.Source.PROVIDER, now=now)


def _settle(message: Message, **changes: object) -> None:
    with practice_scope(message.practice_id):
        Message.objects.filter(id=message.id, status__in=WAITING).update(**changes)
