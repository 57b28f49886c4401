"""Feeds, made and taken back by managers."""

from datetime import datetime
from uuid import UUID

from integrations.calendar_feeds.models import CalendarFeed
from mybcat import audit
from mybcat.errors import UnknownId
from mybcat.principal import Principal
from practices.models import Practitioner


def create_feed(*, practitioner_id: UUID, shows_patients: bool, by: Principal, now: datetime) -> CalendarFeed:
    """A feed of the practitioner's. Raises UnknownId."""
    if not Practitioner.objects.filter(id=practitioner_id).exists():
        raise UnknownId(prefix="pract", value=practitioner_id)
    feed: CalendarFeed = CalendarFeed.objects.create(
        practitioner_id=practitioner_id, shows_patients=shows_patients, created_at=now, created_by=by.id
    )
    _trace("calendar_feed.created", feed, by=by, now=now)
    return feed


def get_feed(feed_id: UUID, *, lock: bool = False) -> CalendarFeed:
    """A feed that was not taken back. Raises UnknownId."""
    rows = CalendarFeed.objects.select_for_update(no_key=True) if lock else CalendarFeed.objects
    feed: CalendarFeed | None = rows.filter(id=feed_id, revoked_at=None).first()
    if feed is None:
        raise UnknownId(prefix="feed", value=feed_id)
    return feed


def rotate_feed(*, feed: CalendarFeed, by: Principal, now: datetime) -> None:
    """Give a locked feed another address; the earlier ones show nothing any more."""
    feed.number += 1
    feed.save(update_fields=("number",))
    _trace("calendar_feed.rotated", feed, by=by, now=now)


def revoke_feed(*, feed: CalendarFeed, by: Principal, now: datetime) -> None:
    """Take a locked feed back for good."""
    feed.revoked_at = now
    feed.save(update_fields=("revoked_at",))
    _trace("calendar_feed.revoked", feed, by=by, now=now)


def _trace(action: str, feed: CalendarFeed, *, by: Principal, now: datetime) -> None:
    audit.record(principal=by, action=action, object_kind="feed", object_ids=[feed.id], now=now)
