"""Where operators hear of an alarm: by e-mail, and by a signed webhook. Ids and numbers, never a patient's data."""

import hmac
from base64 import b64decode, b64encode
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import orjson
from django.conf import settings
from django.core.mail import EmailMessage

from integrations.alarms.models import Alarm
from integrations.http import vendor_client
from mybcat.ids import public_id


@dataclass(frozen=True, slots=True)
class Channel:
    """`told` is the column that says when; `send` raises whatever its transport raises."""

    name: str
    told: str
    send: Callable[..., None]


def channels() -> list[Channel]:
    """Those that operators have set up."""
    found = []
    if settings.ALARM_RECIPIENTS:
        found.append(Channel("mail", "mailed_at", send_mail))
    if settings.ALARM_WEBHOOK_URL:
        found.append(Channel("webhook", "posted_at", post))
    return found


def send_mail(alarm: Alarm, *, now: datetime) -> None:
    """One message to all recipients; the same Message-ID if it has to be sent again."""
    facts = _facts(alarm)
    body = "\n".join(f"{name}: {value}" for name, value in facts.items())
    message = EmailMessage(
        subject=f"[MyBCAT] {alarm.severity}: {alarm.kind.replace('_', ' ')} ({alarm.events})",
        body=f"{body}\n\nAdmin, Security events, tells who asked for what.\n",
        to=settings.ALARM_RECIPIENTS,
        headers={"Message-ID": f"<{alarm.id}@alarms.mybcat>"},
    )
    message.send()


def post(alarm: Alarm, *, now: datetime) -> None:
    """As Standard Webhooks has it: signed, and with the same `webhook-id` if it has to be sent again."""
    body = orjson.dumps({"type": "security.alarm", "timestamp": alarm.closed_at, "data": _facts(alarm)})
    identifier, timestamp = f"alarm_{alarm.id.hex}", str(int(now.timestamp()))
    headers = {
        "Content-Type": "application/json",
        "webhook-id": identifier,
        "webhook-timestamp": timestamp,
        "webhook-signature": _signature(f"{identifier}.{timestamp}.".encode() + body),
    }
    url = settings.ALARM_WEBHOOK_URL
    with vendor_client(base_url=url) as client:
        client.post(url, content=body, headers=headers, extensions={"repeatable": True}).raise_for_status()


def _signature(signed: bytes) -> str:
    key = b64decode(settings.ALARM_WEBHOOK_SECRET.removeprefix("whsec_"))
    return "v1," + b64encode(hmac.digest(key, signed, "sha256")).decode()


def _facts(alarm: Alarm) -> dict[str, Any]:
    return {
        "id": str(alarm.id),
        "kind": alarm.kind,
        "severity": alarm.severity,
        "practiceId": public_id("prac", alarm.practice_id),
        "events": alarm.events,
        "firstEventId": str(alarm.first_event_id),
        "firstAt": alarm.first_at.astimezone(UTC).isoformat(),
        "lastAt": alarm.last_at.astimezone(UTC).isoformat(),
    }
