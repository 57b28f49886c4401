"""The patient's link to an appointment: whoever has it sees, confirms, moves and cancels it, until it is over."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from uuid import UUID

from django.conf import settings
from django.core.signing import BadSignature, Signer


@dataclass(frozen=True, slots=True)
class Link:
    """What a link that was checked says. When it is over, the appointment says: it may be moved."""

    practice_id: UUID
    appointment_id: UUID


class BadLink(Exception):
    """Made up, changed, or over."""


def link_to(*, practice_id: UUID, appointment_id: UUID) -> str:
    """The address of the patient's page."""
    return f"{settings.PUBLIC_URL}/a/{token_of(practice_id=practice_id, appointment_id=appointment_id)}"


def token_of(*, practice_id: UUID, appointment_id: UUID) -> str:
    """The link's last part: as short as may be, for it is paid by the text message."""
    named = urlsafe_b64encode(practice_id.bytes + appointment_id.bytes).decode().rstrip("=")
    return _signer().sign(named)


def read_link(token: str) -> Link:
    """Raises BadLink."""
    try:
        named = urlsafe_b64decode(_signer().unsign(token) + "=")
    except BadSignature as error:
        raise BadLink from error
    return Link(UUID(bytes=named[:16]), UUID(bytes=named[16:]))


def _signer() -> Signer:
    # Neither of base 64 nor written otherwise in a text message.
    return Signer(salt="appointment", sep=".")
