"""Write to the patient about an appointment or an offer, by text or e-mail.

The message's row is committed before the provider is called, and its id is the reference. A text that
may have left is sent again only by a provider that knows the reference; any other is asked what it took.
"""

from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Any

from django.db import connection

from integrations.messaging.about import About, about
from integrations.messaging.answering import prepared_reply
from integrations.messaging.channels import way_to
from integrations.messaging.defaults import Channel, Kind
from integrations.messaging.mailing import send_mail
from integrations.messaging.provider import SETTLING, MessageProvider, NumberOptedOut, SendUnclear, message_provider
from integrations.messaging.quiet_hours import quiet_until
from integrations.messaging.templates import Name, compose, values_of
from integrations.models import Message
from mybcat.events import EventType
from mybcat.ids import public_id
from mybcat.listeners import DeliveryFailed, DeliveryPostponed, DeliveryRefused
from mybcat.models import Delivery
from mybcat.tenancy import practice_scope
from patients import consent
from patients.models import Consent, Language

UNCLEAR = (Message.Status.SENDING, Message.Status.UNKNOWN)
WAITING = (Message.Status.PENDING, *UNCLEAR)
KINDS: dict[str, Kind] = {
    EventType.APPOINTMENT_BOOKED: Kind.BOOKED,
    EventType.APPOINTMENT_MOVED: Kind.MOVED,
    EventType.APPOINTMENT_REINSTATED: Kind.REINSTATED,
    EventType.APPOINTMENT_CANCELLED: Kind.CANCELLED,
    EventType.APPOINTMENT_REMINDER_DUE: Kind.REMINDER,
    EventType.WAITLIST_OFFERED: Kind.WAITLIST_OFFER,
    EventType.WAITLIST_TAKEN: Kind.WAITLIST_TAKEN,
}


def text_patient(*, delivery: Delivery, now: datetime) -> None:
    """The handler of `notifications`: done when the text is sent, or rightly suppressed.

    Raises DeliveryFailed or DeliveryRefused as the provider does, DeliveryPostponed at the practice's night.
    """
    provider = message_provider(practice_id=delivery.practice_id)
    if delivery.event.type == EventType.MESSAGE_REPLIED:
        message: Message | None = _prepared_reply(delivery, provider=provider.name, now=now)
    else:
        message = _prepared(delivery, channel=Channel.SMS, provider=provider.name, now=now)
    if message is None:
        return
    if message.status in UNCLEAR and not provider.repeatable and _was_taken(message, provider=provider, now=now):
        return
    if message.status in WAITING:
        reference = public_id("msg", message.id)
        send = partial(provider.send, to=message.to, body=message.body, reference=reference)
        _send(message, send=send, now=now)


def mail_patient(*, delivery: Delivery, now: datetime) -> None:
    """The handler of `emails`: done when the mail is handed over, or it is not this way that the patient is reached.

    Raises DeliveryFailed or DeliveryRefused as the mail server does. Mail wakes nobody: it knows no night.
    """
    message = _prepared(delivery, channel=Channel.EMAIL, provider="smtp", now=now)
    if message is not None and message.status in WAITING:
        _send(message, send=partial(send_mail, message, sender=message.practice.name), now=now)


def _prepared(delivery: Delivery, *, channel: Channel, provider: str, now: datetime) -> Message | None:
    """The delivery's one message, committed; None where it is another channel's to send.

    Consent, what it is about, and hour are looked at anew on each attempt.
    """
    event = delivery.event
    with practice_scope(delivery.practice_id):
        subject = about(event, now=now)
        way = way_to(subject.patient, kind=KINDS[event.type])
        reason = way.reason or subject.against
        message: Message | None = Message.objects.select_for_update().filter(delivery_id=delivery.id).first()
        # Who is reached by no channel is on record with texts.
        if (way.channel or Channel.SMS) != channel:
            if message is None:
                return None
            reason = reason or f"by_{way.channel}"
        if message is None:
            message = _new_message(delivery, subject, reason=reason, channel=channel, now=now)
            message.provider = "" if reason else provider
        elif message.status in WAITING and reason:
            # An earlier attempt may have left, but STOP weighs more than a tidy record.
            message.status, message.reason = Message.Status.SUPPRESSED, reason
        if message.status in WAITING and channel == Channel.SMS:
            # Before the row is written: a message that was never tried needs none.
            _wait_for_morning(subject.practice.time_zone, now=now)
        message.save()
    # Whoever sends it stands outside any scope.
    message.practice = subject.practice
    return message


def _prepared_reply(delivery: Delivery, *, provider: str, now: datetime) -> Message:
    """Likewise of what somebody wrote by hand, whose row is there already."""
    with practice_scope(delivery.practice_id):
        message, at_any_hour = prepared_reply(delivery, provider=provider, now=now)
        if message.status in WAITING and not at_any_hour:
            _wait_for_morning(message.practice.time_zone, now=now)
        message.save(update_fields=("status", "reason", "provider"))
    return message


def _wait_for_morning(time_zone: str, *, now: datetime) -> None:
    morning = quiet_until(now=now, time_zone=time_zone)
    if morning is not None:
        raise DeliveryPostponed("quiet_hours", wait=morning - now)


def _was_taken(message: Message, *, provider: MessageProvider, now: datetime) -> bool:
    """Whether an earlier attempt reached the provider.

    Raises DeliveryPostponed while the provider cannot know, DeliveryFailed while it cannot be asked.
    """
    since = message.attempted_at or message.created_at
    if now - since < SETTLING:
        raise DeliveryPostponed("unclear", wait=SETTLING - (now - since))
    reference = provider.find(to=message.to, body=message.body, reference=public_id("msg", message.id), since=since)
    if reference:
        _settle(message, status=Message.Status.SENT, provider_reference=reference, sent_at=since)
    return bool(reference)


def _new_message(delivery: Delivery, subject: About, *, reason: str, channel: Channel, now: datetime) -> Message:
    patient, kind = subject.patient, KINDS[delivery.event.type]
    message = Message(
        patient=patient,
        channel=channel,
        kind=kind,
        delivery_id=delivery.id,
        created_at=now,
    )
    if reason:
        message.status, message.reason = Message.Status.SUPPRESSED, reason
        return message
    message.status, message.to = Message.Status.PENDING, patient.phone if channel == Channel.SMS else patient.email
    values = values_of(
        practice=subject.practice,
        location=subject.location,
        practitioner=subject.practitioner,
        starts_at=subject.starts_at,
        language=patient.language,
        link=subject.link,
    )
    said = compose(Name(kind=kind, channel=channel, language=Language(patient.language)), values)
    message.subject, message.body = said.subject, said.body
    return message


def _send(message: Message, *, send: Callable[[], str], now: datetime) -> None:
    _settle(message, status=Message.Status.SENDING, attempted_at=now)
    try:
        reference = send()
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


def _settle(message: Message, *, status: Message.Status, **changes: str | datetime) -> None:
    """By a statement of our own: twice for each text, which a caller may be waiting for."""
    changes = {"status": status.value, **changes}
    named = ", ".join(f"{name} = %({name})s" for name in changes)
    where: dict[str, Any] = {"practice": message.practice_id, "message": message.id}
    where["waiting"] = [each.value for each in WAITING]
    with practice_scope(message.practice_id), connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE integrations_message SET {named}"  # noqa: S608 - our own names
            " WHERE practice_id = %(practice)s AND id = %(message)s AND status = ANY(%(waiting)s)",
            {**changes, **where},
        )
