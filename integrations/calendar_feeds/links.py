"""The address of a feed: signed, so that nobody makes one up, and numbered, so that it can be taken back."""

from dataclasses import dataclass
from uuid import UUID

from django.conf import settings
from django.core.signing import BadSignature, Signer

from integrations.calendar_feeds.models import CalendarFeed


class BadLink(Exception):
    """Made up, changed, or taken back."""


@dataclass(frozen=True, slots=True)
class Link:
    """What an address says, whether or not it is still good."""

    practice_id: UUID
    feed_id: UUID
    number: int


def address_of(feed: CalendarFeed) -> str:
    """What a calendar program subscribes to."""
    stated = [feed.practice_id.hex, feed.id.hex, feed.number]
    return f"{settings.PUBLIC_URL}/calendar/{_signer().sign_object(stated)}.ics"


def read_link(token: str) -> Link:
    """Raises BadLink."""
    try:
        practice, feed, number = _signer().unsign_object(token)
    except BadSignature as error:
        raise BadLink from error
    return Link(UUID(practice), UUID(feed), int(number))


def _signer() -> Signer:
    # Django's colon is none of the characters that every calendar program leaves alone.
    return Signer(salt="calendar-feed", sep=".")
