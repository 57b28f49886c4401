"""One message and one question to the provider, with what comes of it."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import structlog

from integrations.messaging.provider import AccountRefused, MessageProvider, NumberOptedOut, SendUnclear
from mybcat.ids import public_id
from mybcat.listeners import DeliveryError, DeliveryFailed

logger = structlog.get_logger(__name__)

# As for the texts of single patients: at first quickly, then patiently, for some six hours.
WAITS = tuple(timedelta(seconds=seconds) for seconds in (5, 30, 120, 600, 3600, 18_000))
# A provider that cannot be asked for so long will not tell any more; nobody sends again without asking.
PATIENCE = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Text:
    """A message in the hands of a worker."""

    id: UUID
    to: str
    body: str
    attempts: int

    @property
    def reference(self) -> str:
        return public_id("bmsg", self.id)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a message became: a status of BulkMessage with the code and the provider's reference."""

    id: UUID
    status: str
    code: str = ""
    reference: str = ""
    # The number, where the provider knows of a STOP that we do not.
    opted_out: str = ""
    # Nothing more can be sent for this practice.
    account_refused: bool = False


def sent(provider: MessageProvider, text: Text) -> Outcome:
    """Send it. Never raises."""
    try:
        return Outcome(text.id, "sent", reference=provider.send(to=text.to, body=text.body, reference=text.reference))
    except SendUnclear as unclear:
        return _unclear(provider, text, unclear.code)
    except DeliveryFailed as failure:
        return _again_or_failed(text, failure.code)
    except DeliveryError as refusal:
        return _refused(text, refusal)
    except Exception as unknown:
        logger.error("A provider raised", messageId=text.reference, exc_info=unknown)
        return _unclear(provider, text, type(unknown).__name__)


def found(provider: MessageProvider, text: Text, since: datetime, *, now: datetime) -> Outcome:
    """What the provider knows of a text that may have left. Raises nothing that the provider may raise."""
    try:
        reference = provider.find(to=text.to, body=text.body, reference=text.reference, since=since)
    except DeliveryError as failure:
        return Outcome(text.id, "unknown" if now - since < PATIENCE else "failed", failure.code)
    return Outcome(text.id, "sent", reference=reference) if reference else _again_or_failed(text, "unclear")


def _refused(text: Text, refusal: DeliveryError) -> Outcome:
    if isinstance(refusal, AccountRefused):
        return Outcome(text.id, "pending", refusal.code, account_refused=True)
    opted_out = text.to if isinstance(refusal, NumberOptedOut) else ""
    return Outcome(text.id, "failed", refusal.code, opted_out=opted_out)


def _unclear(provider: MessageProvider, text: Text, code: str) -> Outcome:
    return _again_or_failed(text, code) if provider.repeatable else Outcome(text.id, "unknown", code)


def _again_or_failed(text: Text, code: str) -> Outcome:
    return Outcome(text.id, "pending" if text.attempts <= len(WAITS) else "failed", code)
