"""Where Twilio tells what patients answered, and what became of our texts."""

import re
from uuid import UUID
from xml.sax.saxutils import escape

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST
from prometheus_client import Counter

from integrations.messaging import inbound, receipts
from integrations.messaging.connections import account_with
from mybcat.errors import DomainError
from mybcat.gateway.problems import problem_response
from mybcat.ids import internal_id

messages_received = Counter("mybcat_inbound_messages", "Texts to our number, by what they asked for", ["outcome"])
receipts_received = Counter("mybcat_message_receipts", "What carriers said of our texts", ["receipt"])

_E164 = re.compile(r"\+[1-9][0-9]{6,14}", re.ASCII)


class NotAText(DomainError):
    code = "not_a_text"
    status = 400
    sentence = "MessageSid is missing"


@csrf_exempt
@require_POST
def received(request: HttpRequest) -> HttpResponse:
    """TwiML with what the patient is told, once the text is kept; told again, it is answered as at first."""
    try:
        practice_id = _verify(request, number=request.POST.get("To", ""))
        text = _text(request, practice_id)
    except DomainError as refusal:
        messages_received.labels(refusal.code).inc()
        return problem_response(refusal, request=request)
    # Short codes and other channels' addresses are nobody's number.
    message = inbound.receive(text=text, now=timezone.now()) if _E164.fullmatch(text.phone) else None
    messages_received.labels((message.meaning or "other") if message else "unknown_number").inc()
    said = f"<Message>{escape(message.answer)}</Message>" if message and message.answer else ""
    twiml = f'<?xml version="1.0" encoding="UTF-8"?><Response>{said}</Response>'
    return HttpResponse(twiml, content_type="text/xml", headers={"Cache-Control": "no-store"})


@csrf_exempt
@require_POST
def reported(request: HttpRequest) -> HttpResponse:
    """204, whether the text is known or not: what Twilio tells of a text that is gone, it need not tell again."""
    try:
        signer = _verify(request, number=request.POST.get("From", ""))
        message_id = internal_id("msg", request.GET.get("message"))
    except DomainError as refusal:
        receipts_received.labels(refusal.code).inc()
        return problem_response(refusal, request=request)
    practice_id = receipts.practice_of(message_id)
    # A practice's own token vouches for its own texts alone.
    noted = (
        practice_id
        and signer in (None, practice_id)
        and receipts.note(
            practice_id=practice_id,
            message_id=message_id,
            reference=request.POST.get("MessageSid", "")[:80],
            said=request.POST.get("MessageStatus", ""),
            error_code=_code(request.POST.get("ErrorCode", "")),
            now=timezone.now(),
        )
    )
    receipts_received.labels(noted or "unchanged").inc()
    return HttpResponse(status=204)


def _verify(request: HttpRequest, *, number: str) -> UUID | None:
    """The practice whose number it is, None for the platform's; by its account's token. Raises NotSigned."""
    account = account_with(number)
    inbound.verify(
        url=settings.PUBLIC_URL + request.get_full_path(),
        form=dict(request.POST.lists()),
        signature=request.headers.get("X-Twilio-Signature", ""),
        token=account.token,
    )
    return account.practice_id


def _code(text: str) -> str:
    return text if re.fullmatch("[1-9][0-9]{3,9}", text, re.ASCII) else ""


def _text(request: HttpRequest, practice_id: UUID | None) -> inbound.Text:
    form = request.POST
    reference, media, to = form.get("MessageSid", ""), form.get("NumMedia", ""), form.get("To", "")
    if not 0 < len(reference) <= 80:
        raise NotAText
    return inbound.Text(
        reference=reference,
        phone=form.get("From", ""),
        to=to if _E164.fullmatch(to) else "",
        body=form.get("Body", ""),
        practice_id=practice_id,
        media_count=int(media) if re.fullmatch("[0-9]{1,3}", media, re.ASCII) else 0,
        answered=bool(form.get("OptOutType")),
    )
