"""The patient's link to a visit: whoever has it sees where the clinician is, until the visit's day is over."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.core.signing import BadSignature, Signer

from realtime.models import Visit

# Beyond the appointment's end: clinicians are late.
LATE = timedelta(hours=6)


@dataclass(frozen=True, slots=True)
class Link:
    """What a link that was checked says."""

    practice_id: UUID
    visit_id: UUID
    expires_at: datetime


class BadLink(Exception):
    """Made up, changed, or over."""


def make_link(visit: Visit) -> tuple[str, datetime]:
    """The address of the patient's page, and until when it is good."""
    expires_at = visit.appointment.ends_at + LATE
    return f"{settings.PUBLIC_URL}/visit/{token_of(visit, expires_at=expires_at)}", expires_at


def token_of(visit: Visit, *, expires_at: datetime) -> str:
    """The link's last part, which also opens a socket."""
    stated = [visit.practice_id.hex, visit.id.hex, int(expires_at.timestamp())]
    return _signer().sign_object(stated)


def read_link(token: str, *, now: datetime) -> Link:
    """Raises BadLink."""
    try:
        practice, visit, expires = _signer().unsign_object(token)
    except BadSignature as error:
        raise BadLink from error
    link = Link(UUID(practice), UUID(visit), datetime.fromtimestamp(expires, UTC))
    if link.expires_at <= now:
        raise BadLink
    return link


def _signer() -> Signer:
    # A subprotocol's name may hold a dot, and not Django's colon.
    return Signer(salt="visit", sep=".")
