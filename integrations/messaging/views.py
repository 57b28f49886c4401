"""Where Twilio tells what patients answered."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST
from prometheus_client import Counter

from integrations.messaging import inbound
from mybcat.errors import DomainError
from mybcat.gateway.problems import problem_response

messages_received = Counter("mybcat_inbound_messages", "Texts to our number, by what they asked for", ["outcome"])

# Twilio sends the usual answers to STOP, START and HELP itself.
_NOTHING = '<?xml version="1.0" encoding="UTF-8"?><Response></Response>'


@csrf_exempt
@require_POST
def received(request: HttpRequest) -> HttpResponse:
    """TwiML that answers nothing, once the text has been heeded; a text heeded twice changes nothing more."""
    try:
        inbound.verify(
            url=settings.PUBLIC_URL + request.get_full_path(),
            form=dict(request.POST.lists()),
            signature=request.headers.get("X-Twilio-Signature", ""),
            token=settings.TWILIO_AUTH_TOKEN,
        )
    except DomainError as refusal:
        messages_received.labels(refusal.code).inc()
        return problem_response(refusal, request=request)
    heeded = inbound.heed(phone=request.POST.get("From", ""), text=request.POST.get("Body", ""), now=timezone.now())
    messages_received.labels(heeded or "other").inc()
    return HttpResponse(_NOTHING, content_type="text/xml", headers={"Cache-Control": "no-store"})
