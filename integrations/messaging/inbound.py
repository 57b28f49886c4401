"""What patients answer, from Twilio's signed webhook: consent first, then replies, and the rest for people to read.

A practice's own number is the practice's alone. The platform's is shared: STOP to it is STOP to every practice
that sends from it and knows the number; Twilio itself refuses the others' texts to it, which then become theirs
(`NumberOptedOut`). Whatever else is said there is said to the practice that texted last.
"""

import base64
import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha1
from uuid import UUID

import structlog
from django.db import connection, transaction

from integrations.bulk.jobs import drop_waiting
from integrations.messaging import answers, words
from integrations.messaging.models import InboundMessage
from integrations.messaging.replies import Reply, reply_of
from integrations.models import Message
from mybcat import events
from mybcat.errors import DomainError
from mybcat.events import EventType
from mybcat.ids import public_id
from mybcat.principal import Behalf
from mybcat.tenancy import platform_scope, practice_scope
from patients import consent, reach
from patients.models import Consent, Language, Patient
from practices.models import Practice

logger = structlog.get_logger(__name__)

# Who writes several texts is told once that they will be read.
ACKNOWLEDGED_FOR = timedelta(days=1)

_KNOW = """
    SELECT practice.id, greatest(
        (SELECT max(attempted_at) FROM integrations_message WHERE practice_id = practice.id AND "to" = %(phone)s),
        (SELECT max(job.created_at) FROM integrations_bulkmessagejob job
         JOIN integrations_bulkmessage message ON message.practice_id = job.practice_id AND message.job_id = job.id
         WHERE job.practice_id = practice.id AND job.erased_at IS NULL AND message.phone = %(phone)s)
    )
    FROM practices_practice practice
    WHERE EXISTS (
        SELECT FROM patients_patient WHERE practice_id = practice.id AND phone_reversed = reverse(%(phone)s)
    ) OR EXISTS (
        SELECT FROM integrations_bulkmessagejob job
        JOIN integrations_bulkmessage message ON message.practice_id = job.practice_id AND message.job_id = job.id
        WHERE job.practice_id = practice.id AND job.erased_at IS NULL AND message.phone = %(phone)s
    )
    ORDER BY 2 DESC NULLS LAST, 1
"""
# Two texts of one number at once are taken one after the other, and one that is told twice is taken once.
_IN_TURN = "SELECT pg_advisory_xact_lock(hashtextextended('inbound ' || %s || %s, 0))"


class NotSigned(DomainError):
    code = "not_signed"
    status = 403
    sentence = "The signature is missing or wrong"


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """A text as the provider tells of it."""

    reference: str
    phone: str
    to: str
    body: str
    # Whose number it was sent to; None: the platform's.
    practice_id: UUID | None = None
    media_count: int
    # The provider has answered this word of consent or help by itself.
    answered: bool


def verify(*, url: str, form: Mapping[str, Sequence[str]], signature: str, token: str) -> None:
    """Twilio's HMAC over the URL and the form's members in order. Raises NotSigned; without a token, always."""
    signed = url + "".join(name + value for name in sorted(form) for value in sorted(set(form[name])))
    expected = base64.b64encode(hmac.digest(token.encode(), signed.encode(), sha1)).decode()
    if not token or not hmac.compare_digest(expected.encode(), signature.encode()):
        raise NotSigned


def receive(*, text: Text, now: datetime) -> InboundMessage | None:
    """Keep the text at whom it concerns, and do what it says; once, however often it is told.

    The row that answers the patient, if any does; None where no practice knows the number.
    """
    known = [(text.practice_id, None)] if text.practice_id else _who_knows(text.phone)
    # Where nobody has texted, nobody can tell whom it is for.
    addressed = {known[0][0]} if known and known[0][1] else {practice_id for practice_id, _ in known}
    kept = [_keep(practice_id, text, addressed=practice_id in addressed, now=now) for practice_id, _ in known]
    found = [message for message in kept if message is not None]
    return max(found, key=lambda message: bool(message.answer), default=None)


def _who_knows(phone: str) -> list[tuple[UUID, datetime | None]]:
    """The practices, and when each last texted the number; the latest first."""
    with platform_scope(reason="who knows the number"), connection.cursor() as cursor:
        cursor.execute(_KNOW, {"phone": phone})
        return cursor.fetchall()


def _keep(practice_id: UUID, text: Text, *, addressed: bool, now: datetime) -> InboundMessage | None:
    with practice_scope(practice_id):
        with connection.cursor() as cursor:
            cursor.execute(_IN_TURN, [str(practice_id), text.phone])
        earlier: InboundMessage | None = InboundMessage.objects.filter(provider_reference=text.reference).first()
        if earlier is not None:
            return earlier
        word = words.word_of(text.body)
        meaning = _of_consent(word, text.phone)
        if not (meaning or addressed):
            return None
        message = InboundMessage(
            provider_reference=text.reference, phone=text.phone, to=text.to, body=text.body,
            media_count=text.media_count, received_at=now, meaning=meaning,
        )  # fmt: skip
        message.save(force_insert=True)
        patients = list(Patient.objects.standing().filter(phone_reversed=text.phone[::-1]).order_by("id"))
        reach.reached(phone=text.phone)
        _publish(message, patients)
        if meaning:
            _decide(message, now=now)
        else:
            _act(message, text, patients, word=word, now=now)
        message.save()
        return message


def _of_consent(word: str, phone: str) -> str:
    """`stop`, `start`, or nothing. Only who said STOP is asked to say START."""
    if word in words.STOP:
        return "stop"
    return "start" if word in words.START | words.YES and consent.refuses(phone) else ""


def _decide(message: InboundMessage, *, now: datetime) -> None:
    """The decision, and all that waits for the number, in one transaction."""
    permit = message.meaning == "start"
    consent.decide_for_number(phone=message.phone, permit=permit, source=Consent.Source.REPLY, now=now)
    if not permit:
        waiting = Message.objects.filter(to=message.phone, status__in=("pending", "unknown"))
        waiting.update(status=Message.Status.SUPPRESSED, reason="opted_out")
        drop_waiting(phone=message.phone)
    _handled(message, now=now)


def _act(message: InboundMessage, text: Text, patients: Sequence[Patient], *, word: str, now: datetime) -> None:
    language = patients[0].language if patients else Language.ENGLISH
    practice = Practice.objects.get(id=message.practice_id)
    if word in words.HELP | words.HELP_IN_SPANISH | words.START:
        message.meaning = "start" if word in words.START else "help"
        if message.meaning == "help" and not text.answered:
            spanish = word in words.HELP_IN_SPANISH
            message.answer = answers.help_answer(practice, language=Language.SPANISH if spanish else language)
        _handled(message, now=now)
        return
    reply = reply_of(word)
    answer = _answered(reply, message, patients, now=now) if reply else None
    if reply and answer is not None:
        message.meaning, message.answer = reply.code, answer
        _handled(message, now=now)
    elif not consent.refuses(message.phone) and not _acknowledged_lately(message, now=now):
        message.acknowledged = True
        message.answer = answers.received_answer(practice, language=language)


def _answered(reply: Reply, message: InboundMessage, patients: Sequence[Patient], *, now: datetime) -> str | None:
    try:
        with transaction.atomic():
            return reply.handler(message.practice_id, [patient.id for patient in patients], message, now)
    except Exception as error:
        logger.error("A reply could not be acted on", reply=reply.code, messageId=str(message.id), exc_info=error)
        return None


def _acknowledged_lately(message: InboundMessage, *, now: datetime) -> bool:
    earlier = InboundMessage.objects.filter(phone=message.phone, received_at__gt=now - ACKNOWLEDGED_FOR)
    return earlier.filter(acknowledged=True).exists()


def _handled(message: InboundMessage, *, now: datetime) -> None:
    message.status, message.handled_at = InboundMessage.Status.HANDLED, now


def _publish(message: InboundMessage, patients: Sequence[Patient]) -> None:
    by = Behalf("patient", patients[0].id if patients else message.id, message.practice_id)
    data = {"inboundMessageId": public_id("imsg", message.id)}
    events.publish(type=EventType.MESSAGE_RECEIVED, subject_id=message.id, data=data, by=by, now=message.received_at)
