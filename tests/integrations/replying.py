"""Texts from patients as Twilio tells of them, signed by its own SDK."""

import itertools
import re
from html import unescape
from typing import Any

from django.test import Client
from twilio.request_validator import RequestValidator

from integrations.models import InboundMessage
from mybcat.tenancy import platform_scope
from tests.standins.twilio import SENDER, TOKEN

URL = "https://clinic.example/webhooks/twilio/messages"
# Of another area than the numbers of tests.factories.
PHONE = "+16465550177"
_numbers = itertools.count(1)


def say(
    client: Client,
    text: str,
    *,
    phone: str = PHONE,
    to: str = SENDER,
    url: str = URL,
    token: str = TOKEN,
    sid: str = "",
    besides: dict[str, str] | None = None,
    **changed: str,
) -> Any:
    """One text, and what Twilio says `besides`; `changed` after the signature."""
    form = {
        "MessageSid": sid or f"SM{next(_numbers):032x}", "AccountSid": "AC" + "0" * 32, "From": phone, "To": to,
        "Body": text, "NumMedia": "0", **(besides or {}),
    }  # fmt: skip
    signature = RequestValidator(token).compute_signature(url, form)
    return client.post("/webhooks/twilio/messages", {**form, **changed}, headers={"X-Twilio-Signature": signature})


def told(answer: Any) -> str | None:
    """What the TwiML has the patient told."""
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "text/xml")
    found = re.search("<Message>(.*)</Message>", answer.content.decode())
    return unescape(found[1]) if found else None


def received() -> list[InboundMessage]:
    """All practices' messages, the first first."""
    with platform_scope(reason="test"):
        return list(InboundMessage.objects.order_by("received_at", "id"))
