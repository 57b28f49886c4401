"""Text the patient about an appointment.

A text that may have left is asked for again with the same reference only, so that the provider sends
it once: the message's row is committed before the provider is called, and its id is the reference.
"""

from datetime import datetime

from appointments.models import Appointment
from integrations.messaging.provider import MessageProvider, message_provider
from integrations.messaging.texts import text
from integrations.models import Message
from mybcat.events import EventType
from mybcat.ids import public_id
from mybcat.listeners import DeliveryRefused
from mybcat.models import Delivery
from mybcat.tenancy import practice_scope


def text_patient(*, delivery: Delivery, now: datetime) -> None:
    """The handler of `notifications`: done when the text is sent, or rightly suppressed.

    Raises DeliveryFailed or DeliveryRefused as the provider does.
    """
    provider = message_provider(practice_id=delivery.practice_id)
    message = _prepared(delivery, provider=provider, now=now)
    if message.status == Message.Status.SENDING:
        _send(message, provider=provider, now=now)


def _prepared(delivery: Delivery, *, provider: MessageProvider, now: datetime) -> Message:
    """The delivery's one message, committed. Consent and appointment are looked at anew on each attempt."""
    event = delivery.event
    with practice_scope(delivery.practice_id):
        appointment = Appointment.objects.select_related("practice", "patient", "location").get(id=event.subject_id)
        reason = _reason_against(event.type, appointment, now=now)
        message: Message | None = Message.objects.select_for_update().filter(delivery_id=delivery.id).first()
        if message is None:
            message = _new_message(delivery, appointment, reason=reason, provider=provider, now=now)
        elif message.status == Message.Status.SENDING and reason:
            # An earlier attempt may have left, but STOP weighs more than a tidy record.
            message.status, message.reason = Message.Status.SUPPRESSED, reason
        message.save()
    return message


def _reason_against(event_type: str, appointment: Appointment, *, now: datetime) -> str:
    """Why the text must not be sent, as a code; empty when it may."""
    patient = appointment.patient
    if not patient.phone:
        return "no_phone"
    if not patient.sms_consent:
        return "no_consent"
    if event_type == EventType.APPOINTMENT_BOOKED and appointment.status != Appointment.Status.BOOKED:
        return "appointment_not_booked"
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
    message.status, message.provider, message.to = Message.Status.SENDING, provider.name, appointment.patient.phone
    message.body = text(
        event_type=delivery.event.type,
        practice=appointment.practice.name,
        location=appointment.location.name,
        starts_at=appointment.starts_at,
        time_zone=appointment.location.time_zone,
    )
    return message


def _send(message: Message, *, provider: MessageProvider, now: datetime) -> None:
    try:
        reference = provider.send(to=message.to, body=message.body, reference=public_id("msg", message.id))
    except DeliveryRefused as refusal:
        _settle(message, status=Message.Status.REFUSED, reason=refusal.code)
        raise
    _settle(message, status=Message.Status.SENT, provider_reference=reference, sent_at=now)


def _settle(message: Message, **changes: object) -> None:
    with practice_scope(message.practice_id):
        Message.objects.filter(id=message.id, status=Message.Status.SENDING).update(**changes)
