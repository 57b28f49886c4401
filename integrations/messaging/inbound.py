"""What patients answer: STOP, START and HELP, from Twilio's signed webhook.

The platform's number is shared. STOP to it is STOP to every practice that sends from it and knows the
number; Twilio itself refuses the others' texts to it, which then become theirs (`NumberOptedOut`).
"""

import base64
import hmac
from collections.abc import Mapping, Sequence
from datetime import datetime
from hashlib import sha1
from uuid import UUID

from django.db import connection

from integrations.bulk.jobs import drop_waiting
from integrations.models import Message
from mybcat.errors import DomainError
from mybcat.tenancy import platform_scope, practice_scope
from patients import consent
from patients.models import Consent

# Twilio's own words, and Spanish ones.
STOP = {"STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT", "REVOKE", "OPTOUT", "ALTO", "PARAR", "BAJA"}
START = {"START", "YES", "UNSTOP", "OPTIN", "INICIAR", "SI", "SÍ"}

_KNOW = """
    SELECT id FROM practices_practice practice
    WHERE EXISTS (
        SELECT FROM patients_patient WHERE practice_id = practice.id AND phone_reversed = reverse(%(phone)s)
    ) OR EXISTS (
        SELECT FROM integrations_bulkmessagejob job
        JOIN integrations_bulkmessage message ON message.practice_id = job.practice_id AND message.job_id = job.id
        WHERE job.practice_id = practice.id AND job.erased_at IS NULL AND message.phone = %(phone)s
    )
    ORDER BY id
"""


class NotSigned(DomainError):
    code = "not_signed"
    status = 403
    sentence = "The signature is missing or wrong"


def verify(*, url: str, form: Mapping[str, Sequence[str]], signature: str, token: str) -> None:
    """Twilio's HMAC over the URL and the form's members in order. Raises NotSigned; without a token, always."""
    signed = url + "".join(name + value for name in sorted(form) for value in sorted(set(form[name])))
    expected = base64.b64encode(hmac.digest(token.encode(), signed.encode(), sha1)).decode()
    if not token or not hmac.compare_digest(expected.encode(), signature.encode()):
        raise NotSigned


def heed(*, phone: str, text: str, now: datetime) -> str:
    """Do what the text says, if it is one of the words; `stop`, `start`, or nothing."""
    word = text.strip().strip(".!").upper()
    if word in STOP:
        for practice_id in _who_knows(phone):
            _stop(practice_id, phone, now=now)
        return "stop"
    if word in START:
        for practice_id in _who_knows(phone):
            with practice_scope(practice_id):
                # A yes to something else is no consent: only who said STOP is asked to say START.
                if consent.refuses(phone):
                    consent.decide_for_number(phone=phone, permit=True, source=Consent.Source.REPLY, now=now)
        return "start"
    return ""


def _who_knows(phone: str) -> list[UUID]:
    with platform_scope(reason="who knows the number"), connection.cursor() as cursor:
        cursor.execute(_KNOW, {"phone": phone})
        return [row[0] for row in cursor.fetchall()]


def _stop(practice_id: UUID, phone: str, *, now: datetime) -> None:
    """The decision, and all that waits for the number, in one transaction."""
    with practice_scope(practice_id):
        consent.decide_for_number(phone=phone, permit=False, source=Consent.Source.REPLY, now=now)
        waiting = Message.objects.filter(to=phone, status__in=("pending", "unknown"))
        waiting.update(status=Message.Status.SUPPRESSED, reason="opted_out")
        drop_waiting(phone=phone)
