"""A feed as whoever has its address may see it."""

from datetime import datetime

from integrations.calendar_feeds.links import BadLink, Link
from integrations.calendar_feeds.rendering import appointments_of, render
from integrations.calendar_feeds.services import get_feed
from mybcat import audit
from mybcat.tenancy import practice_scope

# Patients whom one audit row names: 80 kB of ids.
AUDITED_TOGETHER = 2000


def read_feed(link: Link, *, now: datetime) -> bytes:
    """The calendar. In a transaction of its own; whose names were shown, is on record. Raises BadLink, UnknownId."""
    with practice_scope(link.practice_id):
        feed = get_feed(link.feed_id)
        if feed.number != link.number:
            raise BadLink
        found = appointments_of(feed, now=now)
        patients = list(dict.fromkeys(row.patient_id for row in found)) if feed.shows_patients else []
        for first in range(0, len(patients), AUDITED_TOGETHER):
            audit.record(
                principal=None,
                action="calendar_feed.read",
                object_kind="pat",
                object_ids=patients[first : first + AUDITED_TOGETHER],
                now=now,
            )
        return render(feed, found)
